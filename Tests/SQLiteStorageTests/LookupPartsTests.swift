// SPDX-License-Identifier: Apache-2.0

import LogStorage
import LogTesting
import Testing

@testable import SQLiteStorage

@Suite struct LookupPartsTests {
    @Test("A block gives back what was put in, to its last byte")
    func blockRoundTrip() throws {
        var random = SeededGenerator(seed: 5)
        for spread in [0, 1, 8, 30, 47, 55] as [UInt64] {
            for longest in [1, 3, 300, 5_000] as [UInt64] {
                var builder = LookupBlockBuilder(runFirst: 1 << 40)
                var (keys, lists): ([UInt64], [[UInt64]]) = ([], [])
                var key: UInt64 = 77
                while !builder.isFull {
                    var index = (1 << 40) + random.next() % 100_000
                    var list: [UInt64] = []
                    for _ in 0...random.next() % longest {
                        list.append(index)
                        index += 1 + random.next() % (1 << (spread % 10))
                    }
                    let taken = builder.append(key, list[...])
                    keys.append(key)
                    lists.append(Array(list.prefix(taken)))
                    if taken < list.count { break }
                    key += spread == 0 ? 0 : random.next() % (1 << spread)
                }
                let block = builder.take()
                #expect(block.count == LookupBlock.byteCount)
                let read = try #require(
                    LookupBlock.lists(block, firstKey: 77, runFirst: 1 << 40))
                #expect(read.keys == keys)
                #expect(keys.indices.map { Array(read.indexes(of: $0)) } == lists)
                for key in Set(keys) {
                    var found: [UInt64] = []
                    let wanted: Range<UInt64> = (1 << 40) + 10..<(1 << 40) + 50_000
                    let isWhole = LookupBlock.add(
                        key, in: wanted, of: block, firstKey: 77, runFirst: 1 << 40, to: &found)
                    let want = zip(keys, lists).filter { $0.0 == key }.flatMap(\.1)
                    #expect(isWhole && found == want.filter(wanted.contains))
                }
            }
        }
    }

    @Test("Random bytes decode to something or nothing, and never trap")
    func hostileBlocks() {
        var random = SeededGenerator(seed: 6)
        for round in 0..<2_000 {
            let bytes = (0..<LookupBlock.byteCount).map { _ in
                round % 2 == 0 ? UInt8.random(in: .min ... .max, using: &random) : 255
            }
            let lists = LookupBlock.lists(bytes, firstKey: .max - 9, runFirst: .max - 9)
            #expect(lists?.indexes.count ?? 0 < LookupBlock.byteCount)
            var found: [UInt64] = []
            _ = LookupBlock.add(
                .max - 2, in: 0..<UInt64.max, of: bytes, firstKey: .max - 9, runFirst: .max - 9,
                to: &found)
            #expect(found.count < LookupBlock.byteCount)
        }
        #expect(LookupBlock.lists([1, 0, 0], firstKey: 0, runFirst: 0) == nil)
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
        var want: Set<LookupEntry> = []
        for (offset, keys) in source.records(5_000).enumerated() {
            tail.append(keys)
            want.formUnion(
                keys.map { LookupEntry(key: $0.rawValue, index: 1_000 + UInt64(offset)) })
        }
        var found: [LookupEntry] = []
        tail.forEachList { key, indexes in
            found += indexes.map { LookupEntry(key: key, index: $0) }
        }
        #expect(found == want.sorted())
    }

    @Test("A tail answers for every part of itself", arguments: [1, 2, 40, 2_000] as [UInt64])
    func tailMatches(values: UInt64) throws {
        var random = SeededGenerator(seed: values)
        var tail = LookupTail(first: 500, capacity: 3_000)
        var records: [[LookupKey]] = []
        for _ in 0..<3_000 {
            records.append(
                (0..<random.next() % 3).map { _ in
                    LookupKey(rawValue: 17 << 48 | random.next() % values)
                })
            tail.append(records[records.count - 1])
        }
        for _ in 0..<400 {
            let key = LookupKey(rawValue: 17 << 48 | random.next() % values)
            let low = 400 + random.next() % 3_200
            let range = low..<low + random.next() % 3_000
            let bearing = range.filter {
                500..<3_500 ~= $0 && records[Int($0) - 500].contains(key)
            }
            for (descending, limit) in [(true, 7), (false, 7), (true, 9_999), (false, 9_999)] {
                let want = (descending ? bearing.reversed() : bearing).prefix(limit)
                let found = tail.matches(
                    LookupQuery(key: key, range: range, descending: descending, limit: limit))
                #expect(found == Array(want), "\(range) \(descending) \(limit)")
            }
        }
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
