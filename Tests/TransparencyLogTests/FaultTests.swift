// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Merkle
import Synchronization
import Testing

@testable import TransparencyLog

/// A store whose next commit goes wrong in a chosen way.
final class FaultyStore: LogStore {
    enum Fault: Sendable, CaseIterable {
        /// The body is refused before anything is written.
        case failsBefore
        /// The volume is full before anything is written.
        case full
        /// COMMIT fails, and nothing was written.
        case unknownNotPersisted
        /// COMMIT fails, and all was written.
        case unknownPersisted
        /// The database changes a record on its way in.
        case altersRecord
        /// Another process has moved the head.
        case fenceLost
    }

    private let base: any LogStore
    private let fault = Mutex<Fault?>(nil)
    let heads = HeadFaults()

    init(_ base: any LogStore) { self.base = base }

    func next(_ fault: Fault) { self.fault.withLock { $0 = fault } }

    var durability: StoreDurability { base.durability }
    var reader: any LogReader { FaultyReader(base: base.reader, heads: heads) }
    func wipe(_ ranges: [Range<UInt64>]) throws(StoreError) { try base.wipe(ranges) }
    func close() { base.close() }

    func transaction<Result>(_ body: (any LogTransaction) throws -> Result) throws -> Result {
        let fault = fault.withLock { fault in
            defer { fault = nil }
            return fault
        }
        switch fault {
        case nil:
            return try base.transaction(body)
        case .failsBefore:
            throw StoreError(.inputOutput, "injected")
        case .full:
            throw StoreError(.full, "injected")
        case .unknownNotPersisted:
            throw StoreError(.outcomeUnknown, "injected")
        case .unknownPersisted:
            _ = try base.transaction(body)
            throw StoreError(.outcomeUnknown, "injected")
        case .altersRecord, .fenceLost:
            return try base.transaction { try body(AlteringTransaction($0, fault: fault)) }
        }
    }
}

/// Gives back something else than was written.
struct AlteringTransaction: LogTransaction {
    let base: any LogTransaction
    let fault: FaultyStore.Fault?

    init(_ base: any LogTransaction, fault: FaultyStore.Fault?) {
        self.base = base
        self.fault = fault
    }

    func head() throws(StoreError) -> StoredHead? {
        let head = try base.head()
        guard fault == .fenceLost, let head else { return head }
        return StoredHead(
            treeHead: head.treeHead, commit: head.commit + 1,
            lastLeafTimestampMS: head.lastLeafTimestampMS, lastMAC: head.lastMAC,
            committedAtMS: head.committedAtMS)
    }

    func reread(_ range: Range<UInt64>) throws(StoreError) -> [RereadEntry] {
        let entries = try base.reread(range)
        guard fault == .altersRecord else { return entries }
        return entries.map { entry in
            var record = entry.content.record
            record[record.count / 2] ^= 1
            return RereadEntry(
                leaf: entry.leaf, submission: entry.submission,
                content: entry.content.changed(record: record))
        }
    }

    func index(ofSubmissionKey key: Digest) throws(StoreError) -> UInt64? {
        try base.index(ofSubmissionKey: key)
    }

    func content(at index: UInt64) throws(StoreError) -> StoredContent? {
        try base.content(at: index)
    }

    func number(of credential: StoredCredential) throws(StoreError) -> UInt32 {
        try base.number(of: credential)
    }

    func append(_ batch: SequencedBatch) throws(StoreError) { try base.append(batch) }

    func remove(_ range: Range<UInt64>, by: UInt64) throws(StoreError) {
        try base.remove(range, by: by)
    }

    func reduce(
        _ index: UInt64, to fields: [RemainingField], by: UInt64
    ) throws(StoreError) {
        try base.reduce(index, to: fields, by: by)
    }

    func hashTile(level: UInt8, index: UInt64) throws(StoreError) -> [UInt8]? {
        try base.hashTile(level: level, index: index)
    }
}

