// SPDX-License-Identifier: Apache-2.0

import LogStorage
import LogTesting
import Testing

@testable import SQLiteStorage

@Suite struct LookupPartsTests {
    @Test("A block gives back what was put in, to its last byte")
    func blockRoundTrip() {
        var random = SeededGenerator(seed: 5)
        for spread in [0, 1, 8, 30, 47, 55] as [UInt64] {
            var builder = LookupBlockBuilder(runFirst: 1 << 40)
            var entries: [LookupEntry] = []
            var last = LookupEntry(key: 77, index: 1 << 40)
            while !builder.isFull {
                builder.append(last)
                entries.append(last)
                let step = spread == 0 ? 0 : random.next() % (1 << spread)
                let index = (1 << 40) + random.next() % 100_000
                last = LookupEntry(
                    key: last.key + step, index: step == 0 ? last.index + 3 : index)
            }
            let block = builder.take()
            #expect(block.count == LookupBlock.byteCount)
            var decoded: [LookupEntry] = []
            let done: Void? = LookupBlock.decode(block, firstKey: 77, runFirst: 1 << 40) {
                decoded.append($0)
                return true
            }
            #expect(done != nil)
            #expect(decoded == entries)
        }
    }

    @Test("Random bytes decode to something or nothing, and never trap")
    func hostileBlocks() {
        var random = SeededGenerator(seed: 6)
        for round in 0..<2_000 {
            let bytes = (0..<LookupBlock.byteCount).map { _ in
                round % 2 == 0 ? UInt8.random(in: .min ... .max, using: &random) : 255
            }
            var entries = 0
            _ = LookupBlock.decode(bytes, firstKey: .max - 9, runFirst: .max - 9) { _ in
                entries += 1
                return true
            }
            #expect(entries < LookupBlock.byteCount)
        }
        let short: Void? = LookupBlock.decode([1, 0, 0], firstKey: 0, runFirst: 0) { _ in true }
        #expect(short == nil)
    }

    @Test("The filter holds every key put in and few others")
    func bloom() {
        var source = LookupKeySource(seed: 4)
        let keys = (0..<100_000).map { _ in source.unique(.submissionKey).rawValue }
        var bloom = LookupBloom(keys: 100_000)
        for key in keys { bloom.insert(key) }
        #expect(keys.allSatisfy(bloom.mayContain))
        let wrong = (0..<100_000).count { _ in
            bloom.mayContain(source.unique(.submissionKey).rawValue)
        }
        #expect(wrong < 300, "\(wrong) of 100,000")
        #expect(bloom.byteCount < 210_000)
    }

    @Test("A tail sorts by field, key and index")
    func tailOrder() throws {
        var source = LookupKeySource(seed: 10)
        var tail = LookupTail(first: 1_000, capacity: 5_000)
        var want: [LookupEntry] = []
        for (offset, keys) in source.records(5_000).enumerated() {
            tail.append(keys)
            want += keys.map { LookupEntry(key: $0.rawValue, index: 1_000 + UInt64(offset)) }
        }
        var found: [LookupEntry] = []
        tail.forEachSorted { found.append($0) }
        #expect(found == want.sorted())
    }

    @Test(
        "Merging picks a full tier first, then what is stuck before a larger run",
        arguments: [
            ([], nil), ([0, 0], nil), ([0, 0, 0], 0..<3), ([1, 0, 0, 0, 0], 1..<4),
            ([1, 1, 1, 0], 0..<3), ([2, 1, 1, 0, 0], nil), ([2, 0, 0, 1], 1..<3),
            ([2, 0, 1, 1], 1..<3), ([2, 1, 0, 2], 1..<3), ([0, 1], 0..<2), ([0, 0, 0, 9], 0..<3),
        ] as [([Int], Range<Int>?)])
    func mergeable(tiers: [Int], want: Range<Int>?) {
        #expect(LookupState.mergeable(tiers, fanOut: 3) == want)
    }

    @Test("Every log ends with fewer than fan-out runs of a tier", arguments: [3, 8])
    func tiersStayFew(fanOut: Int) {
        var sizes: [Int] = []
        var written = 0
        for _ in 0..<2_000 {
            sizes.append(1)
            written += 1
            while let group = LookupState.mergeable(sizes.map(tier), fanOut: fanOut) {
                let merged = sizes[group].reduce(0, +)
                sizes.replaceSubrange(group, with: [merged])
                written += merged
            }
        }
        func tier(_ size: Int) -> Int {
            var (tier, least) = (0, fanOut)
            while size >= least { (tier, least) = (tier + 1, least * fanOut) }
            return tier
        }
        let tiers = sizes.map(tier)
        #expect(tiers == tiers.sorted(by: >))
        #expect(Set(tiers).allSatisfy { tier in tiers.count { $0 == tier } < fanOut })
        #expect(sizes.reduce(0, +) == 2_000)
        #expect(written <= 2_000 * (2 + tiers[0]))
    }
}
