// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import Merkle
import SQLiteStorage
import Testing

@testable import TransparencyLog

/// What a start must refuse, and what it must survive.
struct StartupGuardTests {
    /// A log with `count` records after the first, shut down.
    private static func fixture(records count: Int) async throws -> Fixture {
        let fixture = try Fixture()
        let log = try await fixture.open()
        try await append(count, to: log, fixture)
        await log.shutDown()
        return fixture
    }

    private static func append(_ count: Int, to log: Log, _ fixture: Fixture) async throws {
        let size = log.published.head.size
        for number in 0..<count {
            _ = try await log.submit([fixture.submission("record \(size) \(number)")])
        }
    }

    private static func refusal(_ fixture: Fixture) async -> StartupRefusal.Code? {
        do {
            await (try fixture.open()).shutDown()
            return nil
        } catch {
            return (error as? StartupRefusal)?.code
        }
    }

    private static func copy(_ from: String, to: String) throws {
        try? FileManager.default.removeItem(atPath: to)
        try FileManager.default.copyItem(atPath: from, toPath: to)
    }

    @Test(
        "A restored older database is refused; database and anchor restored together are not seen")
    func rollback() async throws {
        let fixture = try await Self.fixture(records: 5)
        let old = fixture.folder.path + "/old"
        let oldAnchor = fixture.folder.path + "/old-anchor"
        try Self.copy(fixture.data, to: old)
        try Self.copy(fixture.anchorPath, to: oldAnchor)
        let log = try await fixture.open()
        try await Self.append(3, to: log, fixture)
        await log.shutDown()
        try Self.copy(old, to: fixture.data)
        #expect(await Self.refusal(fixture) == .rollbackSuspected)
        try Self.copy(oldAnchor, to: fixture.anchorPath)
        #expect(await Self.refusal(fixture) == nil, "a limit that the documents state")
    }

    @Test("Another history of the same log is refused")
    func fork() async throws {
        let fixture = try await Self.fixture(records: 5)
        let (old, oldAnchor) = (fixture.folder.path + "/old", fixture.folder.path + "/old-anchor")
        try Self.copy(fixture.data, to: old)
        try Self.copy(fixture.anchorPath, to: oldAnchor)
        let log = try await fixture.open()
        try await Self.append(3, to: log, fixture)
        await log.shutDown()
        let published = fixture.folder.path + "/published"
        try Self.copy(fixture.anchorPath, to: published)
        // The copy goes another way, further than the published one.
        try Self.copy(old, to: fixture.data)
        try Self.copy(oldAnchor, to: fixture.anchorPath)
        let other = try await fixture.open()
        for number in 0..<9 {
            _ = try await other.submit([fixture.submission("other \(number)")])
        }
        await other.shutDown()
        try Self.copy(published, to: fixture.anchorPath)
        #expect(await Self.refusal(fixture) == .forkSuspected)
    }

    @Test("A missing or damaged anchor beside a log is refused")
    func anchor() async throws {
        let fixture = try await Self.fixture(records: 2)
        try Data(repeating: 3, count: 8_192).write(to: URL(filePath: fixture.anchorPath))
        #expect(await Self.refusal(fixture) == .anchorMissing)
        try FileManager.default.removeItem(atPath: fixture.anchorPath)
        #expect(await Self.refusal(fixture) == .anchorMissing)
    }

    @Test("A first anchor write torn by a crash is made again; any other damage is refused")
    func tornFirstWrite() async throws {
        let torn = try Fixture()
        let bytes = Data(repeating: 0, count: 4_096) + Data(repeating: 3, count: 1_000)
        try bytes.write(to: URL(filePath: torn.anchorPath))
        #expect(await Self.refusal(torn) == nil)
        let damaged = try Fixture()
        try Data(repeating: 3, count: 4_096).write(to: URL(filePath: damaged.anchorPath))
        #expect(await Self.refusal(damaged) == .anchorMissing)
    }

    @Test("Keys that were used never begin a second history beside a lost store and anchor")
    func lostVolume() async throws {
        let fixture = try await Self.fixture(records: 2)
        try FileManager.default.removeItem(atPath: fixture.data)
        try FileManager.default.removeItem(atPath: fixture.anchorPath)
        #expect(await Self.refusal(fixture) == .anchorMissing)
    }

    @Test("A lost database beside its anchor is a rollback")
    func lostStore() async throws {
        let fixture = try await Self.fixture(records: 2)
        try FileManager.default.removeItem(atPath: fixture.data)
        #expect(await Self.refusal(fixture) == .rollbackSuspected)
    }

    @Test("Another chain key is refused, though its schedule names it")
    func foreignChainKey() async throws {
        let fixture = try await Self.fixture(records: 2)
        let other = try Fixture()
        for name in ["chain-0.key", "log.json"] {
            try Self.copy(
                other.folder.path + "/keys/" + name, to: fixture.folder.path + "/keys/" + name)
        }
        let changed = Fixture(
            folder: fixture.folder, keys: try LogKeys.load(from: fixture.folder.path + "/keys"))
        #expect(await Self.refusal(changed) == .foreign)
    }

    @Test("A log starts at sizes where no tile is open", arguments: [255, 256, 511])
    func fullTiles(records: Int) async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit((0..<records).map { fixture.submission("r \($0)") })
        await log.shutDown()
        let again = try await fixture.open()
        #expect(again.published.head.size == UInt64(records) + 1)
        guard case .accepted(let record) = try await again.submit([fixture.submission("next")])[0]
        else {
            Issue.record("not accepted")
            return
        }
        #expect(record.index == UInt64(records) + 1)
        await again.shutDown()
    }

    @Test("An anchor of another key is refused")
    func foreign() async throws {
        let fixture = try await Self.fixture(records: 2)
        let other = try await Self.fixture(records: 2)
        try Self.copy(other.anchorPath, to: fixture.anchorPath)
        #expect(await Self.refusal(fixture) == .foreign)
    }

    @Test("A clock behind the log, or far ahead of it, is refused unless the operator accepts it")
    func clock() async throws {
        let fixture = try await Self.fixture(records: 2)
        fixture.clock.advance(wallMS: -10_000, bootMS: 0)
        #expect(await Self.refusal(fixture) == .clockBehind)
        fixture.clock.advance(wallMS: 8 * 86_400_000, bootMS: 0)
        #expect(await Self.refusal(fixture) == .clockAhead)
        var configuration = LogConfiguration()
        configuration.acceptsClock = true
        let log = try await fixture.open(configuration: configuration)
        #expect(log.published.head.size == 4, "the acceptance is a record")
        await log.shutDown()
    }

    @Test("Records that a crash left committed but unpublished are checked, then published")
    func tail() async throws {
        let fixture = try Fixture()
        let store = FaultyStore(try fixture.openStore())
        let log = try await fixture.open(store: store)
        store.next(.unknownPersisted)
        _ = try? await log.submit((0..<300).map { fixture.submission("tail \($0)") })
        await log.shutDown()
        let again = try await fixture.open()
        #expect(again.published.head.size == 301)
        await again.shutDown()
    }

    @Test("Two owners of one folder: the second is refused")
    func twoServers() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        #expect(throws: StoreError.self) { try fixture.openStore() }
        await log.shutDown()
    }
}
