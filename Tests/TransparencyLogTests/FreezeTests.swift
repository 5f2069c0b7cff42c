// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogStorage
import Merkle
import SQLiteStorage
import Testing

@testable import TransparencyLog

@Suite("Ending a log, and looking at one")
struct FreezeTests {
    private static func final(_ fixture: Fixture) -> Submission {
        TestRecords(keys: fixture.keys).submission(
            key: "final", type: "log.frozen", text: "closed")
    }

    @Test("The last record is the last one, after a restart too, and reads go on")
    func frozen() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit([fixture.submission("one")])
        let last = try await log.freeze(Self.final(fixture))
        #expect(last.index == 2 && log.published.head.size == 3)
        try last.proof.verify(leafHash: last.leaf.hash, in: log.published.head)
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("two")]) }
        await #expect(throws: LogError.self) { try await log.freeze(Self.final(fixture)) }
        #expect(log.mode == .frozen && !log.health.isReady)
        let root = log.published.head.root
        await log.shutDown()

        fixture.clock.advance(wallMS: 3_600_000, bootMS: 3_600_000)
        let again = try await fixture.open()
        #expect(again.mode == .frozen)
        do {
            _ = try await again.submit([fixture.submission("two")])
            Issue.record("a frozen log took a record")
        } catch {
            #expect(error.code == .frozen)
        }
        #expect(again.published.head == TreeHead(size: 3, root: root))
        #expect(try await again.record(at: 1).index == 1)
        #expect(try await again.checkpoint().contains("\n3\n"), "its head is signed on")
        await again.shutDown()
    }

    @Test("Everything accepted before the end is in the log, and nothing after it")
    func concurrentEnd() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let accepted = await withTaskGroup(of: UInt64?.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let outcome = try? await log.submit([fixture.submission("r \(number)")])
                    guard case .accepted(let record)? = outcome?.first else { return nil }
                    return record.index
                }
                if number == 100 {
                    group.addTask {
                        let last = try? await log.freeze(Self.final(fixture))
                        #expect(last != nil)
                        return nil
                    }
                }
            }
            return await group.reduce(into: [UInt64]()) { if let index = $1 { $0.append(index) } }
        }
        let size = log.published.head.size
        #expect(Set(accepted).count == accepted.count)
        #expect(UInt64(accepted.count) == size - 2, "log.created, the records, and the last one")
        #expect(accepted.allSatisfy { $0 < size - 1 })
        await log.shutDown()
    }

    @Test("A log that refuses to start can be looked at, and nothing is written")
    func evidence() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        for number in 0..<5 { _ = try await log.submit([fixture.submission("r \(number)")]) }
        let old = fixture.folder.path + "/old"
        await log.shutDown()
        try FileManager.default.copyItem(atPath: fixture.data, toPath: old)
        let more = try await fixture.open()
        _ = try await more.submit([fixture.submission("more")])
        await more.shutDown()
        try FileManager.default.removeItem(atPath: fixture.data)
        try FileManager.default.copyItem(atPath: old, toPath: fixture.data)
        await #expect(throws: StartupRefusal.self) { try await fixture.open() }
        let before = try Data(contentsOf: URL(filePath: fixture.data + "/log.sqlite"))

        let shown = try fixture.openEvidence()
        #expect(shown.mode == .evidence(.storeIsBehind(stored: 6, signed: 7)))
        #expect(shown.published.head.size == 6 && !shown.health.isReady)
        #expect(try await shown.checkpoint().contains("\n7\n"), "the head that was signed")
        #expect(try await shown.content(at: 3) != nil)
        let proof = try await shown.inclusion(of: 3)
        #expect(proof.note == nil, "no signed head covers it")
        await #expect(throws: LogError.self) { try await shown.record(at: 3) }
        await #expect(throws: LogError.self) { try await shown.submit([fixture.submission("x")]) }
        await #expect(throws: LogError.self) { try await shown.freeze(Self.final(fixture)) }
        await #expect(throws: LogError.self) { try await shown.treeHead() }
        await shown.shutDown()
        #expect(try Data(contentsOf: URL(filePath: fixture.data + "/log.sqlite")) == before)
    }

    @Test("What store and anchor say of each other is told")
    func findings() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit([fixture.submission("one")])
        await log.shutDown()
        let agrees = try fixture.openEvidence()
        #expect(agrees.mode == .evidence(.storeAgrees(stored: 2, signed: 2)))
        let record = try await agrees.record(at: 1)
        try record.proof.verify(leafHash: record.leaf.hash, in: agrees.published.head)
        await agrees.shutDown()
        try FileManager.default.removeItem(atPath: fixture.anchorPath)
        let blind = try fixture.openEvidence()
        #expect(blind.mode == .evidence(.noSignedHead(stored: 2)))
        await #expect(throws: LogError.self) { try await blind.checkpoint() }
        await blind.shutDown()
    }
}
