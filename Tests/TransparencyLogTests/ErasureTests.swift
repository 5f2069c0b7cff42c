// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Logging
import Merkle
import SQLiteStorage
import Testing

@testable import TransparencyLog

@Suite struct ErasureTests {
    private func open(_ fixture: Fixture) async throws -> Log {
        try await Log.open(
            keys: fixture.keys, store: fixture.openStore(),
            anchor: Anchor.open(path: fixture.anchorPath),
            ledger: ErasureLedger.open(path: ledgerPath(fixture)),
            records: TestRecords(keys: fixture.keys), clock: fixture.clock.read,
            logger: .init(label: "test"))
    }

    private func ledgerPath(_ fixture: Fixture) -> String { fixture.anchorPath + ".erasures" }

    private func fill(_ log: Log, _ fixture: Fixture, _ count: Int) async throws {
        let unit = (0..<count).map { fixture.submission("k\($0)", text: "canary-\($0)-canary") }
        _ = try await log.submit(unit)
    }

    private func erase(
        _ removals: [Removal], _ log: Log, _ fixture: Fixture, _ name: String = "request"
    ) async throws -> SequencedRecord {
        try await log.erase(
            removals, announcement: fixture.submission(name),
            records: TestRecords(keys: fixture.keys))
    }

    /// How often a text stands in any file of the fixture.
    private func count(_ text: String, _ fixture: Fixture) throws -> Int {
        let root = fixture.folder.path
        let names = try #require(FileManager.default.enumerator(atPath: root))
        var count = 0
        for case let name as String in names {
            let data = FileManager.default.contents(atPath: "\(root)/\(name)") ?? Data()
            if data.range(of: Data(text.utf8)) != nil { count += 1 }
        }
        return count
    }

    @Test("Records and fields go, and every proof from before stands")
    func erase() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 20)
        var before: [SequencedRecord] = []
        for index in 0..<21 { before.append(try await log.record(at: UInt64(index))) }
        let request = try await erase(
            [Removal(index: 3), Removal(index: 5, names: ["details"])], log, fixture)
        #expect(try await log.content(at: 3) == nil)
        #expect(try await log.removal(at: 3) == request.index)
        let left = try #require(try await log.content(at: 5))
        #expect(left.record == Array(#"{"type":"x.test.event","v":"1"}"#.utf8))
        #expect(left.erased.map(\.name) == ["details"])
        #expect(left.erased.map(\.by) == [request.index])
        #expect(
            left.commitment(origin: fixture.keys.identity.origin) == before[5].leaf.commitment)
        for record in before {
            #expect(try await log.record(at: record.index).leaf == record.leaf)
        }
        #expect(log.erasureCounts == (1, 0))
        await log.shutDown()
        #expect(try count("canary-2-canary", fixture) == 0)
        #expect(try count("canary-4-canary", fixture) == 0)
        #expect(try count("canary-3-canary", fixture) > 0)
    }

    @Test("A key of what was erased still answers, whatever is sent under it")
    func replay() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 4)
        _ = try await erase(
            [Removal(index: 1), Removal(index: 2, names: ["details"])], log, fixture)
        for (key, index) in [("k0", 1), ("k1", 2)] as [(String, UInt64)] {
            let outcome = try await log.submit([fixture.submission(key, text: "anything")])
            guard case .replayed(let record, erased: true)? = outcome.first else {
                Issue.record("\(key) is not answered as erased")
                continue
            }
            #expect(record.index == index)
        }
        await log.shutDown()
    }

    /// What a crash leaves after each of the effects, by its number in ``Eraser``.
    @Test("The next start carries out what was announced", arguments: 2...4)
    func crash(effect: Int) async throws {
        let fixture = try Fixture()
        let removals = [Removal(1..<4), Removal(index: 6, names: ["details"])]
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        guard case .accepted(let request)? = try await log.submit([fixture.submission("r")]).first
        else { throw StoreError(.closed, "no request") }
        await log.shutDown()
        let ledger = try ErasureLedger.open(path: ledgerPath(fixture))
        try ledger.announce(.init(request: request.index, removals: removals))
        if effect >= 3 {
            let store = try fixture.openStore()
            try store.transaction { try $0.remove(1..<3, by: request.index) }
            if effect >= 4 {
                let head = try #require(try store.reader.head()?.treeHead)
                _ = try Eraser(store: store, ledger: .volatile()).run(
                    [.init(request: request.index, removals: removals)], under: head,
                    ErasureStatements(
                        store.reader, fixture.keys, TestRecords(keys: fixture.keys)))
            }
            store.close()
        }
        let size = 11 as UInt64
        let again = try await open(fixture)
        #expect(again.published.head.size == size)
        #expect(again.erasureCounts == (1, 0))
        for index in 1..<4 as Range<UInt64> {
            #expect(try await again.content(at: index) == nil)
        }
        #expect(try await again.content(at: 6)?.erased.map(\.name) == ["details"])
        #expect(try await again.content(at: 4) != nil)
        await again.shutDown()
        // What is complete is not said again.
        let third = try await open(fixture)
        #expect(third.published.head.size == size)
        await third.shutDown()
        #expect(try count("canary-1-canary", fixture) == 0)
        #expect(try count("canary-5-canary", fixture) == 0)
    }

    @Test("A ledger that is ahead of the store stops the start")
    func restored() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 8)
        await log.shutDown()
        try ErasureLedger.open(path: ledgerPath(fixture)).announce(
            .init(request: 40, removals: [Removal(1..<2)]))
        await #expect(throws: StartupRefusal.self) { try await open(fixture) }
    }

    @Test("A ledger's torn last line counts as not written; anything else is refused")
    func tornLedger() throws {
        let fixture = try Fixture()
        let path = ledgerPath(fixture)
        let ledger = try ErasureLedger.open(path: path)
        var states = [ledger.contents]
        let events: [(ErasureLedger) throws -> Void] = [
            { try $0.announce(.init(request: 5, removals: [Removal(index: 1)])) },
            {
                try $0.announce(
                    .init(
                        request: 9,
                        removals: [Removal(2..<4), Removal(index: 4, names: ["actor"])],
                        firstContent: 4))
            },
            { try $0.complete(5) },
            { try $0.announce(.init(request: 10, removals: [Removal(5..<7)], isPrune: true)) },
            { try $0.hold(11) }, { try $0.release(11) },
        ]
        for event in events {
            try event(ledger)
            states.append(ledger.contents)
        }
        #expect(Set(states).count == 7)
        let bytes = try #require(FileManager.default.contents(atPath: path))
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        for count in 0..<bytes.count {
            try bytes.prefix(count).write(to: URL(filePath: path))
            let whole = bytes.prefix(count).count { $0 == UInt8(ascii: "\n") }
            #expect(try ErasureLedger.open(path: path).contents == states[whole])
            #expect(
                FileManager.default.contents(atPath: path)?.count
                    == lines.prefix(whole).reduce(0) { $0 + $1.count + 1 })
        }
        for place in bytes.indices where bytes[place] != UInt8(ascii: "\n") {
            var changed = bytes
            changed[place] =
                changed[place] == UInt8(ascii: "x") ? UInt8(ascii: "y") : UInt8(ascii: "x")
            try changed.write(to: URL(filePath: path))
            let read = try? ErasureLedger.open(path: path).contents
            #expect(read == nil || read != ledger.contents, "byte \(place)")
        }
    }
}
