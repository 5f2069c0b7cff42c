// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Synchronization

/// A store in memory of which somebody has altered or taken away content.
final class AlteredStore: LogStore {
    private let base = NullStore()
    private let altered = Mutex<[UInt64: StoredContent?]>([:])

    /// Puts other content in the place of a record's; nil takes it away.
    func alter(_ index: UInt64, to content: StoredContent?) {
        altered.withLock { $0[index] = .some(content) }
    }

    var durability: StoreDurability { base.durability }
    var reader: any LogReader {
        AlteredReader(base: base.reader, altered: altered.withLock(\.self))
    }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        try base.transaction(body)
    }

    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) { try base.wipe(ranges) }
    func close() { base.close() }
}

private struct AlteredReader: LogReader {
    let base: any LogReader
    let altered: [UInt64: StoredContent?]

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        if let other = altered[index] { return other }
        return try base.content(at: index)
    }

    func contents(at indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        var found: [IndexedContent] = []
        for index in indexes {
            guard let content = try content(at: index) else { continue }
            found.append(IndexedContent(index: index, content: content))
        }
        return found
    }

    func head() throws(StoreError) -> StoredHead? { try base.head() }
    func leaves(_ range: Range<UInt64>) throws(StoreError) -> [Leaf] { try base.leaves(range) }
    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try base.hashTile(level: level, index: index)
    }
    func removal(at index: UInt64) throws(StoreError) -> UInt64? { try base.removal(at: index) }
    func submission(at index: UInt64) throws(StoreError) -> StoredSubmission {
        try base.submission(at: index)
    }
    func index(ofLeafHash hash: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofLeafHash: hash)
    }
    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofSubmissionKey: key)
    }
    func indexes(
        of key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        try base.indexes(of: key, in: range, descending: descending, limit: limit)
    }
    func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        try base.stretches(of: span, in: range)
    }
    func credential(_ number: UInt32) throws(StoreError) -> StoredCredential? {
        try base.credential(number)
    }
}
