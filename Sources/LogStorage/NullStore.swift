// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import Synchronization

/// A store that keeps everything in memory and nothing after the process ends.
///
/// For tests, trials and measuring what a disk costs; it says so wherever the log states what its
/// receipts are worth, and is used only when it is named.
package final class NullStore: LogStore {
    package let durability = StoreDurability.notDurable(
        reason: "this log is in memory and ends with the process")

    fileprivate let state = Mutex(State())
    private let turn = Monitor(Turn())

    private struct Turn {
        var isTaken = false
        var isClosed = false
    }

    package init() {}

    package var reader: any LogReader { NullReader(store: self) }

    package func transaction<Result>(
        _ body: (any LogTransaction) throws -> Result
    ) throws -> Result {
        // One at a time, so a second one is one inside of the first.
        let refusal: StoreError? = turn.update { turn in
            if turn.isClosed { return .storeClosed }
            if turn.isTaken {
                return StoreError(.constraint, "a transaction was begun inside of another")
            }
            turn.isTaken = true
            return nil
        }
        if let refusal { throw refusal }
        defer { turn.update { $0.isTaken = false } }
        let transaction = NullTransaction(store: self)
        defer { transaction.isEnded = true }
        let result = try body(transaction)
        if let failure = transaction.failure { throw failure }
        state.withLock { state in
            state.commit(transaction.batches, transaction.credentials)
            for change in transaction.removals { state.apply(change) }
        }
        return result
    }

    /// There are no files.
    package func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) {
        state.withLock { state in
            for index in ranges.joined() { state.forgetLookups(of: index) }
        }
    }

    package func close() {
        turn.update { $0.isClosed = true }
        state.withLock { $0 = State(isClosed: true) }
    }

    fileprivate func read<Result>(
        _ body: (borrowing State) throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        var outcome = Swift.Result<Result, StoreError>.failure(.storeClosed)
        state.withLock { state in
            guard !state.isClosed else { return }
            outcome = Swift.Result { () throws(StoreError) in try body(state) }
        }
        return try outcome.get()
    }
}

extension StoreError {
    fileprivate static let storeClosed = StoreError(.closed, "the store is closed")
}

/// What takes content away.
private enum Removal {
    case all(Range<UInt64>, by: UInt64)
    case fields(UInt64, left: [RemainingField])
}

/// All that a store without a disk holds.
private struct State {
    var isClosed = false
    var head: StoredHead?
    /// What is kept of each entry's content; nil for what was removed.
    var contents: [StoredContent?] = []
    var removedBy: [UInt64: UInt64] = [:]
    var entries: [SequencedEntry] = []
    var tiles: [NodeCoordinate: [UInt8]] = [:]
    var byKey: [LookupKey: [UInt64]] = [:]
    var credentials: [StoredCredential] = []

    mutating func commit(_ batches: [SequencedBatch], _ added: [StoredCredential]) {
        credentials += added
        for batch in batches {
            for (index, entry) in zip(batch.firstIndex..., batch.entries) {
                for key in entry.keys { byKey[key, default: []].append(index) }
            }
            contents += batch.entries.map(\.content)
            entries += batch.entries.map(\.withoutContent)
            for (tile, bytes) in batch.tiles { tiles[tile] = bytes }
            head = batch.head
        }
    }

    mutating func apply(_ removal: Removal) {
        switch removal {
        case .all(let range, let by):
            for index in range where removedBy[index] == nil {
                contents[Int(index)] = nil
                removedBy[index] = by
            }
        case .fields(let index, let left): contents[Int(index)] = StoredContent(reducedTo: left)
        }
    }

    mutating func forgetLookups(of index: UInt64) {
        // Of a reduced record the keys of what is left stand, and of the rest a hash in memory.
        guard index < UInt64(entries.count), contents[Int(index)] == nil else { return }
        for key in entries[Int(index)].lookups { byKey[key]?.removeAll { $0 == index } }
    }

    func hashTile(level: UInt8, index: UInt64) -> [UInt8]? {
        guard level == 0 else { return tiles[.tile(level, index)] }
        guard index <= UInt64(entries.count) / 256 else { return nil }
        let first = Int(index) * 256
        let hashes = entries[first..<min(first + 256, entries.count)].map(\.leafHash)
        return hashes.isEmpty ? nil : hashes.flatMap(\.bytes)
    }
}

