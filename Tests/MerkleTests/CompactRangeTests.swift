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

    @Test("Any leaf between two ranges that are known by their cover alone makes the root")
    func covers() {
        let reference = ReferenceTree(count: 70)
        for size in 1...70 {
            for leaf in 0..<size {
                var range = CompactRange()
                for end in [leaf, size] {
                    let cover = NodeCoordinate.cover(range.size..<UInt64(end))
                    for node in cover {
                        #expect(node.index << node.height == range.size)
                        let leaves = Int(range.size)..<Int(range.size) + 1 << Int(node.height)
                        range.append(subtree: reference.hash(leaves), height: node.height)
                    }
                    if end == leaf { range.append(reference.leafHashes[leaf]) }
                }
                #expect(range.head == reference.head(size: size))
            }
        }
    }

    @Test("A cover is the fewest subtrees, also of the largest range")
    func leastCover() {
        for end: UInt64 in 0...40 {
            for start in 0...end {
                // Two of one height that begin at an even place would be one of the next.
                let cover = NodeCoordinate.cover(start..<end)
                #expect(cover.reduce(0) { $0 + 1 << $1.height } == end - start)
                for (left, right) in zip(cover, cover.dropFirst()) {
                    #expect(left.height != right.height || left.index % 2 == 1)
                }
            }
        }
        #expect(NodeCoordinate.cover(1..<(1 << 63) - 1).count == 124)
        #expect(NodeCoordinate.cover(0..<UInt64.max).count == 64)
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
