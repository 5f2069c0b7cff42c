// SPDX-License-Identifier: Apache-2.0

import Merkle
import Synchronization

/// Full tiles and entry bundles in memory: they never change, so they are never invalidated.
///
/// What has not been asked for since the hand last passed goes first: one sweep of a whole log
/// leaves what is in use where it is, and what fits stays.
final class TileCache: Sendable {
    enum Item: Sendable {
        /// A hash tile.
        case hashes(TileNodes)
        /// An entry bundle's bytes.
        case entries([UInt8])

        var bytes: [UInt8] {
            switch self {
            case .hashes(let nodes): nodes.bytes
            case .entries(let bytes): bytes
            }
        }

        /// Memory that it takes, with its place in the cache, roughly.
        fileprivate var cost: Int {
            switch self {
            case .hashes(let nodes): nodes.byteCount + 200
            case .entries(let bytes): bytes.count + 200
            }
        }
    }

    struct Key: Hashable, Sendable {
        let level: Tile.Level
        let index: UInt64
    }

    private struct Slot {
        let key: Key
        let item: Item
        /// Asked for since the hand last passed.
        var isUsed = false
    }

    private struct Clock {
        var places: [Key: Int] = [:]
        var slots: [Slot?] = []
        var free: [Int] = []
        var hand = 0
        var cost = 0

        /// Frees the slot of one item that has not been used since the hand last passed.
        mutating func evict() {
            while !places.isEmpty {
                defer { hand = (hand + 1) % slots.count }
                guard let slot = slots[hand] else { continue }
                if slot.isUsed {
                    slots[hand]?.isUsed = false
                    continue
                }
                cost -= slot.item.cost
                places[slot.key] = nil
                slots[hand] = nil
                free.append(hand)
                return
            }
        }
    }

    private let limit: Int
    private let clock = Mutex(Clock())

    /// - Parameter bytes: memory that the cache may take.
    init(bytes: Int) {
        limit = bytes
    }

    /// Memory that the items take, roughly; never above the limit.
    var cost: Int { clock.withLock { $0.cost } }

    subscript(key: Key) -> Item? {
        clock.withLock { clock in
            guard let place = clock.places[key] else { return nil }
            clock.slots[place]?.isUsed = true
            return clock.slots[place]?.item
        }
    }

    func insert(_ item: Item, for key: Key) {
        let cost = item.cost
        guard cost <= limit else { return }
        clock.withLock { clock in
            guard clock.places[key] == nil else { return }
            while clock.cost + cost > limit { clock.evict() }
            let slot = Slot(key: key, item: item)
            if let place = clock.free.popLast() {
                clock.slots[place] = slot
                clock.places[key] = place
            } else {
                clock.places[key] = clock.slots.count
                clock.slots.append(slot)
            }
            clock.cost += cost
        }
    }
}
