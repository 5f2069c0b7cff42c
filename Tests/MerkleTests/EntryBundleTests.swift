// SPDX-License-Identifier: Apache-2.0

import LogTesting
import Testing

@testable import Merkle

@Suite("Entry bundles")
struct EntryBundleTests {
    @Test("Entries of any length survive writing and reading")
    func roundTrip() throws {
        let bundles: [[[UInt8]]] = [
            [], [[]], [[1], [], [2, 3]], Array(repeating: [9], count: 256),
            [Array(repeating: 1, count: 255), Array(repeating: 2, count: 256)],
            [Array(repeating: 3, count: 65_535)],
        ]
        for entries in bundles {
            #expect(try EntryBundle.decode(EntryBundle.encode(entries)) == entries)
        }
    }

    @Test("A length comes first, as two bytes")
    func layout() {
        #expect(EntryBundle.encode([[7, 8], []]) == [0, 2, 7, 8, 0, 0])
    }

    @Test("Every prefix is refused, or is the bundle of fewer entries")
    func prefixes() throws {
        let entries: [[UInt8]] = [[1, 2, 3], [], [4]]
        let whole = EntryBundle.encode(entries)
        let fewer = (0..<3).map { EntryBundle.encode(Array(entries.prefix($0))) }
        for prefix in everyPrefix(of: whole) {
            if let count = fewer.firstIndex(of: prefix) {
                #expect(try EntryBundle.decode(prefix).count == count)
            } else {
                #expect(throws: TileError.self) { try EntryBundle.decode(prefix) }
            }
        }
    }

    @Test("Whatever parses is written the same again")
    func bumped() {
        let whole = EntryBundle.encode([[1, 2, 3], [], [4]])
        for bytes in everyBumpedByte(of: whole) {
            guard let entries = try? EntryBundle.decode(bytes) else { continue }
            #expect(EntryBundle.encode(entries) == bytes)
        }
    }

    @Test("257 entries are no bundle")
    func tooMany() {
        let bytes = [UInt8](repeating: 0, count: 2 * 257)
        #expect(throws: TileError.tooManyEntries) { try EntryBundle.decode(bytes) }
    }
}
