// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import LogCrypto
import LogStorage
import Merkle

/// Where a log is cut by a prune: what the chain and the tree hold there, both checked.
package struct PrunePoint: Hashable, Sendable {
    /// Leaves before it, at least one.
    package let size: UInt64
    /// The root of the tree of these leaves.
    package let root: Digest
    /// The chain's MAC in the last of them.
    package let lastMAC: Digest
    package let lastTimestampMS: UInt64
}

extension Log {
    /// Records that are looked at in one turn on a thread.
    private static var inspected: UInt64 { 1_024 }
    /// Ranges whose records are counted in one turn.
    private static var counted: Int { 4_096 }

    /// How many records at the log's beginning are certainly older than a moment: their times, with
    /// all that rounding has taken away, are before it.
    ///
    /// Times never decrease with the index, so that no record after them is older.
    package func countOlder(thanMS cutoff: UInt64) async throws(LogError) -> UInt64 {
        let (size, granularity) = (published.head.size, keys.identity.granularityMS)
        return try await lookUp { reader in
            var (low, high) = (UInt64(0), size)
            while low < high {
                let middle = (low + high) / 2
                guard let leaf = try reader.leaves(middle..<middle + 1).first else {
                    throw StoreError(.corrupt, "a leaf is missing", firstBadIndex: middle)
                }
                if leaf.timestampMS + granularity <= cutoff {
                    low = middle + 1
                } else {
                    high = middle
                }
            }
            return low
        }
    }

    /// What chain and tree hold at a size: the leaf before it is in the published tree, the root is
    /// proven to be of a prefix of that tree, and the leaf after it is linked to the one before.
    ///
    /// Throws `.corrupt` where any of this is not so.
    package func prunePoint(at size: UInt64) async throws(LogError) -> PrunePoint {
        let published = published
        guard size > 0, size <= published.head.size else { throw beyond(published) }
        let last = try await record(at: size - 1, under: published).leaf
        if size < published.head.size {
            let next = try await record(at: size, under: published).leaf
            let mac = keys.schedule.key(at: size).mac(
                index: size, timestampMS: next.timestampMS, commitment: next.commitment,
                previous: last.mac)
            guard Digest.constantTimeEquals(mac, next.mac) else {
                throw LogError(.corrupt, "the chain is broken at index \(size): nothing is pruned")
            }
        }
        let head = try await reading { try await self.tree.head(of: size, under: published) }
        return PrunePoint(
            size: size, root: head.root, lastMAC: last.mac, lastTimestampMS: last.timestampMS)
    }

    /// How many records of `ranges`, which rise, have content.
    package func countContents(_ ranges: [Range<UInt64>]) async throws(LogError) -> UInt64 {
        var count: UInt64 = 0
        for start in stride(from: 0, to: ranges.count, by: Self.counted) {
            let part = Array(ranges[start..<min(start + Self.counted, ranges.count)])
            count += try await lookUp { reader in
                let span = part[0].lowerBound..<part[part.count - 1].upperBound
                return part.subtracting(try reader.removals(in: span).map(\.range)).indexCount
            }
        }
        return count
    }

    /// Looks at content for the last time: all of it that is there proves its leaf, and what is not
    /// there was removed by rights.
    ///
    /// So nothing that somebody altered or took away is passed off as pruned afterwards. Cost: some
    /// microseconds a record, on the threads that give way to others.
    ///
    /// Throws `.corrupt` with the first index where it is not so.
    package func inspectContents(_ ranges: [Range<UInt64>]) async throws(LogError) {
        let announced = AnnouncedRemovals(eraser.ledger.entries)
        let origin = keys.identity.origin
        try await reading {
            for group in ranges.grouped(Self.inspected, ranges: .max) {
                try await self.queries.run { [reader] in
                    try Self.inspect(group, reader, origin, announced)
                }
            }
        }
    }

    private static func inspect(
        _ group: [Range<UInt64>], _ reader: any LogReader, _ origin: Origin,
        _ announced: AnnouncedRemovals
    ) throws {
        let leaves = try group.flatMap { try reader.leaves($0) }
        let contents = try reader.contents(at: group.flatMap { Array($0) })
        guard leaves.count == group.indexCount else {
            throw wrong(group[0].lowerBound, "is missing")
        }
        var next = contents[...]
        for (index, leaf) in zip(group.joined(), leaves) where next.first?.index == index {
            guard next.removeFirst().content.commitment(origin: origin) == leaf.commitment else {
                throw wrong(index, "was altered")
            }
        }
        for range in group.subtracting(contents.map { $0.index..<$0.index + 1 }) {
            let gone = try reader.removals(in: range)
            if let first = [range].subtracting(gone.map(\.range)).first?.lowerBound {
                throw wrong(first, "is missing")
            }
            for removal in gone where !announced.cover(removal) {
                for index in removal.range {
                    let number = try reader.submission(at: index).credential
                    guard try reader.credential(number) == .lost else {
                        throw wrong(index, "is missing, and no erasure of it is known")
                    }
                }
            }
        }
    }

    private static func wrong(_ index: UInt64, _ what: String) -> LogError {
        LogError(
            .corrupt,
            "the content at index \(index) \(what): nothing is destroyed. Run evident verify chain")
    }
}

/// The removals that the ledger names, to be asked for ranges.
private struct AnnouncedRemovals: Sendable {
    /// By the record that announced them; rising, none touching the next.
    private let ranges: [UInt64: [Range<UInt64>]]

    init(_ entries: [ErasureLedger.Entry]) {
        ranges = Dictionary(
            entries.map { entry in
                (entry.request, entry.removals.filter(\.names.isEmpty).map(\.range).merged)
            }, uniquingKeysWith: { $0 + $1 })
    }

    func cover(_ removal: StoredRemoval) -> Bool {
        guard let named = ranges[removal.by] else { return false }
        let place = named.firstPlace(endingAfter: removal.range.lowerBound)
        return place < named.count && named[place].lowerBound <= removal.range.lowerBound
            && removal.range.upperBound <= named[place].upperBound
    }
}
