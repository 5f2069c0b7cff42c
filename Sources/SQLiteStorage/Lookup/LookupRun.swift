// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Why work on the runs stopped.
enum LookupFailure: Error {
    /// A run's bytes are not those that were written, or cannot be read.
    case damage(LookupRun, reason: String)
    case store(StoreError)
}

/// An immutable file with all keys of the records in one range, sorted by key, then by index.
///
/// The file's descriptor is closed when the last reader lets go, so a replaced run may be unlinked
/// while a query still reads it.
final class LookupRun: Sendable {
    let name: String
    let index: LookupRunIndex
    let byteCount: UInt64
    private let file: LookupFile

    var range: Range<UInt64> { index.range }

    /// Opens a run and checks all but its blocks, which are checked whenever they are read.
    ///
    /// Throws `.corrupt` if its length, trailer, fences or filter are not as written.
    init(name: String, in folder: LookupFolder) throws(StoreError) {
        self.name = name
        file = try LookupFile.open(folder.file(name))
        byteCount = try file.byteCount()
        let trailerStart = byteCount &- UInt64(LookupRunIndex.trailerByteCount)
        guard trailerStart < byteCount,
            let trailer = LookupRunIndex.Trailer(
                try file.read(at: trailerStart, count: LookupRunIndex.trailerByteCount)),
            trailer.fileByteCount == byteCount
        else { throw Self.corrupt("it has no trailer or not the length that this states", name) }
        guard trailer.version == LookupField.version else {
            throw Self.corrupt("it was made of other fields than this program's", name)
        }
        let metadata = try file.read(
            at: byteCount - trailer.metadataByteCount, count: Int(trailer.metadataByteCount))
        guard let index = LookupRunIndex(trailer: trailer, metadata: metadata) else {
            throw Self.corrupt("its fences or filter have changed", name)
        }
        guard Self.name(for: index.range) == name else {
            throw Self.corrupt("it covers another range than its name says", name)
        }
        self.index = index
    }

    /// `FIRST-COUNT.run`, in decimal.
    static func name(for range: Range<UInt64>) -> String {
        "\(range.lowerBound)-\(range.count).run"
    }

    private static func corrupt(_ reason: String, _ name: String) -> StoreError {
        StoreError(.corrupt, "the look-up run \(name) is damaged: \(reason)")
    }

    /// The bytes of a block, if they are those that were written.
    func block(_ number: Int) throws(LookupFailure) -> [UInt8] {
        let bytes: [UInt8]
        do throws(StoreError) {
            bytes = try file.read(
                at: UInt64(number * LookupBlock.byteCount), count: LookupBlock.byteCount)
        } catch {
            throw .damage(self, reason: error.debugDescription)
        }
        guard LookupBlock.checksum(bytes) == index.checksums[number] else {
            throw .damage(self, reason: "block \(number) has changed")
        }
        return bytes
    }

    /// False if the key is certainly absent; only submission keys have a filter.
    func mayHold(_ key: LookupKey) -> Bool {
        !key.isSubmissionKey || index.bloom.mayContain(key.rawValue)
    }

    /// The indexes of the query's key in its range, in its order.
    ///
    /// Cost: one block read (4 KiB, checksummed) for each 500 unique keys or 4,000 records of a
    /// common value that the answer spans. Ask `mayHold` first.
    func matches(_ query: LookupQuery) throws(LookupFailure) -> [UInt64] {
        let key = query.key.rawValue
        let wanted = query.range.clamped(to: range)
        if wanted.isEmpty || query.limit <= 0 { return [] }
        let lowest = LookupEntry(key: key, index: wanted.lowerBound)
        let highest = LookupEntry(key: key, index: wanted.upperBound - 1)
        guard let last = index.lastBlock(startingAtOrBelow: highest) else { return [] }
        let first = index.lastBlock(startingAtOrBelow: lowest) ?? 0
        var found: [UInt64] = []
        for step in 0...(last - first) where found.count < query.limit {
            let number = query.descending ? last - step : first + step
            let part = try indexes(of: key, in: wanted, block: number)
            found += query.descending ? part.reversed() : part
        }
        return Array(found.prefix(query.limit))
    }

    private func indexes(
        of key: UInt64, in wanted: Range<UInt64>, block number: Int
    ) throws(LookupFailure) -> [UInt64] {
        var found: [UInt64] = []
        guard
            LookupBlock.add(
                key, in: wanted, of: try block(number), firstKey: index.firstEntries[number].key,
                runFirst: range.lowerBound, to: &found)
        else { throw cannotBeDecoded(number) }
        return found
    }

    /// All lists of a block.
    func lists(block number: Int) throws(LookupFailure) -> LookupBlock.Lists {
        let (first, bytes) = (index.firstEntries[number], try block(number))
        guard
            let lists = LookupBlock.lists(
                bytes, firstKey: first.key, runFirst: range.lowerBound)
        else { throw cannotBeDecoded(number) }
        // Whoever merges relies on order across blocks and on indexes within the range.
        guard lists.indexes.first == first.index, let lastKey = lists.keys.last,
            let lastIndex = lists.indexes.last,
            number + 1 == index.firstEntries.count
                || LookupEntry(key: lastKey, index: lastIndex) < index.firstEntries[number + 1],
            lists.indexes.allSatisfy(range.contains)
        else { throw .damage(self, reason: "block \(number) does not fit its fence") }
        return lists
    }

    private func cannotBeDecoded(_ number: Int) -> LookupFailure {
        .damage(self, reason: "block \(number) cannot be decoded")
    }
}
