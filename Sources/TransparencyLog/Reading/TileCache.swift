// SPDX-License-Identifier: Apache-2.0

import Merkle
import Synchronization

/// Full tiles and entry bundles in memory: they never change, so they are never invalidated.
///
/// Two generations bound it: what is used moves to the young one; when that has grown to half of
/// the limit it becomes the old one, and what was old and unused goes.
final class TileCache: Sendable {
    enum Item: Sendable {
        /// A hash tile: its bytes and its nodes.
        case hashes([UInt8], TileNodes)
        /// An entry bundle's bytes.
        case entries([UInt8])

        var bytes: [UInt8] {
            switch self {
            case .hashes(let bytes, _), .entries(let bytes): bytes
            }
        }

        /// Memory that it takes, roughly.
        fileprivate var cost: Int {
            switch self {
            case .hashes(let bytes, _): 2 * bytes.count + 1_500
            case .entries(let bytes): bytes.count + 200
            }
        }
    }

    struct Key: Hashable, Sendable {
        let level: Tile.Level
        let index: UInt64
    }

    private struct Generations {
        var young: [Key: Item] = [:]
        var old: [Key: Item] = [:]
        var youngCost = 0
    }

    private let limit: Int
    private let generations = Mutex(Generations())

    /// - Parameter bytes: memory that the cache may take.
    init(bytes: Int) {
        limit = bytes
    }

    subscript(key: Key) -> Item? {
        generations.withLock { generations in
            if let item = generations.young[key] { return item }
            guard let item = generations.old[key] else { return nil }
            insert(item, for: key, into: &generations)
            return item
        }
    }

    func insert(_ item: Item, for key: Key) {
        generations.withLock { insert(item, for: key, into: &$0) }
    }

    private func insert(_ item: Item, for key: Key, into generations: inout Generations) {
        guard generations.young.updateValue(item, forKey: key) == nil else { return }
        generations.youngCost += item.cost
        if generations.youngCost > limit / 2 {
            generations.old = generations.young
            generations.young = [:]
            generations.youngCost = 0
        }
    }
}
