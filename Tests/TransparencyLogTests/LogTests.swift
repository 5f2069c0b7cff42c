// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote
import Testing

@testable import TransparencyLog

struct LogTests {
    @Test("A new log has one record, and its checkpoint bears both signatures")
    func first() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        #expect(log.published.head.size == 1)
        let note = try await log.checkpoint()
        #expect(try Note(parsing: Array(note.utf8)).signatures.count == 2)
        let opened = try OpenedCheckpoint.open(
            Array(note.utf8), origin: "log.example.com/test",
            keys: [fixture.keys.signer.verifierKey])
        #expect(opened.checkpoint.head == log.published.head)
        await log.shutDown()
    }

    @Test("Every receipt verifies, alone and in batches of every kind of size")
    func receipts() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        var expected: UInt64 = 1
        for count in [1, 1, 2, 253, 255, 256, 257, 600] {
            let first = expected
            let unit = (0..<count).map { fixture.submission("key \(first) \($0)") }
            let outcomes = try await log.submit(unit)
            #expect(outcomes.count == count)
            for (outcome, submission) in zip(outcomes, unit) {
                guard case .accepted(let record) = outcome else {
                    Issue.record("not accepted: \(outcome)")
                    continue
                }
                #expect(record.index == expected)
                #expect(record.leaf.commitment == submission.commitment)
                let opened = try OpenedCheckpoint.open(
                    Array(record.checkpoint.utf8), origin: "log.example.com/test",
                    keys: [fixture.keys.signer.verifierKey])
                try record.proof.verify(leafHash: record.leaf.hash, in: opened.checkpoint.head)
                expected += 1
            }
        }
        for index in 0..<expected {
            let record = try await log.record(at: index)
            try record.proof.verify(leafHash: record.leaf.hash, in: log.published.head)
            #expect(try await log.index(ofLeafHash: record.leaf.hash) == index)
        }
        await log.shutDown()
    }

    @Test("A repeated key with the same content collects the same place; with other content, none")
    func idempotency() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let outcomes = try await log.submit([
            fixture.submission("k"), fixture.submission("k"), fixture.submission("k", text: "y"),
        ])
        guard case .accepted(let record) = outcomes[0],
            case .replayed(let same, false) = outcomes[1],
            case .conflict(let index) = outcomes[2]
        else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(record.index == same.index && record.leaf == same.leaf && index == record.index)
        let again = try await log.submit([fixture.submission("k")])
        guard case .replayed(let later, false) = again[0] else {
            Issue.record("\(again)")
            return
        }
        #expect(later.leaf == record.leaf && log.published.head.size == 2)
        await log.shutDown()
    }

    @Test("Many writers at once: dense indexes, one place for each key, proofs between all heads")
    func crowd() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let heads = try await withThrowingTaskGroup(of: [(UInt64, String)].self) { group in
            for writer in 0..<16 {
                group.addTask {
                    var seen: [(UInt64, String)] = []
                    for number in 0..<40 {
                        let key = "w\(writer) n\(number)"
                        let outcomes = try await log.submit([fixture.submission(key)])
                        guard case .accepted(let record) = outcomes[0] else { return [] }
                        seen.append((record.index, record.checkpoint))
                    }
                    return seen
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(heads.map(\.0).sorted() == Array(1...640))
        let final = log.published.head
        for note in Set(heads.map(\.1)) {
            let head = try OpenedCheckpoint.open(
                Array(note.utf8), origin: "log.example.com/test",
                keys: [fixture.keys.signer.verifierKey]
            ).checkpoint.head
            let proof = try await log.consistency(from: head.size, to: final.size)
            try proof.verify(from: head, to: final)
        }
        await log.shutDown()
    }

    @Test("Nothing beyond the published tree is answered")
    func beyond() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        await #expect(throws: LogError.self) { try await log.inclusion(of: 1) }
        await #expect(throws: LogError.self) { try await log.inclusion(of: 0, size: 2) }
        await #expect(throws: LogError.self) { try await log.consistency(from: 0, to: 2) }
        #expect(try await log.tile(Tile(.hashes(0), index: 0, width: 2)) == nil)
        #expect(try await log.tile(Tile(.entries, index: 0, width: 1))?.count == 120)
        await log.shutDown()
    }

    @Test("A shutdown finishes what was accepted, and a start goes on from it")
    func restart() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let pending = Task { try await log.submit([fixture.submission("last")]) }
        let outcome = try await pending.value
        await log.shutDown()
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("late")]) }
        let again = try await fixture.open()
        guard case .accepted(let record) = outcome[0],
            case .replayed(let same, false) = try await again.submit([fixture.submission("last")])[
                0]
        else {
            Issue.record("lost")
            return
        }
        #expect(same.leaf == record.leaf)
        await again.shutDown()
    }

    @Test(
        "A tree head is signed anew only when the head moves or an hour is near, with rising times")
    func treeHead() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let first = try await log.checkpoint()
        fixture.clock.advance(wallMS: 1_000, bootMS: 1_000)
        #expect(try await log.checkpoint() == first)
        _ = try await log.submit([fixture.submission("a")])
        let second = try await log.checkpoint()
        #expect(second != first)
        fixture.clock.advance(wallMS: 3_000_000, bootMS: 3_000_000)
        let renewed = try await log.checkpoint()
        #expect(renewed != second)
        // Two heads within one millisecond: the earlier one stays until time has moved on.
        _ = try await log.submit([fixture.submission("b")])
        #expect(try await log.checkpoint() == renewed)
        fixture.clock.advance(wallMS: 1, bootMS: 1)
        #expect(try await log.checkpoint() != renewed)
        await log.shutDown()
    }

    @Test("A wall clock that jumps halts sequencing, reads go on, and the return is recorded")
    func clock() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        let before = try await log.checkpoint()
        fixture.clock.advance(wallMS: 315_576_000_000, bootMS: 10)
        #expect(try await log.checkpoint() == before, "a time that nobody can believe was signed")
        #expect(!log.health.isReady)
        await #expect(throws: LogError.self) { try await log.submit([fixture.submission("a")]) }
        #expect(!log.health.isReady)
        #expect(try await log.record(at: 0).index == 0)
        fixture.clock.advance(wallMS: -315_576_000_000, bootMS: 10)
        #expect(log.health.isReady, "readiness must not wait for a record that nobody sends")
        let outcomes = try await log.submit([fixture.submission("a")])
        guard case .accepted(let record) = outcomes[0] else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(record.index == 2, "index 1 is the record of the halt")
        #expect(log.health.isReady)
        await log.shutDown()
    }
}