struct FaultTests {
    /// For each fault: whether the log goes on without a restart, and how many leaves a restart
    /// finds (the first record, one before the fault, and the faulted one or not).
    @Test(
        "After a failed commit nothing is acknowledged that is not there, and nothing is lost",
        arguments: [
            (FaultyStore.Fault.failsBefore, goesOn: false, leaves: UInt64(2)),
            (.full, true, 2), (.unknownNotPersisted, false, 2), (.unknownPersisted, false, 3),
            (.altersRecord, false, 2), (.fenceLost, false, 2),
        ])
    func commit(fault: FaultyStore.Fault, goesOn: Bool, leaves: UInt64) async throws {
        let fixture = try Fixture()
        let store = FaultyStore(try fixture.openStore())
        let log = try await fixture.open(store: store)
        _ = try await log.submit([fixture.submission("before")])
        let before = log.published.head
        store.next(fault)
        await #expect(throws: LogError.self) {
            try await log.submit([fixture.submission("faulted")])
        }
        #expect(log.published.head == before, "a head was shown over a failed commit")
        #expect(try await log.checkpoint().hasPrefix("log.example.com/test\n2\n"))
        #expect(log.health.isReady == goesOn)
        if !goesOn {
            await #expect(throws: LogError.self) {
                try await log.submit([fixture.submission("after")])
            }
        }
        await log.shutDown()

        let again = try await fixture.open()
        #expect(again.published.head.size == leaves)
        let outcome = try await again.submit([fixture.submission("faulted")])[0]
        switch outcome {
        case .accepted(let record): #expect(leaves == 2 && record.index == 2)
        case .replayed(let record, _): #expect(leaves == 3 && record.index == 2)
        case .conflict: Issue.record("a retry met other content")
        }
        let proof = try await again.consistency(from: before.size, to: again.published.head.size)
        try proof.verify(from: before, to: again.published.head)
        await again.shutDown()
    }

    @Test("A transaction that failed leaves the chain's tip where it was")
    func chain() async throws {
        let fixture = try Fixture()
        let store = FaultyStore(try fixture.openStore())
        let log = try await fixture.open(store: store)
        store.next(.full)
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("a")]) }
        _ = try await log.submit([fixture.submission("a"), fixture.submission("b")])
        var previous = fixture.keys.schedule.genesis(fixture.keys.identity.origin)
        for (index, leaf) in zip(UInt64(0)..., try store.reader.leaves(0..<3)) {
            let mac = fixture.keys.schedule.key(at: index).mac(
                index: index, timestampMS: leaf.timestampMS, commitment: leaf.commitment,
                previous: previous)
            #expect(mac == leaf.mac)
            previous = mac
        }
        await log.shutDown()
    }

    @Test("After a signature that failed, a retry with the same key collects the receipt")
    func signature() async throws {
        let fixture = try Fixture()
        let fails = Mutex(false)
        let signer = fixture.keys.signer
        let log = try await fixture.open(signing: { head in
            if fails.withLock({ $0 }) { throw CocoaError(.userCancelled) }
            return try signer.signVerified(head)
        })
        fails.withLock { $0 = true }
        for _ in 0..<2 {
            let error = await #expect(throws: LogError.self) {
                try await log.submit([fixture.submission("a")])
            }
            #expect(error?.code == .notPublished)
        }
        #expect(log.published.head.size == 1 && log.health.isReady)
        fails.withLock { $0 = false }
        guard case .replayed(let record, false) = try await log.submit([fixture.submission("a")])[0]
        else {
            Issue.record("the retry did not find its record")
            return
        }
        #expect(record.index == 1 && log.published.head.size == 2)
        await log.shutDown()
    }

    @Test(
        "A failed anchor write stops the log for good, and shows no head; a restart goes on",
        arguments: [FaultyAnchorFile.Fault.failsBefore, .failsAfterPersisting])
    func anchor(fault: FaultyAnchorFile.Fault) async throws {
        let fixture = try Fixture()
        let file = FaultyAnchorFile(try AnchorFileOnDisk(path: fixture.anchorPath))
        let log = try await fixture.open(anchor: Anchor(file, holding: []))
        let before = log.published.head
        file.next(fault)
        for _ in 0..<2 {
            await #expect(throws: LogError.self) { try await log.submit([fixture.submission("a")]) }
        }
        #expect(log.published.head == before && !log.health.isReady)
        #expect(file.writesAfterFault == 0, "what a later write reports cannot be believed")
        await log.shutDown()

        let again = try await fixture.open()
        let outcome = try await again.submit([fixture.submission("a")])[0]
        guard case .replayed(let record, false) = outcome else {
            Issue.record("the committed record was not found")
            return
        }
        #expect(record.index == 1 && again.published.head.size == 2)
        await again.shutDown()
    }

    @Test("A head that is not what was committed is never signed, and stops the log")
    func otherHead() async throws {
        let fixture = try Fixture()
        let signer = fixture.keys.signer
        let log = try await fixture.open(signing: { head in
            if head.size > 1 { throw SequencerFault.headDiffers }
            return try signer.signVerified(head)
        })
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("a")]) }
        #expect(!log.health.isReady && log.published.head.size == 1)
        await log.shutDown()
    }
}
