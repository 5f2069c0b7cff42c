// SPDX-License-Identifier: Apache-2.0

// Verifies a whole log from a folder of static files, such as `evident mirror` writes: every entry,
// every tile, the root and the signatures.
//
//     verify-log FOLDER "$VKEY"

import Glibc
import LogClient
import Merkle

/// Where a log is read from is yours to say: two functions. Nothing that they give is trusted.
struct Folder: LogSource {
    let path: String

    func checkpoint() async throws -> [UInt8]? { contents(of: "checkpoint") }
    func tile(_ tile: Tile) async throws -> [UInt8]? { contents(of: tile.path) }

    private func contents(of name: String) -> [UInt8]? {
        guard let file = fopen("\(path)/\(name)", "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
        return bytes
    }
}

guard CommandLine.arguments.count == 3 else {
    print("usage: verify-log FOLDER VKEY")
    exit(3)
}
do {
    let pinned = try PinnedLog(vkey: CommandLine.arguments[2])
    let verifier = LogVerifier(pinned, source: Folder(path: CommandLine.arguments[1]))
    let verified = try await verifier.verify { done, total in
        print("\(done) of \(total) entries")
    }
    let head = verified.checkpoint.checkpoint.head
    print("verified: \(head.size) entries of \(pinned.origin.text), root \(head.root.base64)")
} catch {
    print("NOT VERIFIED: \(error)")
    exit(1)
}
