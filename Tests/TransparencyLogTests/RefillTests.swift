// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Merkle
import SQLiteStorage
import Testing

@testable import TransparencyLog

@Suite("Bringing back what a store lost")
struct RefillTests {
    /// A log whose store was set back, and what a mirror has of the rest.
    private struct Loss {
        let fixture: Fixture
        let leaves: [Leaf]
        let head: TreeHead
        let note: String
        /// What a client got before the loss, for every record.
        let receipts: [SequencedRecord]
    }

    private static func loss(kept: Int, lost: Int) async throws -> Loss {
        let fixture = try Fixture()
        let log = try await fixture.open()
        var receipts = try await submit(kept - 1, to: log, fixture)
        await log.shutDown()
        let old = fixture.folder.path + "/old"
        try FileManager.default.copyItem(atPath: fixture.data, toPath: old)
        let more = try await fixture.open()
        receipts += try await submit(lost, to: more, fixture)
        let (head, note) = (more.published.head, try await more.checkpoint())
        let leaves = try more.reader.leaves(UInt64(kept)..<head.size)
        await more.shutDown()
        try FileManager.default.removeItem(atPath: fixture.data)
        if kept > 0 { try FileManager.default.copyItem(atPath: old, toPath: fixture.data) }
        return Loss(fixture: fixture, leaves: leaves, head: head, note: note, receipts: receipts)
    }

    private static func submit(
        _ count: Int, to log: Log, _ fixture: Fixture
    ) async throws -> [SequencedRecord] {
        let first = log.published.head.size
        guard count > 0 else { return [] }
        return try await log.submit((0..<count).map { fixture.submission("r \(first) \($0)") })
            .compactMap { if case .accepted(let record) = $0 { record } else { nil } }
    }

    private static func refill(
        _ loss: Loss, leaves: [Leaf]? = nil, store: (any LogStore)? = nil
    ) throws -> Refill.Outcome {
        let fixture = loss.fixture
        let store = try store ?? fixture.openStore()
        defer { store.close() }
        let anchor = try Anchor.open(path: fixture.anchorPath)
        defer { anchor.release() }
        let refill = try Refill(
            keys: fixture.keys, store: store, anchor: anchor, wallMS: fixture.clock.read().wallMS)
        return try refill.run(
            leaves: leaves ?? loss.leaves, head: loss.head, note: loss.note,
            wallMS: fixture.clock.read().wallMS
        ) { lost, _ in
            TestRecords(keys: fixture.keys).submission(
                key: "recovered", type: "log.recovered",
                text: "\(lost.lowerBound) \(lost.count)")
        }
    }

    @Test(
        "The log goes on, every receipt from before holds, and what is lost says so",
        arguments: [(3, 1), (3, 400), (256, 256), (200, 700), (513, 3)])
    func refilled(kept: Int, lost: Int) async throws {
        let loss = try await Self.loss(kept: kept, lost: lost)
        await #expect(throws: StartupRefusal.self) { try await loss.fixture.open() }
        let outcome = try Self.refill(loss)
        #expect(outcome.lost == UInt64(kept)..<UInt64(kept + lost))
        #expect(outcome.recordIndex == UInt64(kept + lost))
        let log = try await loss.fixture.open()
        #expect(log.published.head.size == UInt64(kept + lost) + 1)
        for receipt in loss.receipts {
            let now = try await log.record(at: receipt.index)
            #expect(now.leaf == receipt.leaf)
            #expect(try await log.index(ofLeafHash: receipt.leaf.hash) == receipt.index)
        }
        #expect(try await log.content(at: UInt64(kept - 1)) != nil)
        #expect(try await log.content(at: UInt64(kept)) == nil)
        #expect(try await log.credential(at: UInt64(kept)) == .lost)
        #expect(try await Self.submit(3, to: log, loss.fixture).count == 3)
        let proof = try await log.consistency(from: loss.head.size, to: log.published.head.size)
        try proof.verify(from: loss.head, to: log.published.head)
        await log.shutDown()
        // The rules of the database are what they were.
        let again = try await loss.fixture.open()
        await again.shutDown()
    }

    @Test("A store that is gone altogether comes back as leaves")
    func wholeStore() async throws {
        let loss = try await Self.loss(kept: 0, lost: 300)
        let outcome = try Self.refill(loss)
        #expect(outcome.lost == 0..<loss.head.size)
        let log = try await loss.fixture.open()
        #expect(log.published.head.size == loss.head.size + 1)
        await log.shutDown()
    }

    @Test("Leaves that are not the log's own are refused, and nothing is written")
    func foreignLeaves() async throws {
        let loss = try await Self.loss(kept: 5, lost: 20)
        for place in [0, 7, 19] {
            var leaves = loss.leaves
            let leaf = leaves[place]
            leaves[place] = Leaf(
                timestampMS: leaf.timestampMS + 1_000, commitment: leaf.commitment, mac: leaf.mac)
            #expect(throws: StartupRefusal.self) { try Self.refill(loss, leaves: leaves) }
        }
        await #expect(throws: StartupRefusal.self) { try await loss.fixture.open() }
        _ = try Self.refill(loss)
    }

    @Test("A crash after the anchor has moved, and one of unknown outcome, are gone on from")
    func interrupted() async throws {
        for fault in [FaultyStore.Fault.failsBefore, .unknownPersisted, .unknownNotPersisted] {
            let loss = try await Self.loss(kept: 5, lost: 20)
            let store = FaultyStore(try loss.fixture.openStore())
            store.next(fault)
            #expect(throws: (any Error).self) { try Self.refill(loss, store: store) }
            // Where the commit was made and its answer lost, the next start goes on by itself.
            if fault != .unknownPersisted { _ = try Self.refill(loss) }
            let log = try await loss.fixture.open()
            #expect(log.published.head.size == loss.head.size + 1)
            await log.shutDown()
        }
    }

    @Test("A record of the loss explains what comes just before it, and nothing else")
    func explained() {
        var missing = MissingPayloads()
        for index in [3, 7, 8, 9] as [UInt64] { missing.add(index) }
        missing.explainLoss(of: 3..<9, by: 10)
        #expect(missing.unexplained == [3..<4, 7..<10], "it does not end at the record")
        missing.explainLoss(of: 8..<10, by: 10)
        #expect(missing.unexplained == [3..<4, 7..<8] && missing.lostCount == 2)
    }
}
