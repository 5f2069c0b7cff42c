// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Testing

@testable import TransparencyLog

@Suite("Erasures whose announcements are lost")
struct LostAnnouncementsTests {
    private func log(_ fixture: Fixture) async throws -> Log {
        let log = try await fixture.open()
        _ = try await log.submit((0..<9).map { fixture.submission("k\($0)") })
        return log
    }

    @Test("What no record announces any more is announced anew, what is gone is not")
    func anew() async throws {
        let fixture = try Fixture()
        let log = try await log(fixture)
        let reader = log.reader
        let known = ErasureLedger.Entry(
            request: 8, removals: [Removal(index: 1)], isComplete: true)
        let lost = [
            ErasureLedger.Entry(request: 40, removals: [Removal(2..<4)], isComplete: true),
            ErasureLedger.Entry(
                request: 41,
                removals: [
                    Removal(index: 3, names: ["details"]),
                    Removal(index: 5, names: ["details", "absent"]), Removal(index: 30),
                ]),
            ErasureLedger.Entry(request: 42, removals: [Removal(index: 5, names: ["type"])]),
        ]
        let found = try LostAnnouncements(
            of: LedgerContents(entries: [known] + lost), in: reader, size: 10)
        #expect(
            found.groups.map(\.removals) == [
                [
                    Removal(index: 2), Removal(index: 3),
                    Removal(index: 5, names: ["details", "type"]),
                ]
            ])
        #expect(found.groups.map(\.tenant) == ["acme"])
        let entries = found.contents(announcedFrom: 50).entries
        #expect(entries.map(\.request) == [8, 50])
        #expect(entries.map(\.isComplete) == [true, false])
        await log.shutDown()
    }

    @Test("A store that has every announcement needs none")
    func complete() async throws {
        let fixture = try Fixture()
        let log = try await log(fixture)
        let ledger = LedgerContents(
            entries: [ErasureLedger.Entry(request: 9, removals: [Removal(1..<4)])], holds: [8])
        let found = try LostAnnouncements(of: ledger, in: log.reader, size: 10)
        #expect(found.groups.isEmpty && found.contents(announcedFrom: 10) == ledger)
        await log.shutDown()
    }

    @Test("Many of them take several announcements")
    func many() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit((0..<300).map { fixture.submission("k\($0)") })
        let entry = ErasureLedger.Entry(request: 400, removals: [Removal(1..<301)])
        let found = try LostAnnouncements(
            of: LedgerContents(entries: [entry]), in: log.reader, size: 301)
        #expect(found.groups.map(\.removals.count) == [256, 44])
        #expect(found.contents(announcedFrom: 301).entries.map(\.request) == [301, 302])
        await log.shutDown()
    }

    @Test("A prune is announced anew as what it was, and so is a run of the rules")
    func prunes() async throws {
        let fixture = try Fixture()
        let log = try await log(fixture)
        let ledger = LedgerContents(entries: [
            .init(request: 40, removals: [Removal(index: 4)], isComplete: true),
            .init(
                request: 41, removals: [Removal(1..<3)], isPrune: true, isComplete: true),
            .init(
                request: 42, removals: [Removal(1..<6), Removal(7..<20)], firstContent: 20,
                isComplete: true),
        ])
        let found = try LostAnnouncements(of: ledger, in: log.reader, size: 9)
        #expect(found.groups.map(\.isPrune) == [false, true, true])
        #expect(found.groups.map(\.tenant) == ["acme", "acme", nil])
        #expect(
            found.groups.map(\.removals) == [
                [Removal(index: 4)], [Removal(1..<3)],
                [Removal(index: 3), Removal(index: 5), Removal(7..<9)],
            ])
        let entries = found.contents(announcedFrom: 50).entries
        #expect(entries.map(\.firstContent) == [nil, nil, 20])
        #expect(entries.map(\.isPrune) == [false, true, true])
        await log.shutDown()
    }

    @Test("What was not carried out and a lost hold may keep is not announced anew")
    func withheld() async throws {
        let fixture = try Fixture()
        let log = try await log(fixture)
        for (hold, isComplete, count) in [
            (41, false, 1), (41, true, 0), (39, false, 0), (3, false, 0),
        ] as [(UInt64, Bool, Int)] {
            let ledger = LedgerContents(
                entries: [
                    .init(request: 40, removals: [Removal(index: 4)], isComplete: isComplete)
                ], holds: [hold])
            let found = try LostAnnouncements(of: ledger, in: log.reader, size: 9)
            #expect(found.withheldCount == count && found.groups.count == 1 - count)
            #expect(found.contents(announcedFrom: 50).standingHolds == [hold])
        }
        await log.shutDown()
    }

    @Test("Ledgers of one log are merged; those that contradict each other are not")
    func merged() {
        let (one, two) = (
            ErasureLedger.Entry(request: 8, removals: [Removal(index: 1)]),
            ErasureLedger.Entry(request: 9, removals: [Removal(index: 2)])
        )
        let done = ErasureLedger.Entry(request: 8, removals: one.removals, isComplete: true)
        let ledgers = [[two], [], [one, two], [done]].map { LedgerContents(entries: $0) }
        #expect(LedgerContents.merged(ledgers)?.entries == [done, two])
        let other = ErasureLedger.Entry(request: 8, removals: [Removal(index: 3)])
        #expect(
            LedgerContents.merged([
                LedgerContents(entries: [one]), LedgerContents(entries: [other]),
            ]) == nil)
        var released = LedgerContents(holds: [5, 6])
        let isTaken = released.apply(LedgerContents.line(releasing: 6))
        #expect(isTaken)
        let holds = LedgerContents.merged([LedgerContents(holds: [6, 9]), released])
        #expect(holds?.standingHolds == [5, 9] && holds?.lastIndex == 9)
    }

    @Test("A ledger is written and read again as it was")
    func rewritten() throws {
        let fixture = try Fixture()
        let path = fixture.anchorPath + ".erasures"
        let ledger = try ErasureLedger.open(path: path)
        try ledger.announce(
            .init(request: 7, removals: [Removal(index: 1), Removal(3..<5)], firstContent: 5))
        try ledger.announce(
            .init(request: 9, removals: [Removal(index: 2, names: ["a", "b"])]))
        try ledger.announce(.init(request: 10, removals: [Removal(1..<9)], isPrune: true))
        for hold in [8, 11, 8] as [UInt64] { try ledger.hold(hold) }
        for hold in [8, 8, 12] as [UInt64] { try ledger.release(hold) }
        try ledger.complete(7)
        let contents = try ErasureLedger.read(path: path)
        #expect(contents == ledger.contents && contents.standingHolds == [11])
        try ErasureLedger.replace(path: path, with: contents)
        #expect(try ErasureLedger.open(path: path).contents == ledger.contents)
        #expect(try ErasureLedger.read(path: path + ".none") == LedgerContents())
    }
}