extension SequencedEntry {
    /// The entry without what a removal must be able to take away.
    fileprivate var withoutContent: SequencedEntry {
        with(StoredContent(record: [], seed: .zero, formDigest: .zero))
    }

    fileprivate func with(_ content: StoredContent) -> SequencedEntry {
        SequencedEntry(
            leaf: leaf, leafHash: leafHash, submission: submission, content: content,
            lookups: lookups)
    }

    fileprivate var keys: [LookupKey] {
        [
            LookupKey(.leafHash, digest: leafHash),
            LookupKey(.submissionKey, digest: submission.key),
        ] + lookups
    }
}

extension SequencedBatch {
    /// The tiles above level 0 that the batch filled or widened.
    fileprivate var tiles: [(NodeCoordinate, [UInt8])] {
        growth.sealed.filter { $0.level > 0 }.map { (.tile($0.level, $0.index), $0.bytes) }
            + growth.partials.map { (.tile($0.level, $0.index), $0.bytes) }
    }
}

extension NodeCoordinate {
    /// Level and index of a tile, as a key.
    fileprivate static func tile(_ level: UInt8, _ index: UInt64) -> NodeCoordinate {
        NodeCoordinate(height: level, index: index)
    }
}

/// The reads of a store without a disk.
private struct NullReader: LogReader {
    let store: NullStore

    func head() throws(StoreError) -> StoredHead? {
        try store.read { (state) throws(StoreError) in state.head }
    }

    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] {
        try store.read { (state) throws(StoreError) in
            let range = range.clamped(to: 0..<UInt64(state.entries.count))
            return state.entries[Int(range.lowerBound)..<Int(range.upperBound)].map(\.leaf)
        }
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try store.read { (state) throws(StoreError) in
            state.hashTile(level: level, index: index)
        }
    }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try store.read { (state) throws(StoreError) in
            index < UInt64(state.contents.count) ? state.contents[Int(index)] : nil
        }
    }

    func removal(at index: UInt64) throws(StoreError) -> UInt64? {
        try store.read { (state) throws(StoreError) in state.removedBy[index] }
    }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        try store.read { (state) throws(StoreError) in
            let size = UInt64(state.contents.count)
            return indexes.filter { $0 < size }.compactMap { index in
                state.contents[Int(index)].map { IndexedContent(index: index, content: $0) }
            }
        }
    }

    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        try store.read { (state) throws(StoreError) in
            guard index < UInt64(state.entries.count) else {
                throw StoreError(
                    .corrupt, "the submission of index \(index) is missing", firstBadIndex: index)
            }
            return state.entries[Int(index)].submission
        }
    }

    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? {
        try store.read { (state) throws(StoreError) in
            state.byKey[LookupKey(.leafHash, digest: hash)]?
                .first { state.entries[Int($0)].leafHash == hash }
        }
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try store.read { (state) throws(StoreError) in
            state.byKey[LookupKey(.submissionKey, digest: key)]?
                .first { state.entries[Int($0)].submission.key == key }
        }
    }

    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try store.read { (state) throws(StoreError) in
            let found = (state.byKey[key] ?? []).filter(range.contains)
            return Array((descending ? found.reversed() : found).prefix(limit))
        }
    }

    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        try store.read { (state) throws(StoreError) in
            let range = range.clamped(to: 0..<UInt64(state.entries.count))
            var found: [LookupStretch] = []
            for index in range {
                let keys = state.entries[Int(index)].lookups.map(\.rawValue)
                guard let time = keys.first(where: { $0 >> 48 == span.field.rawValue }),
                    span.outer ~= time & LookupKey.mostMilliseconds
                else { continue }
                found.extend(by: LookupStretch(range: index..<index + 1, isInside: false))
            }
            return found
        }
    }

    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        try store.read { (state) throws(StoreError) in
            let place = Int(number) - 1
            return state.credentials.indices.contains(place) ? state.credentials[place] : nil
        }
    }
}

