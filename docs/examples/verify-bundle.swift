// SPDX-License-Identifier: Apache-2.0

// Verifies an evidence bundle offline, and says what it shows and what it hides.
//
//     verify-bundle bundle.json "$VKEY"

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
    print("usage: verify-bundle BUNDLE VKEY")
    exit(3)
}
do {
    let pinned = try PinnedLog(vkey: CommandLine.arguments[2])
    let verified = try EvidenceBundle(parsing: file).verify(by: pinned)
    print("verified: index \(verified.proven.index) of \(pinned.origin.text)")
    for field in verified.shown {
        print("  \(String(decoding: field.member ?? [], as: UTF8.self))")
    }
    for field in verified.hidden {
        // "Erased" is a claim until the bundle of the log's own record that says so is verified.
        let why = field.erasedBy.map { "said to be erased by record \($0)" } ?? "withheld"
        print("  \(field.name): \(why)")
    }
} catch {
    print("NOT VERIFIED: \(error)")
    exit(1)
}
