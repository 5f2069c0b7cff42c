// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Follows the chain from leaf to leaf, and says where and how it breaks.
///
/// It goes on from the MAC that it has computed itself, never from the stored one; only after a
/// break does it try the stored one too, to find where the chain is whole again. A leaf's *place*
/// is where it is stored, its *index* what its MAC says; they differ behind entries that were put in
/// or taken out.
struct ChainWalk: Sendable {
    let keys: VerificationKeys

    /// The place of the next leaf.
    private(set) var place: UInt64
    /// Index less place.
    private(set) var shift: Int64 = 0
    /// The MAC of the leaf before, as computed; nil if that leaf was unreadable or its key is not
    /// held.
    private(set) var previous: Digest?
    private(set) var lastTimestampMS: UInt64
    /// Leaves whose MAC was found right.
    private(set) var linkedCount: UInt64 = 0
    /// Leaves whose key is not held.
    private(set) var unkeyedCount: UInt64 = 0

    /// Whether the newest leaf follows the one before it, as far as keys are held to tell.
    private(set) var isLinked = false

    /// The stored MAC of the leaf before, where it was not the computed one.
    private var stored: Digest?
    /// Leaves that were found at a wrong place, by the index where they belong.
    private var displaced: [UInt64: Leaf] = [:]
    /// Foreign leaves that are still to be passed over.
    private var foreign: UInt64 = 0
    /// Breaks that were looked into: a store that is wrong throughout is not looked through for
    /// each of its entries.
    private var diagnosed = 0

    private static let diagnosisLimit = 24

    /// A walk that begins at `place`, behind a leaf with this MAC and time.
    init(keys: VerificationKeys, place: UInt64 = 0, previous: Digest?, lastTimestampMS: UInt64 = 0)
    {
        self.keys = keys
        self.place = place
        self.previous = previous
        self.lastTimestampMS = lastTimestampMS
    }

    /// The index that the leaf at a place should have.
    func index(at place: UInt64) -> UInt64 { UInt64(truncatingIfNeeded: Int64(place) + shift) }

    /// Whether nothing is pending from a break, so that parts ahead may be checked by themselves.
    var isSteady: Bool { stored == nil && displaced.isEmpty && foreign == 0 }

    /// Takes leaves that were found right, by themselves and behind ``previous``.
    mutating func pass(_ part: CheckedPart) {
        place += UInt64(part.leafHashes.count)
        previous = part.lastMAC
        stored = nil
        lastTimestampMS = part.lastTimestampMS
        linkedCount += part.linkedCount
        unkeyedCount += UInt64(part.leafHashes.count) - part.linkedCount
    }

    /// Passes over a leaf that cannot be read.
    mutating func passUnreadable() {
        if foreign > 0 { foreign -= 1 }
        place += 1
        (previous, stored) = (nil, nil)
    }

    /// Takes the next leaf; returns what is wrong with it.
    mutating func step(_ leaf: Leaf, among leaves: LeafWindow) -> VerificationFinding? {
        defer { place += 1 }
        isLinked = false
        if foreign > 0 {
            foreign -= 1
            return nil
        }
        let time = checkTime(leaf)
        guard let key = keys.key(at: index(at: place)) else {
            (previous, stored) = (leaf.mac, nil)
            unkeyedCount += 1
            isLinked = true
            return time
        }
        guard let previous else {
            // What was before it is not known, so that its link cannot be checked.
            (previous, stored) = (leaf.mac, nil)
            return time
        }
        let index = index(at: place)
        for candidate in [previous, stored].compactMap(\.self)
        where Self.mac(key, index, leaf, after: candidate) == leaf.mac {
            (self.previous, stored) = (leaf.mac, nil)
            linkedCount += 1
            isLinked = true
            return time
        }
        if let known = displaced.removeValue(forKey: index) {
            (self.previous, stored) = (known.mac, nil)
            return nil
        }
        let finding = diagnose(leaf, index, previous, key, leaves)
        return finding
    }

    private mutating func checkTime(_ leaf: Leaf) -> VerificationFinding? {
        guard leaf.timestampMS >= lastTimestampMS, leaf.timestampMS % keys.granularityMS == 0
        else {
            return VerificationFinding(
                .macMismatch, place, "leaf.timestamp",
                "the time runs backwards, or is finer than the log's granularity")
        }
        lastTimestampMS = leaf.timestampMS
        return nil
    }

    static func mac(
        _ key: ChainKey, _ index: UInt64, _ leaf: Leaf, after previous: Digest
    ) -> Digest {
        key.mac(
            index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
            previous: previous)
    }

    /// Finds out how the chain was broken, and goes on in the way that fits.
    private mutating func diagnose(
        _ leaf: Leaf, _ index: UInt64, _ previous: Digest, _ key: ChainKey, _ leaves: LeafWindow
    ) -> VerificationFinding {
        let made = Self.mac(key, index, leaf, after: previous)
        diagnosed += 1
        let search = BreakSearch(
            keys: keys, leaves: leaves, place: place, index: index, leaf: leaf,
            previous: previous, made: made)
        let cause = diagnosed > Self.diagnosisLimit ? .altered : search.cause()
        (self.previous, stored) = (made, leaf.mac)
        switch cause {
        case .altered: break
        case .copied(_, inserted: false): (self.previous, stored) = (nil, nil)
        case .copied(_, inserted: true): passOver(1, previous)
        case .inserted(let count): passOver(count, previous)
        case .moved(let from):
            displaced[Self.shifted(from, by: shift)] = leaf
            (self.previous, stored) = (leaves[from]?.mac, nil)
        case .removed(let count):
            shift += Int64(count)
            (self.previous, stored) = (leaf.mac, nil)
        }
        return cause.finding(at: place)
    }

    /// The leaf here and those after it up to `count` are not the log's.
    private mutating func passOver(_ count: UInt64, _ previous: Digest) {
        foreign = count - 1
        shift -= Int64(count)
        (self.previous, stored) = (previous, nil)
    }

    private static func shifted(_ place: UInt64, by shift: Int64) -> UInt64 {
        UInt64(truncatingIfNeeded: Int64(place) + shift)
    }
}
