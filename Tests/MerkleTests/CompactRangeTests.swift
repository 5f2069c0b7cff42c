// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import Merkle

@Suite("Compact ranges")
struct CompactRangeTests {
    @Test("Every size up to 1,024 has the RFC's root, also when resumed from its peaks")
    func roots() throws {
        let reference = ReferenceTree(count: 1024)
        var range = CompactRange()
        for size in 0..<1024 {
            #expect(range.head == reference.head(size: size))
            range = try #require(CompactRange(size: range.size, peaks: range.peaks))
            range.append(reference.leafHashes[size])
        }
        #expect(range.head == reference.head(size: 1024))
        #expect(range.peaks == [reference.root(size: 1024)])
    }

    @Test("A size and a number of peaks that do not agree are refused", arguments: [0, 1, 3, 8])
    func wrongPeaks(size: UInt64) {
        let right = size.nonzeroBitCount
        for count in 0...4 {
            let range = CompactRange(size: size, peaks: Array(repeating: .zero, count: count))
            #expect((range != nil) == (count == right))
        }
    }

    @Test("It grows near 2^63 without a trap")
    func huge() throws {
        let peaks = [Digest](repeating: .zero, count: 63)
        var range = try #require(CompactRange(size: 1 << 63 - 1, peaks: peaks))
        range.append(.zero)
        #expect(range.size == 1 << 63)
        #expect(range.peaks.count == 1)
        range.append(.zero)
        #expect(range.root == .node(range.peaks[0], .zero))
    }
}
