// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import LogClient
import LogCrypto
import LogStorage
import NIOCore
import Testing

@testable import LogServer

/// A store whose transactions find no content any more, as after an erasure.
struct ErasedStore: LogStore {
    let base = NullStore()

    var durability: StoreDurability { base.durability }
    var reader: any LogReader { base.reader }
    func close() { base.close() }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        try base.transaction { try body(ErasedTransaction(base: $0)) }
    }
}

struct ErasedTransaction: LogTransaction {
    let base: any LogTransaction

    func head() throws(StoreError) -> StoredHead? { try base.head() }
    func append(_ batch: SequencedBatch) throws(StoreError) { try base.append(batch) }
    func content(at index: UInt64) throws(StoreError) -> StoredContent? { nil }

    func reread(_ range: Range<UInt64>) throws(StoreError) -> [RereadEntry] {
        try base.reread(range)
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofSubmissionKey: key)
    }

    func number(of credential: StoredCredential) throws(StoreError) -> UInt32 {
        try base.number(of: credential)
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try base.hashTile(level: level, index: index)
    }
}

@Suite("After an erasure")
struct ErasedReplayTests {
    @Test("A key still answers, with the receipt and the word that the content is erased")
    func replay() async throws {
        let fixture = try await ServerFixture(store: ErasedStore())
        let first = try await fixture.submit(ServerFixture.record("a"), key: "k")
        #expect(first.status == .created)
        let again = try await fixture.submit(ServerFixture.record("other"), key: "k")
        #expect(again.status == .ok)
        let receipt = try Receipt(parsing: Array(again.body.readableBytesView))
        #expect(receipt.isErased)
        #expect(receipt.leaf == (try Receipt(parsing: Array(first.body.readableBytesView))).leaf)
    }
}
