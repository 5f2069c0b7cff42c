// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Merkle
import SignedNote
import Testing

@testable import TransparencyLog

/// What witnesses cosigned is compared with what is stored.
struct WitnessedVerificationTests {
    private let signers: [CosignatureSigner]
    private let policy: WitnessPolicy

    init() throws {
        signers = try (0..<2).map { place in
            let key = try Ed25519PrivateKey(seed: .random(count: 32))
            return try #require(CosignatureSigner(name: "w\(place).example", key: key))
        }
        policy = try WitnessPolicy(2, of: signers.map(\.verifierKey))
    }

    /// The published note with a cosignature by each of so many witnesses.
    private func cosigned(_ log: MemoryLog, by count: Int = 2) throws -> [UInt8] {
        let note = try Note(parsing: log.note)
        let checkpoint = try Checkpoint(parsing: note.text)
        let lines = try signers.prefix(count).map {
            try $0.cosign(checkpoint, timeSeconds: 1_790_000_000)
        }
        return Array(
            Note(text: note.text, signatures: note.signatures + lines).serialized.utf8)
    }

    @Test("The newest head that witnesses cosigned is met, and what is beyond it is counted")
    func met() async throws {
        var log = try MemoryLog(count: 300)
        let note = try cosigned(log)
        try log.append((300..<340).map(MemoryLog.record))
        try log.publish()
        let report = try await log.verify(witnessed: WitnessedNote(note, policy: policy))
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.checkpoints.map(\.source) == ["published", "witnessed"])
        #expect(report.checkpoints.map(\.isMet) == [true, true])
        #expect(report.states[.notYetWitnessed] == 40)
        #expect(!report.headline.contains("witness"))
    }

    @Test("Without witnesses, without a policy or below its quorum nothing counts as witnessed")
    func unmet() async throws {
        let log = try MemoryLog(count: 30)
        let notes: [(WitnessedNote?, String)] = [
            (nil, "no head that they cosigned is known here"),
            (WitnessedNote(try cosigned(log), policy: nil), "no policy says whose count"),
            (WitnessedNote(try cosigned(log, by: 1), policy: policy), "does not meet"),
        ]
        for (note, words) in notes {
            let report = try await log.verify(witnessed: note)
            #expect(report.standing == .verified, "\(report.headline)")
            #expect(report.headline.contains(words), "\(report.headline)")
            #expect(report.states[.notYetWitnessed] == 30)
        }
        for note in [nil, try cosigned(log, by: 1)] {
            let required = WitnessedNote(note, policy: policy, isRequired: true)
            let report = try await log.verify(witnessed: required)
            #expect(report.standing == .unverifiable, "\(report.headline)")
        }
        let alone = try await log.verify(
            witnessed: WitnessedNote(try cosigned(log), policy: policy), note: .some(nil))
        #expect(alone.standing == .unverifiable, "a published head is missing")
    }

    @Test("A store and an anchor that were set back together are told by what witnesses cosigned")
    func setBack() async throws {
        let short = try MemoryLog(count: 20)
        var long = short
        try long.append((20..<30).map(MemoryLog.record))
        try long.publish()
        let witnessed = WitnessedNote(try cosigned(long), policy: policy)
        let cut = try await short.verify(witnessed: witnessed)
        #expect(cut.finding?.verdict == .truncatedTail(expected: 30, found: 20))
        let old = try await long.verify(witnessed: witnessed, note: short.note)
        #expect(old.finding?.verdict == .checkpointRollback, "\(old.headline)")
        var other = short
        try other.append((40..<50).map(MemoryLog.record))
        try other.publish()
        let fork = try await other.verify(witnessed: witnessed)
        #expect(fork.finding?.verdict == .fork, "\(fork.headline)")
    }

    @Test("A cosignature that is not valid is a finding, and so is another log's note")
    func forged() async throws {
        let log = try MemoryLog(count: 20)
        let note = try Note(parsing: try cosigned(log))
        var lines = note.signatures
        let last = lines.removeLast()
        let bytes = last.bytes.dropLast() + [(last.bytes.last ?? 0) ^ 1]
        lines.append(NoteSignature(name: last.name, keyID: last.keyID, bytes: Array(bytes)))
        let forged = Array(Note(text: note.text, signatures: lines).serialized.utf8)
        for note in [forged, try cosigned(MemoryLog(count: 20))] {
            let report = try await log.verify(witnessed: WitnessedNote(note, policy: policy))
            #expect(report.finding?.verdict == .checkpointSignatureInvalid, "\(report.headline)")
            #expect(report.finding?.column == "witnessed head")
        }
    }
}
