// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// How a chain was broken at one leaf.
enum BreakCause: Hashable {
    /// Time, commitment or MAC were changed where they are.
    case altered
    /// It is the leaf of an earlier place, in the place of its own or besides.
    case copied(from: UInt64, inserted: Bool)
    /// The leaf that belongs here stands at `from`, and the one here belongs there.
    case moved(from: UInt64)
    /// So many leaves that are not the log's stand here.
    case inserted(UInt64)
    /// So many leaves are missing before this one.
    case removed(UInt64)

    func finding(at place: UInt64) -> VerificationFinding {
        switch self {
        case .altered:
            VerificationFinding(
                .macMismatch, place, "leaf",
                "the chain's MAC is not that of this leaf: its time, commitment or MAC was altered")
        case .copied(let from, let inserted):
            VerificationFinding(
                .duplicateSeq, place, "leaf",
                "the leaf is a copy of the one at \(from)"
                    + (inserted ? ", put in between others" : ", in the place of its own"))
        case .moved(let from):
            VerificationFinding(
                .reordered, place, "leaf",
                "the leaf that belongs here stands at \(from)")
        case .inserted(let count):
            VerificationFinding(
                .linkBroken, place, "leaf",
                "\(count) leaves that the log did not make stand before the next one of the chain")
        case .removed(let count):
            VerificationFinding(
                .sequenceGap, place, "leaf", "\(count) leaves are missing before this one")
        }
    }
}

/// Looks around a leaf that does not follow the one before it, to tell how that came about.
///
/// Each answer rests on a MAC that fits where no forger could have made it: the leaf that follows in
/// the chain is elsewhere, or this one's MAC is made for another index.
struct BreakSearch {
    let keys: VerificationKeys
    let leaves: LeafWindow
    let place: UInt64
    let index: UInt64
    let leaf: Leaf
    /// The computed MAC of the leaf before.
    let previous: Digest
    /// The MAC that this leaf should have.
    let made: Digest

    /// Places that are looked through in either direction, and missing leaves that are tried for: a
    /// second's work.
    private static let reach: UInt64 = 1 << 20
    /// Altered leaves in a row that are recognised as such.
    private static let run: UInt64 = 256

    func cause() -> BreakCause {
        if next(after: leaf.mac, at: 1, skipping: 0) || next(after: made, at: 1, skipping: 0) {
            return .altered
        }
        if let from = successor() { return moved(from) ?? inserted(before: from) }
        if let from = original() { return .copied(from: from, inserted: false) }
        if let count = gap() { return .removed(count) }
        return .altered
    }

    /// Whether the leaf `distance` places on has the MAC that follows `mac`, with so many indexes
    /// left out.
    private func next(after mac: Digest, at distance: UInt64, skipping: UInt64) -> Bool {
        guard let next = leaves[place + distance] else { return false }
        return isMAC(of: next, at: index + distance + skipping, after: mac)
    }

    private func isMAC(of leaf: Leaf, at index: UInt64, after previous: Digest) -> Bool {
        guard let key = keys.key(at: index) else { return false }
        return ChainWalk.mac(key, index, leaf, after: previous) == leaf.mac
    }

    /// Where the leaf stands that follows the one before.
    private func successor() -> UInt64? {
        leaves.first(from: place + 1, reach: Self.reach) {
            isMAC(of: $0, at: index, after: previous)
        }
    }

    /// Whether the leaf here belongs where its place's own one stands.
    private func moved(_ from: UInt64) -> BreakCause? {
        let before = from == place + 1 ? leaves[from] : leaves[from - 1]
        guard let before, isMAC(of: leaf, at: index + (from - place), after: before.mac) else {
            return nil
        }
        return .moved(from: from)
    }

    private func inserted(before from: UInt64) -> BreakCause {
        if from == place + 1, let earlier = original() {
            return .copied(from: earlier, inserted: true)
        }
        return .inserted(from - place)
    }

    /// The earlier place of which this leaf is a copy.
    private func original() -> UInt64? {
        leaves.last(before: place, reach: Self.reach) { $0 == leaf }
    }

    /// How many leaves are missing before this one: the next follows it under a higher index.
    private func gap() -> UInt64? {
        guard let next = leaves[place + 1] else { return nil }
        // A run of altered leaves is likelier than a gap, and cheaper to look for.
        for distance in 2...Self.run {
            guard let one = leaves[place + distance], let before = leaves[place + distance - 1]
            else { break }
            if isMAC(of: one, at: index + distance, after: before.mac) { return nil }
        }
        return (1...Self.reach).first { isMAC(of: next, at: index + 1 + $0, after: leaf.mac) }
    }
}
