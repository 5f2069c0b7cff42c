// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Logging
import Merkle
import Testing

@testable import TransparencyLog

@Suite struct PruneTests {
    private func open(
        _ fixture: Fixture, store: (any LogStore)? = nil, acceptsClock: Bool = false
    ) async throws -> Log {
        var configuration = LogConfiguration()
        configuration.acceptsClock = acceptsClock
        return try await Log.open(
            keys: fixture.keys, store: store ?? fixture.openStore(),
            anchor: Anchor.open(path: fixture.anchorPath),
            ledger: ErasureLedger.open(path: fixture.anchorPath + ".erasures"),
            configuration: configuration, records: TestRecords(keys: fixture.keys),
            clock: fixture.clock.read,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Records, ten seconds apart.
    private func fill(_ log: Log, _ fixture: Fixture, _ count: Int) async throws {
        for _ in 0..<count {
            fixture.clock.advance(wallMS: 10_000, bootMS: 10_000)
            _ = try await log.submit([fixture.submission("\(UUID())")])
        }
    }

    private func prune(
        _ ranges: [Range<UInt64>], to end: UInt64, _ log: Log, _ fixture: Fixture
    ) async throws -> UInt64 {
        let act = ErasureAct(
            ranges.map { Removal($0) }, announcement: fixture.submission("\(UUID())"),
            firstContent: end)
        return try await log.erase([act], records: TestRecords(keys: fixture.keys))[0].index
    }

    @Test("Older means certainly before, whatever rounding took away")
    func older() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        let first = fixture.clock.read().wallMS
        try await fill(log, fixture, 5)
        // Index n was written at first + 10,000 n; the granularity is a second.
        for (cutoff, count) in [
            (0, 0), (first, 0), (first + 999, 0), (first + 1_000, 1), (first + 10_000, 1),
            (first + 11_000, 2), (first + 50_999, 5), (first + 51_000, 6), (.max, 6),
        ] as [(UInt64, UInt64)] {
            #expect(try await log.countOlder(thanMS: cutoff) == count, "\(cutoff)")
        }
        await log.shutDown()
    }

    @Test("The point of a prune is what the tree and the chain held there")
    func point() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        var heads: [UInt64: TreeHead] = [:]
        for _ in 0..<30 {
            try await fill(log, fixture, 1)
            heads[log.published.head.size] = log.published.head
        }
        for (size, head) in heads {
            let point = try await log.prunePoint(at: size)
            #expect(point.root == head.root)
            #expect(point.lastMAC == (try await log.record(at: size - 1)).leaf.mac)
        }
        for size in [0, 32] as [UInt64] {
            await #expect(throws: LogError.self) { try await log.prunePoint(at: size) }
        }
        await log.shutDown()
    }

    @Test("A prune lasts over starts, and so does where content begins")
    func lasts() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 20)
        let before = try await log.record(at: 5).leaf
        #expect(log.firstContentIndex == 0)
        let request = try await prune([1..<10], to: 10, log, fixture)
        #expect(log.firstContentIndex == 10)
        #expect(try await log.countContents([0..<12]) == 3)
        await log.shutDown()
        let again = try await open(fixture)
        #expect(again.firstContentIndex == 10)
        for index in 1..<10 as Range<UInt64> {
            #expect(try await again.content(at: index) == nil)
            #expect(try await again.removal(at: index) == request)
        }
        #expect(try await again.content(at: 0) != nil)
        #expect(try await again.content(at: 10) != nil)
        #expect(try await again.record(at: 5).leaf == before)
        await again.shutDown()
    }

    @Test("A store that is put back from before loses it again")
    func restored() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 12)
        guard case .accepted(let record)? = try await log.submit([fixture.submission("r")]).first
        else { throw StoreError(.closed, "no record") }
        await log.shutDown()
        // Announced and in the ledger, and nothing of it carried out: as in an older copy.
        try ErasureLedger.open(path: fixture.anchorPath + ".erasures").announce(
            .init(request: record.index, removals: [Removal(1..<6)], firstContent: 6))
        let again = try await open(fixture)
        #expect(again.firstContentIndex == 6)
        #expect(try await again.countContents([0..<8]) == 3)
        #expect(again.erasureCounts == (1, 0))
        await again.shutDown()
    }

    @Test("Content that was altered or taken away is not passed off as pruned")
    func inspected() async throws {
        let fixture = try Fixture()
        let store = AlteredStore()
        let log = try await open(fixture, store: store)
        try await fill(log, fixture, 20)
        try await log.inspectContents([1..<20])
        _ = try await prune([3..<5], to: 3, log, fixture)
        try await log.inspectContents([1..<20])
        let sound = try #require(try await log.content(at: 7))
        store.alter(7, to: sound.changed(record: Array(#"{"type":"x","v":"1"}"#.utf8)))
        let altered = await #expect(throws: LogError.self) {
            try await log.inspectContents([1..<20])
        }
        #expect(altered?.code == .corrupt && altered?.message.contains("index 7") == true)
        store.alter(7, to: sound)
        store.alter(9, to: nil)
        let missing = await #expect(throws: LogError.self) {
            try await log.inspectContents([1..<9, 9..<20])
        }
        #expect(missing?.code == .corrupt && missing?.message.contains("index 9") == true)
        await log.shutDown()
    }

    @Test("A removal that no ledger names is no removal by rights")
    func unnamed() async throws {
        let fixture = try Fixture()
        let store = NullStore()
        let log = try await open(fixture, store: store)
        try await fill(log, fixture, 20)
        try store.transaction { try $0.remove(4..<6, by: 10) }
        await #expect(throws: LogError.self) { try await log.inspectContents([1..<20]) }
        try await log.inspectContents([1..<4])
        await log.shutDown()
    }

    @Test("A clock that somebody sets ten years ahead makes nothing old")
    func clock() async throws {
        let fixture = try Fixture()
        let log = try await open(fixture)
        try await fill(log, fixture, 3)
        #expect(log.time.vouchedMS == nil)
        #expect(log.time.localMS == fixture.clock.read().wallMS)
        let tenYears: Int64 = 10 * 366 * 86_400_000
        let now = fixture.clock.read().wallMS
        fixture.clock.advance(wallMS: tenYears, bootMS: 0)
        #expect(log.time.localMS == now)
        await log.shutDown()
        await #expect(throws: StartupRefusal.self) { try await open(fixture) }
        let again = try await open(fixture, acceptsClock: true)
        #expect(again.time.wallMS > now + UInt64(tenYears) - 1)
        #expect(again.time.localMS <= now)
        fixture.clock.advance(wallMS: 5_000, bootMS: 5_000)
        #expect(again.time.localMS <= now + 5_000)
        await again.shutDown()
    }
}