/// What a transaction has written, beside what is committed.
private final class NullTransaction: LogTransaction {
    let store: NullStore
    var batches: [SequencedBatch] = []
    var credentials: [StoredCredential] = []
    var removals: [Removal] = []
    var failure: StoreError?
    var isEnded = false

    init(store: NullStore) { self.store = store }

    private var reader: NullReader {
        get throws(StoreError) {
            guard !isEnded else { throw .storeClosed }
            return NullReader(store: store)
        }
    }

    func head() throws(StoreError) -> StoredHead? {
        let committed = try reader.head()
        return batches.last?.head ?? committed
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try reader.index(ofSubmissionKey: key)
    }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        let committed = try reader.content(at: index)
        return committed ?? entry(at: index)?.content
    }

    func number(of credential: StoredCredential) throws(StoreError) -> UInt32 {
        _ = try reader
        let committed = try store.read { (state) throws(StoreError) in state.credentials }
        let all = committed + credentials
        // Byte for byte: two spellings of one character are two names.
        let place = all.firstIndex {
            $0.tenant.utf8.elementsEqual(credential.tenant.utf8)
                && $0.name.utf8.elementsEqual(credential.name.utf8)
        }
        if place == nil { credentials.append(credential) }
        return UInt32((place ?? all.count) + 1)
    }

    func append(_ batch: SequencedBatch) throws(StoreError) {
        let size = try head()?.treeHead.size ?? 0
        guard batch.firstIndex == size, batch.growth.oldHead.size == size,
            batch.growth.newHead == batch.head.treeHead,
            batch.head.treeHead.size == size + UInt64(batch.entries.count)
        else {
            let error = StoreError(.constraint, "the batch does not begin where the log ends")
            failure = failure ?? error
            throw error
        }
        batches.append(batch)
    }

    func remove(_ range: Range<UInt64>, by: UInt64) throws(StoreError) {
        guard let last = range.last else { return }
        try announced(by, above: last)
        removals.append(.all(range, by: by))
    }

    func reduce(
        _ index: UInt64, to fields: [RemainingField], by: UInt64
    ) throws(StoreError) {
        try announced(by, above: index)
        guard try reader.content(at: index) != nil else {
            throw failed("fields go from a record that is there")
        }
        removals.append(.fields(index, left: fields))
    }

    private func announced(_ by: UInt64, above last: UInt64) throws(StoreError) {
        let size = try reader.head()?.treeHead.size ?? 0
        guard last < by, by < size else { throw failed("a removal is announced first") }
    }

    private func failed(_ message: String) -> StoreError {
        let error = StoreError(.constraint, message)
        failure = failure ?? error
        return error
    }

    func reread(_ range: Range<UInt64>) throws(StoreError) -> [RereadEntry] {
        let committed = try committedEntries(range)
        let start = range.lowerBound + UInt64(committed.count)
        let all = committed + (start..<range.upperBound).compactMap { entry(at: $0) }
        return all.map {
            RereadEntry(leaf: $0.leaf, submission: $0.submission, content: $0.content)
        }
    }

    private func committedEntries(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [SequencedEntry] {
        _ = try reader
        return try store.read { (state) throws(StoreError) in
            let range = range.clamped(to: 0..<UInt64(state.entries.count))
            return range.compactMap { index in
                state.contents[Int(index)].map { state.entries[Int(index)].with($0) }
            }
        }
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        let committed = try reader.hashTile(level: level, index: index)
        guard level == 0 else {
            let tile = NodeCoordinate.tile(level, index)
            return batches.last?.tiles.first { $0.0 == tile }?.1 ?? committed
        }
        let first = index * 256
        let open = (first..<first + 256).compactMap { entry(at: $0)?.leafHash.bytes }
        let bytes = (committed ?? []) + open.joined()
        return bytes.isEmpty ? nil : bytes
    }

    /// An entry of this transaction.
    private func entry(at index: UInt64) -> SequencedEntry? {
        guard
            let batch = batches.last(where: { $0.firstIndex <= index }),
            index - batch.firstIndex < UInt64(batch.entries.count)
        else { return nil }
        return batch.entries[Int(index - batch.firstIndex)]
    }
}
