// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage
import LogTesting
import Logging
import Merkle
import SignedNote
import Testing

@testable import TransparencyLog

@Suite("A log with witnesses")
struct WitnessClientTests {
    let fixture: Fixture
    let world: WitnessWorld

    init() throws {
        fixture = try Fixture()
        world = try WitnessWorld(
            3, log: fixture.keys.signer.verifierKey, folder: fixture.folder.path,
            clock: fixture.clock.read)
    }

    private var keptSettings: WitnessSettings {
        get throws {
            var settings = try world.settings(2)
            settings.wait = .seconds(30)
            settings.archiveFolder = fixture.folder.path + "/witnessed"
            settings.evidenceFolder = fixture.folder.path + "/evidence"
            return settings
        }
    }

    private func open(_ settings: WitnessSettings) async throws -> Log {
        try await Log.open(
            keys: fixture.keys, store: fixture.openStore(),
            anchor: Anchor.open(path: fixture.anchorPath), records: TestRecords(keys: fixture.keys),
            clock: fixture.clock.read, witnesses: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func cosigners(_ note: String) throws -> Set<VerifierKey> {
        let policy = try world.policy(2)
        return policy.cosigners(
            of: try .open(
                Array(note.utf8), origin: fixture.keys.signer.origin,
                keys: [fixture.keys.signer.verifierKey] + policy.witnesses.map(\.key)))
    }

    @Test("Heads are cosigned, kept, and shown with all cosignatures that they have")
    func cosigns() async throws {
        let log = try await open(try keptSettings)
        _ = try await log.submit([fixture.submission("a")])
        let head = try #require(await log.witnessed(covering: 2))
        #expect(head.head == log.published.head)
        #expect(try cosigners(head.note).count >= 2)
        #expect(try await eventually { try cosigners(try await log.checkpoint()).count == 3 })
        let kept = try await log.witnessedCheckpoints(after: 0, limit: 10)
        #expect(kept.last?.size == 2)
        #expect(try await log.witnessedCheckpoints(after: 2, limit: 10).isEmpty)
        await log.shutDown()
    }

    @Test("A record can be proven under the witnessed head, and tiles go as far as it does")
    func proofs() async throws {
        let log = try await open(try keptSettings)
        for name in ["a", "b", "c"] { _ = try await log.submit([fixture.submission(name)]) }
        let head = try #require(await log.witnessed(covering: 4))
        for place in 0..<3 { world.set(place, WitnessWorld.dead) }
        _ = try await log.submit([fixture.submission("d")])
        let record = try await log.record(log.record(at: 1), under: head)
        #expect(record.proof.treeSize == 4 && record.checkpoint == head.note)
        #expect(try await log.witnessedTile(Tile(.hashes(0), index: 0, width: 4)) != nil)
        #expect(try await log.witnessedTile(Tile(.hashes(0), index: 0, width: 5)) == nil)
        #expect(try await log.tile(Tile(.hashes(0), index: 0, width: 5)) != nil)
        await log.shutDown()
    }

    @Test("A quorum is enough, and less than one is not: then nothing witnessed is shown")
    func quorum() async throws {
        world.set(0, WitnessWorld.dead)
        var settings = try keptSettings
        settings.wait = .seconds(2)
        let log = try await open(settings)
        #expect(await eventually { await log.witnessed(covering: 1) != nil })
        world.set(1, WitnessWorld.says(500))
        _ = try await log.submit([fixture.submission("a")])
        #expect(await log.witnessed(covering: 2) == nil)
        #expect(log.witnessed?.head.size == 1)
        #expect(log.health.witnesses?.isOverdue == false || !log.lacksWitnesses)
        #expect(log.health.isReady)
        world.set(1, WitnessWorld.honest)
        // Who failed is asked again after a pause by the log's clock.
        fixture.clock.advance(wallMS: 60_000, bootMS: 60_000)
        #expect(await eventually { log.witnessed?.head.size == 2 })
        await log.shutDown()
    }

    @Test("A restart shows the newest witnessed head without asking anyone")
    func restart() async throws {
        let first = try await open(try keptSettings)
        let head = try #require(await first.witnessed(covering: 1))
        await first.shutDown()
        for place in 0..<3 { world.set(place, WitnessWorld.dead) }
        let second = try await open(try keptSettings)
        #expect(second.witnessed?.head == head.head)
        await second.shutDown()
    }

    @Test("A witness that lies about its size, or sends nonsense, changes nothing")
    func liars() async throws {
        let huge = String(repeating: "x", count: 70_000)
        let lies: [WitnessWorld.Conduct] = [
            WitnessWorld.says(409, "18446744073709551615\n", type: AddCheckpointAnswer.sizeType),
            WitnessWorld.says(409, "0\n", type: AddCheckpointAnswer.sizeType),
            WitnessWorld.says(409), WitnessWorld.says(422), WitnessWorld.says(200),
            WitnessWorld.says(200, huge), WitnessWorld.says(200, "— a b\n"),
            WitnessWorld.says(302), WitnessWorld.says(429),
        ]
        for lie in lies {
            world.set(0, lie)
            fixture.clock.advance(wallMS: 1_000, bootMS: 1_000)
            let log = try await open(try keptSettings)
            _ = try await log.submit([fixture.submission(UUID().uuidString)])
            #expect(await log.witnessed(covering: log.published.head.size) != nil)
            #expect(log.health.stopReason == nil)
            #expect(
                try !cosigners(try await log.checkpoint()).contains(
                    world.members[0].signer.verifierKey))
            await log.shutDown()
        }
    }

    @Test("A newer head with this log's signature stops sequencing, and the evidence is kept")
    func rollback() async throws {
        let log = try await open(try keptSettings)
        #expect(await log.witnessed(covering: 1) != nil)
        let newer = try fixture.keys.signer.sign(TreeHead(size: 50, root: .zero)).serialized
        world.set(0) { (witness, call) throws(WitnessFailure) in
            call.body == nil
                ? WitnessReply(status: 200, contentType: nil, body: Array(newer.utf8))
                : WitnessReply(
                    status: 409, contentType: AddCheckpointAnswer.sizeType, body: Array("50\n".utf8)
                )
        }
        _ = try await log.submit([fixture.submission("a")])
        #expect(await eventually { log.health.isContradicted })
        #expect(!log.health.isReady)
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("b")]) }
        let kept = try FileManager.default.contentsOfDirectory(
            atPath: fixture.folder.path + "/evidence")
        let path = "\(fixture.folder.path)/evidence/\(try #require(kept.first))"
        #expect(try String(contentsOfFile: path, encoding: .utf8).contains(newer))
        await log.shutDown()
        // The next start asks first, and refuses.
        await #expect { try await open(try keptSettings) } throws: {
            ($0 as? StartupRefusal)?.code == .rollbackSuspected
        }
    }

    @Test("Another history with this log's signature stops sequencing too, also at the next start")
    func fork() async throws {
        let log = try await open(try keptSettings)
        #expect(await log.witnessed(covering: 1) != nil)
        let other = try fixture.keys.signer.sign(TreeHead(size: 1, root: .zero)).serialized
        world.set(0) { (_, call) throws(WitnessFailure) in
            WitnessReply(
                status: call.body == nil ? 200 : 422, contentType: nil, body: Array(other.utf8))
        }
        _ = try await log.submit([fixture.submission("a")])
        #expect(await eventually { log.health.isContradicted })
        await log.shutDown()
        await #expect { try await open(try keptSettings) } throws: {
            ($0 as? StartupRefusal)?.code == .forkSuspected
        }
    }

    @Test(
        "A store that was set back behind a witnessed head does not start, though its anchor agrees"
    )
    func restoredStore() async throws {
        let before = try await open(try keptSettings)
        #expect(await before.witnessed(covering: 1) != nil)
        await before.shutDown()
        let backup = fixture.folder.path + "/backup"
        try FileManager.default.copyItem(atPath: fixture.data, toPath: backup)
        try FileManager.default.copyItem(atPath: fixture.anchorPath, toPath: backup + ".anchor")
        let log = try await open(try keptSettings)
        _ = try await log.submit([fixture.submission("a")])
        #expect(await log.witnessed(covering: 2) != nil)
        await log.shutDown()
        for (from, to) in [(backup, fixture.data), (backup + ".anchor", fixture.anchorPath)] {
            try FileManager.default.removeItem(atPath: to)
            try FileManager.default.copyItem(atPath: from, toPath: to)
        }
        try FileManager.default.removeItem(atPath: fixture.folder.path + "/witnessed")
        await #expect { try await open(try keptSettings) } throws: {
            ($0 as? StartupRefusal)?.code == .rollbackSuspected
        }
    }

    @Test("An unchanged head is cosigned again when its time has come")
    func refresh() async throws {
        var settings = try keptSettings
        settings.refresh = .seconds(60)
        let log = try await open(settings)
        #expect(await log.witnessed(covering: 1) != nil)
        #expect(await eventually { world.asked.count { $0.hasSuffix("add-checkpoint") } >= 3 })
        let asked = world.asked.count
        try await Task.sleep(for: .milliseconds(100))
        #expect(world.asked.count == asked)
        fixture.clock.advance(wallMS: 61_000, bootMS: 61_000)
        #expect(await eventually { world.asked.count >= asked + 3 })
        #expect(
            await eventually {
                guard let note = try? await log.checkpoint() else { return false }
                return note.contains("w0.example")
            })
        await log.shutDown()
    }

    @Test("A log that fails closed lacks its witnesses once a wait has passed without them")
    func closed() async throws {
        for place in 0..<3 { world.set(place, WitnessWorld.dead) }
        var settings = try keptSettings
        settings.onFailure = .closed
        settings.wait = .milliseconds(100)
        let log = try await open(settings)
        #expect(await log.witnessed(covering: 1) == nil)
        fixture.clock.advance(wallMS: 1_000, bootMS: 1_000)
        #expect(await eventually { log.lacksWitnesses })
        #expect(!log.health.isReady)
        for place in 0..<3 { world.set(place, WitnessWorld.honest) }
        #expect(
            await eventually {
                fixture.clock.advance(wallMS: 1_000, bootMS: 1_000)
                return !log.lacksWitnesses
            })
        #expect(log.health.isReady)
        await log.shutDown()
    }
}
