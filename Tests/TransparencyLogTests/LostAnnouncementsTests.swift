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
        let found = try LostAnnouncements(of: [known] + lost, in: reader, size: 10)
        #expect(
            found.groups.map(\.removals) == [
                [
                    Removal(index: 2), Removal(index: 3),
                    Removal(index: 5, names: ["details", "type"]),
                ]
            ])
        #expect(found.groups.map(\.tenant) == ["acme"])
        let entries = found.entries(announcedFrom: 50)
        #expect(entries.map(\.request) == [8, 50])
        #expect(entries.map(\.isComplete) == [true, false])
        await log.shutDown()
    }

    @Test("A store that has every announcement needs none")
    func complete() async throws {
        let fixture = try Fixture()
        let log = try await log(fixture)
        let entries = [ErasureLedger.Entry(request: 9, removals: [Removal(1..<4)])]
        let found = try LostAnnouncements(of: entries, in: log.reader, size: 10)
        #expect(found.groups.isEmpty && found.entries(announcedFrom: 10) == entries)
        await log.shutDown()
    }

    @Test("Many of them take several announcements")
    func many() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit((0..<300).map { fixture.submission("k\($0)") })
        let entry = ErasureLedger.Entry(request: 400, removals: [Removal(1..<301)])
        let found = try LostAnnouncements(of: [entry], in: log.reader, size: 301)
        #expect(found.groups.map(\.removals.count) == [256, 44])
        #expect(found.entries(announcedFrom: 301).map(\.request) == [301, 302])
        await log.shutDown()
    }

    @Test("Ledgers of one log are merged; those that contradict each other are not")
    func merged() {
        let (one, two) = (
            ErasureLedger.Entry(request: 8, removals: [Removal(index: 1)]),
            ErasureLedger.Entry(request: 9, removals: [Removal(index: 2)])
        )
        let done = ErasureLedger.Entry(request: 8, removals: one.removals, isComplete: true)
        #expect(ErasureLedger.merged([[two], [], [one, two], [done]]) == [done, two])
        let other = ErasureLedger.Entry(request: 8, removals: [Removal(index: 3)])
        #expect(ErasureLedger.merged([[one], [other]]) == nil)
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
        try ledger.complete(7)
        let entries = try ErasureLedger.read(path: path)
        #expect(entries == ledger.entries)
        try ErasureLedger.replace(path: path, with: entries)
        #expect(try ErasureLedger.open(path: path).entries == ledger.entries)
        #expect(try ErasureLedger.read(path: path + ".none") == [])
    }
}
