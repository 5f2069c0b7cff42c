// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import Merkle
import Testing

@testable import TransparencyLog

/// What was announced in a published head goes, whatever a crash left undone.
@Suite struct AnnouncementTests {
    private func open(_ fixture: Fixture) async throws -> Log {
        try await fixture.open(ledger: ErasureLedger.open(path: fixture.ledgerPath))
    }

    private func fill(_ log: Log, _ fixture: Fixture, _ count: Int) async throws {
        _ = try await log.submit((0..<count).map { fixture.submission("k\($0)", text: "t\($0)") })
    }

    /// The index of a record that was taken.
    private func add(_ submission: Submission, _ log: Log) async throws -> UInt64 {
        guard case .accepted(let record)? = try await log.submit([submission]).first else {
            throw StoreError(.constraint, "it is not new")
        }
        return record.index
    }

    private func entries(_ fixture: Fixture) throws -> [ErasureLedger.Entry] {
        try ErasureLedger.read(path: fixture.ledgerPath).entries
    }

    @Test("A start carries out what the log announced and the ledger does not name")
    func start() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        let removals = [Removal(1..<4), Removal(index: 6, names: ["details"])]
        let first = try await add(records.announcement("a", removals), log)
        let second = try await add(
            records.announcement("b", [Removal(4..<6)], firstContent: 6), log)
        // One that speaks of itself announces nothing.
        _ = try await add(records.announcement("c", [Removal(index: 11)]), log)
        await log.shutDown()
        #expect(try entries(fixture).isEmpty)
        let again = try await open(fixture)
        for index in 1..<6 as Range<UInt64> {
            #expect(try await again.content(at: index) == nil)
            #expect(try await again.removal(at: index) == (index < 4 ? first : second))
        }
        #expect(try await again.content(at: 6)?.erased.map(\.name) == ["details"])
        #expect(try await again.content(at: 7) != nil)
        #expect(try await again.content(at: 11) != nil)
        #expect(again.firstContentIndex == 6)
        #expect(
            try entries(fixture) == [
                .init(request: first, removals: removals, isComplete: true),
                .init(
                    request: second, removals: [Removal(4..<6)], firstContent: 6,
                    isComplete: true),
            ])
        let size = again.published.head.size
        #expect(size == 14)
        await again.shutDown()
        let third = try await open(fixture)
        #expect(third.published.head.size == size)
        await third.shutDown()
    }

    @Test("A ledger that was lost is made again from the log, and nothing is said twice")
    func lostLedger() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        for (key, removal, first) in [
            ("a", Removal(index: 2), nil), ("b", Removal(index: 5, names: ["details"]), nil),
            ("c", Removal(1..<4), 4),
        ] as [(String, Removal, UInt64?)] {
            let act = ErasureAct(
                [removal], announcement: records.announcement(key, [removal], firstContent: first),
                firstContent: first)
            _ = try await log.erase([act], records: records)
        }
        let (size, known) = (log.published.head.size, try entries(fixture))
        await log.shutDown()
        #expect(known.count == 3 && known.allSatisfy(\.isComplete))
        try FileManager.default.removeItem(atPath: fixture.ledgerPath)
        let again = try await open(fixture)
        #expect(try entries(fixture) == known)
        #expect(again.published.head.size == size && again.firstContentIndex == 4)
        await again.shutDown()
    }

    @Test("What a failure left announced goes before the next erasure, and has its line")
    func live() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        let left = try await add(records.announcement("a", [Removal(index: 3)]), log)
        let next = try await log.erase(
            [Removal(index: 5)], announcement: records.announcement("b", [Removal(index: 5)]),
            records: records)
        #expect(try await log.content(at: 3) == nil)
        #expect(try await log.content(at: 5) == nil)
        #expect(try entries(fixture).map(\.request) == [left, next.index])
        #expect(try entries(fixture).allSatisfy(\.isComplete))
        await log.shutDown()
    }

    @Test("What a hold keeps that was placed since waits, is told once, and goes at its release")
    func held() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        let free = try await add(records.announcement("a", [Removal(index: 1)]), log)
        let kept = try await add(records.announcement("b", [Removal(2..<5)]), log)
        let hold = try await add(records.hold(4), log)
        let ended = try await add(records.hold(1), log)
        _ = try await add(records.release(ended), log)
        await log.shutDown()
        var size: UInt64 = 0
        for start in 0..<2 {
            let again = try await open(fixture)
            #expect(try await again.content(at: 1) == nil)
            for index in 2..<5 as Range<UInt64> {
                #expect(try await again.content(at: index) != nil)
            }
            #expect(try entries(fixture).map(\.request) == [free, kept])
            #expect(try entries(fixture).map(\.isComplete) == [true, false])
            // The completion of one, and that the other waits.
            if start == 0 { size = again.published.head.size }
            #expect(again.published.head.size == size && size == 16)
            await again.shutDown()
        }
        let last = try await open(fixture)
        _ = try await add(records.release(hold), last)
        try await last.eraseWaiting(records: records)
        for index in 2..<5 as Range<UInt64> {
            #expect(try await last.content(at: index) == nil)
        }
        #expect(try entries(fixture).allSatisfy(\.isComplete))
        #expect(last.erasureCounts == (2, 0))
        await last.shutDown()
    }

    @Test("A hold placed before an announcement does not stand against it")
    func heldBefore() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 4)
        _ = try await add(records.hold(2), log)
        _ = try await add(records.announcement("a", [Removal(index: 2)]), log)
        await log.shutDown()
        let again = try await open(fixture)
        #expect(try await again.content(at: 2) == nil)
        await again.shutDown()
    }

    @Test("The ledger names the holds that stand, and one whose record is lost keeps what is open")
    func lostHold() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let store = AlteredStore()
        let log = try await fixture.open(store: store)
        try await fill(log, fixture, 4)
        _ = try await add(records.announcement("a", [Removal(index: 2)]), log)
        let hold = try await add(records.hold(4), log)
        try await log.note(hold: hold)
        // It holds another record; once it is lost, nobody knows which.
        store.alter(hold, to: nil)
        #expect(try await log.lostHolds() == [hold])
        try await log.eraseWaiting(records: records)
        #expect(try await log.content(at: 2) != nil)
        #expect(log.erasureCounts == (1, 1))
        try await log.note(released: hold)
        #expect(try await log.lostHolds().isEmpty)
        try await log.eraseWaiting(records: records)
        #expect(try await log.content(at: 2) == nil)
        await log.shutDown()
    }

    @Test("A start has the ledger name the holds of before")
    func holdsOfBefore() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let log = try await open(fixture)
        try await fill(log, fixture, 4)
        let (one, two) = (
            try await add(records.hold(2), log), try await add(records.hold(3), log)
        )
        _ = try await add(records.release(one), log)
        await log.shutDown()
        for _ in 0..<2 {
            await (try await open(fixture)).shutDown()
            #expect(try ErasureLedger.read(path: fixture.ledgerPath).standingHolds == [two])
        }
        // A ledger that names a hold which the store ends before stops the start.
        try ErasureLedger.open(path: fixture.ledgerPath).hold(40)
        await #expect(throws: StartupRefusal.self) { try await open(fixture) }
    }

    @Test("An announcement that is not what was committed destroys nothing")
    func altered() async throws {
        let fixture = try Fixture()
        let records = TestRecords(keys: fixture.keys)
        let store = AlteredStore()
        let log = try await fixture.open(store: store)
        try await fill(log, fixture, 8)
        let request = try await add(records.announcement("a", [Removal(index: 3)]), log)
        let sound = try #require(try await log.content(at: request))
        let other = records.announcement("x", [Removal(index: 4)]).content
        store.alter(request, to: sound.changed(record: other.record))
        let failure = await #expect(throws: LogError.self) {
            try await log.eraseWaiting(records: records)
        }
        #expect(failure?.code == .erasureUnfinished)
        for index in 3..<5 as Range<UInt64> {
            #expect(try await log.content(at: index) != nil)
        }
        #expect(log.erasureCounts == (0, 0))
        store.alter(request, to: sound)
        try await log.eraseWaiting(records: records)
        #expect(try await log.content(at: 3) == nil)
        #expect(try await log.content(at: 4) != nil)
        await log.shutDown()
    }
}
