// SPDX-License-Identifier: Apache-2.0

import Merkle
import Testing

@testable import TransparencyLog

@Suite("Cache of tiles")
struct TileCacheTests {
    private static func key(_ index: Int) -> TileCache.Key {
        TileCache.Key(level: .entries, index: UInt64(index))
    }

    private static func item(_ index: Int, bytes: Int = 1_000) -> TileCache.Item {
        .entries(Array(repeating: UInt8(truncatingIfNeeded: index), count: bytes))
    }

    @Test("What fits stays, and answers with what was put in")
    func fits() {
        let cache = TileCache(bytes: 12_000)
        for index in 0..<10 { cache.insert(Self.item(index), for: Self.key(index)) }
        for _ in 0..<3 {
            for index in 0..<10 { #expect(cache[Self.key(index)]?.bytes.first == UInt8(index)) }
        }
        #expect(cache[Self.key(10)] == nil)
    }

    @Test("It never holds more than its limit, and what is in use outlives a sweep")
    func sweep() {
        let cache = TileCache(bytes: 12_000)
        for index in 0..<3 { cache.insert(Self.item(index), for: Self.key(index)) }
        for index in 3..<1_000 {
            for used in 0..<3 { #expect(cache[Self.key(used)] != nil, "at \(index)") }
            cache.insert(Self.item(index, bytes: 500 + index), for: Self.key(index))
            #expect(cache.cost <= 12_000)
        }
        #expect(cache[Self.key(3)] == nil)
    }

    @Test("What is larger than the whole cache is not kept")
    func tooLarge() {
        let cache = TileCache(bytes: 1_000)
        cache.insert(Self.item(0, bytes: 900), for: Self.key(0))
        #expect(cache[Self.key(0)] == nil)
        #expect(cache.cost == 0)
    }
}
