// SPDX-License-Identifier: Apache-2.0

import LogCrypto
package import LogStorage
import Merkle
import Synchronization

/// Gives a record's own look-up keys from its canonical text.
package typealias RecordKeys = @Sendable (_ canonical: [UInt8]) -> [LookupKey]

/// Where indexes by key come from: candidates, complete up to the newest commit.
protocol LookupSource: Sendable {
    func candidates(
        _ key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64]

    /// The parts of `range` that hold every record in `span`, rising.
    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch]
}

extension LookupSource {
    /// All candidates for a unique value, oldest first.
    ///
    /// More than one is a coincidence of 48 bits.
    func candidates(of digest: Digest, _ field: LookupField) throws(StoreError) -> [UInt64] {
        try candidates(
            LookupKey(field, digest: digest), in: 0..<Schema.indexLimit, descending: false,
            limit: 1000)
    }
}

/// Reads the keys of stored entries, a part at a time, on connections of the reader pool.
struct StoredKeys: LookupSource {
    let pool: ConnectionPool
    let recordKeys: RecordKeys?

    /// Entries read in one transaction, so that none holds the log back for long.
    private static let step: UInt64 = 4096

    /// The keys of every entry in `range`, which is committed.
    ///
    /// Nothing of erased content.
    func keys(_ range: Range<UInt64>) throws(StoreError) -> [[LookupKey]] {
        var keys: [[LookupKey]] = []
        keys.reserveCapacity(range.count)
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.step)) {
            keys += try part(start..<min(start + Self.step, range.upperBound))
        }
        return keys
    }

    private func part(_ range: Range<UInt64>) throws(StoreError) -> [[LookupKey]] {
        try pool.snapshot { (tables) throws(StoreError) in
            var keys: [[LookupKey]] = []
            let submissions = try tables.submissions(range)
            for (hash, submission) in zip(try tables.leafHashes(range), submissions) {
                keys.append([
                    LookupKey(.leafHash, digest: hash),
                    LookupKey(.submissionKey, digest: submission.key),
                ])
            }
            guard let recordKeys else { return keys }
            try tables.records(range) { (index, record) throws(StoreError) in
                keys[Int(index - range.lowerBound)] += recordKeys(record)
            }
            return keys
        }
    }

    /// Finds by reading every entry of the range: for a part that is short, or a store that is
    /// opened to be checked.
    func candidates(
        _ key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        let field = LookupField(rawValue: UInt8(truncatingIfNeeded: key.rawValue >> 48))
        guard recordKeys != nil || field == .leafHash || field == .submissionKey else {
            throw StoreError(.settings, "this view was opened without the keys of records")
        }
        let range = try pool.snapshot { (tables) throws(StoreError) in
            try tables.committed(range)
        }
        var found: [UInt64] = []
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.step)) {
            let part = start..<min(start + Self.step, range.upperBound)
            for (index, keys) in zip(part, try keys(part)) where keys.contains(key) {
                found.append(index)
            }
            if !descending, found.count >= limit { break }
        }
        return Array((descending ? found.reversed() : found).prefix(limit))
    }

    /// Everything: whoever asks reads it.
    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        let range = try pool.snapshot { (tables) throws(StoreError) in
            try tables.committed(range)
        }
        return range.isEmpty ? [] : [LookupStretch(range: range, isInside: false)]
    }
}

/// The look-up index of a store that is open for writing, and what it may lack for a moment.
final class IndexedKeys: LookupSource {
    private let index: LookupIndex
    private let stored: StoredKeys
    /// What the newest commit covers, set before it begins; and what the index covers.
    private let announced: Atomic<UInt64>
    private let indexed: Atomic<UInt64>

    init(directory: String, size: UInt64, stored: StoredKeys) throws(StoreError) {
        index = try LookupIndex.open(directory: directory, committedSize: size) {
            try stored.keys($0)
        }
        self.stored = stored
        announced = Atomic(size)
        indexed = Atomic(size)
    }

    func candidates(
        _ key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        let size = indexed.load(ordering: .acquiring)
        let found = try index.candidates(key, in: range, descending: descending, limit: limit)
        // Between COMMIT and the index's own append another thread sees the new head already.
        guard announced.load(ordering: .acquiring) > size, range.upperBound > size else {
            return found
        }
        let rest = try stored.candidates(
            key, in: max(size, range.lowerBound)..<range.upperBound, descending: descending,
            limit: limit
        ).filter { !found.contains($0) }
        return Array((descending ? rest + found : found + rest).prefix(limit))
    }

    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        let size = indexed.load(ordering: .acquiring)
        var found = try index.stretches(
            of: span, in: range.clamped(to: 0..<max(size, range.lowerBound)))
        let rest = range.clamped(to: size..<max(size, announced.load(ordering: .acquiring)))
        if !rest.isEmpty { found.extend(by: LookupStretch(range: rest, isInside: false)) }
        return found
    }

    /// Says that the log may have this size from now on.
    func announce(_ size: UInt64) { announced.store(size, ordering: .releasing) }

    /// Takes what was announced back: it was not committed.
    func retract() {
        announced.store(indexed.load(ordering: .acquiring), ordering: .releasing)
    }

    /// Adds a committed batch.
    func append(_ batch: SequencedBatch) {
        index.append(
            firstIndex: batch.firstIndex,
            keys: batch.entries.map { entry in
                var keys: [LookupKey] = []
                keys.reserveCapacity(entry.lookups.count + 2)
                keys += entry.lookups
                keys.append(LookupKey(.leafHash, digest: entry.leafHash))
                keys.append(LookupKey(.submissionKey, digest: entry.submission.key))
                return keys
            })
        indexed.store(batch.head.treeHead.size, ordering: .releasing)
    }

    /// Makes the look-ups of these records again from what is left of them.
    func forget(_ ranges: [Range<UInt64>]) throws(StoreError) { try index.forget(ranges) }

    var status: LookupStatus { index.status }

    func close() { index.close() }
}
