// SPDX-License-Identifier: Apache-2.0

// Verifies a receipt offline: no server, no network, no secret.
//
//     verify-receipt receipt.json "$VKEY"

import Glibc
import LogClient

/// A whole file; examples keep their input small.
func contents(of path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = getc(file), byte != EOF { bytes.append(UInt8(byte)) }
    return bytes
}

guard CommandLine.arguments.count == 3, let file = contents(of: CommandLine.arguments[1]) else {
    print("usage: verify-receipt RECEIPT VKEY")
    exit(3)
}
do {
    // The key comes from you: a contract, a package, a note from the auditor; never from the log.
    let pinned = try PinnedLog(vkey: CommandLine.arguments[2])
    let proven = try Receipt(parsing: file).verify(by: pinned).proven
    print("verified: index \(proven.index) of \(pinned.origin.text)")
    print("under a tree of \(proven.checkpoint.checkpoint.head.size) entries")
    print("witnesses: \(proven.witnesses.isEmpty ? "none asked for" : "\(proven.witnesses)")")
} catch {
    print("NOT VERIFIED: \(error)")
    exit(1)
}
