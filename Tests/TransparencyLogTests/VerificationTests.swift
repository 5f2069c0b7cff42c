// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle
import SignedNote
import Testing

@testable import TransparencyLog

/// Each way to tamper with a log has its verdict and its first bad index.
struct VerificationTests {
    /// A sound log of 600 entries: two sealed tiles and an open one.
    private static let sound = Result { try MemoryLog(count: 600) }

    private func expect(
        _ log: MemoryLog, _ verdict: String, at index: UInt64?, given: [UInt8]? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let report = try await log.verify(given: given)
        #expect(
            report.finding?.verdict.name == verdict, "\(report.headline)",
            sourceLocation: sourceLocation)
        #expect(
            report.finding?.index == index, "\(report.headline)", sourceLocation: sourceLocation)
    }

    // MARK: Nothing wrong

    @Test("A sound log is verified, and the headline says what was not checked")
    func soundLog() async throws {
        let log = try Self.sound.get()
        let report = try await log.verify()
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.recordsChecked == 600 && report.payloadsOpened == 600)
        #expect(report.verified == 0...599)
        #expect(report.root == log.storedHead?.treeHead.root.base64)
        #expect(report.headline.contains("a checkpoint kept elsewhere, for none was given"))
        let shallow = try await log.verify { $0.isDeep = false }
        #expect(shallow.standing == .verified && shallow.payloadsOpened == 0)
        #expect(shallow.headline.contains("payloads, which were not asked for"))
    }

    @Test("A checkpoint kept elsewhere is compared, and a shorter one too")
    func givenCheckpoint() async throws {
        var log = try MemoryLog(count: 300)
        let kept = log.note
        try log.append((300..<400).map(MemoryLog.record))
        try log.publish()
        let report = try await log.verify(given: kept)
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.checkpoints.map(\.isMet) == [true, true])
        #expect(!report.headline.contains("kept elsewhere"))
    }

    @Test("A range is corroborated by the signed tree, and is named")
    func ranges() async throws {
        let log = try Self.sound.get()
        let report = try await log.verify {
            $0.from = 300
            $0.end = 520
        }
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.verified == 300...519 && report.recordsChecked == 220)
        #expect(report.checkpoints.map(\.isMet) == [true])
        #expect(report.headline.contains("entries before 300"))
        let alone = try await log.verify(note: .some(nil)) { $0.from = 300 }
        #expect(alone.finding?.verdict == .uncorroboratedPrefix, "\(alone.headline)")
        #expect(alone.standing == .unverifiable)
    }

    @Test("Without any key the tree and the payloads are checked, and it is said")
    func publicData() async throws {
        let log = try Self.sound.get()
        let keys = VerificationKeys(
            origin: log.keys.identity.origin, granularityMS: 1, epochs: [],
            verifierKeys: [log.keys.signer.verifierKey])
        let report = try await log.verify(keys: keys)
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.headline.contains("the chain, for no chain key was given"))
        var edited = log
        edited.entries[7].leaf = Leaf(
            timestampMS: log.entries[7].leaf?.timestampMS ?? 0, commitment: .emptyRoot,
            mac: .emptyRoot)
        edited.entries[7].content = nil
        let found = try await edited.verify(keys: keys) { $0.isDeep = false }
        #expect(found.finding?.verdict == .rootMismatch && found.finding?.index == 7)
    }

    // MARK: Payloads

    @Test("An edited record")
    func editedRecord() async throws {
        var log = try Self.sound.get()
        let seed = try #require(log.entries[5].content?.seed)
        log.entries[5].content = MemoryLog.content(MemoryLog.record(6_000), seed: seed)
        try await expect(log, "content_mismatch", at: 5)
    }

    @Test("An edited record under a commitment, leaf, tiles and head made again")
    func editedWithHashes() async throws {
        var log = try Self.sound.get()
        let (leaf, seed) = try (#require(log.entries[5].leaf), Digest.random())
        let content = MemoryLog.content(MemoryLog.record(6_000), seed: seed)
        log.entries[5].content = content
        log.entries[5].leaf = Leaf(
            timestampMS: leaf.timestampMS, commitment: try log.commitment(content), mac: leaf.mac)
        log.rebuild()
        try await expect(log, "mac_mismatch", at: 5)
        let report = try await log.verify()
        #expect(report.findings.kept.contains { $0.verdict == .rootMismatch })
        #expect(report.verified == 0...4)
    }

    @Test("A changed tenant, in the record and beside it")
    func changedTenant() async throws {
        var log = try Self.sound.get()
        let seed = try #require(log.entries[9].content?.seed)
        let text = MemoryLog.record(9).replacing("acme", with: "umbrella")
        log.entries[9].content = MemoryLog.content(text, seed: seed)
        try await expect(log, "content_mismatch", at: 9)
        log = try Self.sound.get()
        log.credentials[3] = StoredCredential(tenant: "umbrella", name: "test")
        log.entries[9].submission = StoredSubmission(key: .random(), credential: 3)
        try await expect(log, "derived_column_mismatch", at: 9)
    }

    @Test("Two payloads exchanged")
    func exchangedPayloads() async throws {
        var log = try Self.sound.get()
        (log.entries[20].content, log.entries[400].content) =
            (log.entries[400].content, log.entries[20].content)
        try await expect(log, "reordered", at: 20)
    }

    @Test("A payload is erased only if a record of the log lists it whole")
    func erasure() async throws {
        var log = try MemoryLog(
            (1..<300).map(MemoryLog.record) + [MemoryLog.erasure([7, 8, 260])]
                + (301..<310).map(MemoryLog.record))
        for index in [7, 8, 260] { log.entries[index].content = nil }
        let report = try await log.verify()
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(
            report.states[.erased] == 3 && report.payloadsOpened == UInt64(log.entries.count - 3))
        // A range that ends before the erasure's record still finds it.
        let early = try await log.verify { $0.end = 20 }
        #expect(early.standing == .verified, "\(early.headline)")
        log.entries[9].content = nil
        try await expect(log, "sequence_gap", at: 9)
    }

    @Test("A forged erasure explains nothing")
    func forgedErasure() async throws {
        var log = try Self.sound.get()
        let seed = try #require(log.entries[100].content?.seed)
        let leaf = try #require(log.entries[100].leaf)
        let content = MemoryLog.content(MemoryLog.erasure([5]), seed: seed)
        log.entries[5].content = nil
        log.entries[100].content = content
        log.entries[100].submission = StoredSubmission(key: .random(), credential: 1)
        log.entries[100].leaf = Leaf(
            timestampMS: leaf.timestampMS, commitment: try log.commitment(content), mac: leaf.mac)
        log.rebuild()
        try await expect(log, "sequence_gap", at: 5)
    }

    @Test("A list of some fields, and one that comes too early, explain nothing")
    func insufficientErasure() {
        var missing = MissingPayloads()
        for index in [3, 4, 9] as [UInt64] { missing.add(index) }
        missing.explain([.init(index: 3, names: ["actor"]), .init(index: 9)], by: 9)
        #expect(missing.unexplained == [3..<5, 9..<10] && missing.erasedCount == 0)
        missing.explain([.init(index: 4), .init(index: 9), .init(index: 4)], by: 12)
        #expect(missing.unexplained == [3..<4] && missing.erasedCount == 2)
    }

    // MARK: The chain

    @Test("A changed time")
    func changedTime() async throws {
        for index in [0, 5, 599] {
            var log = try Self.sound.get()
            let leaf = try #require(log.entries[index].leaf)
            log.entries[index].leaf = Leaf(
                timestampMS: leaf.timestampMS + (index == 599 ? 1_000 : 1_000),
                commitment: leaf.commitment, mac: leaf.mac)
            log.rebuild()
            try await expect(log, "mac_mismatch", at: UInt64(index))
        }
    }

    @Test(
        "Entries exchanged, near and far, with everything that hangs on them", arguments: [6, 431])
    func exchanged(other: Int) async throws {
        var log = try Self.sound.get()
        log.entries.swapAt(5, other)
        log.rebuild()
        try await expect(log, "reordered", at: 5)
    }

    @Test("Entries deleted in the middle, the rest moved up", arguments: [1, 3, 300])
    func deleted(count: Int) async throws {
        var log = try Self.sound.get()
        log.entries.removeSubrange(200..<200 + count)
        log.rebuild()
        let report = try await log.verify()
        #expect(report.finding?.verdict == .sequenceGap && report.finding?.index == 200)
        #expect(report.finding?.message.hasPrefix("\(count) ") ?? false, "\(report.headline)")
        // One cause is told once: what was moved up is recognised.
        let leafFindings = report.findings.kept.filter { $0.column == "leaf" }
        #expect(leafFindings.count == 1, "\(leafFindings)")
    }

    @Test("An entry's rows deleted where they are")
    func deletedRows() async throws {
        var log = try Self.sound.get()
        log.entries[200] = MemoryLog.Entry()
        try await expect(log, "sequence_gap", at: 200)
    }

    @Test("The newest ten deleted, with a head made again or not")
    func deletedTail() async throws {
        var log = try Self.sound.get()
        log.entries.removeLast(10)
        var rowsOnly = try Self.sound.get()
        for index in 590..<600 { rowsOnly.entries[index] = MemoryLog.Entry() }
        log.rebuild()
        for log in [log, rowsOnly] {
            let report = try await log.verify()
            #expect(
                report.finding?.verdict == .truncatedTail(expected: 600, found: 590),
                "\(report.headline)")
            #expect(report.finding?.index == 590)
        }
    }

    @Test("An entry inserted: a foreign one, and a copy")
    func inserted() async throws {
        var log = try Self.sound.get()
        var foreign = log.entries[100]
        foreign.leaf = Leaf(
            timestampMS: log.entries[49].leaf?.timestampMS ?? 0, commitment: .random(),
            mac: .random())
        log.entries.insert(foreign, at: 50)
        log.rebuild()
        try await expect(log, "link_broken", at: 50)
        log = try Self.sound.get()
        log.entries.insert(log.entries[49], at: 50)
        log.rebuild()
        try await expect(log, "duplicate_seq", at: 50)
        log = try Self.sound.get()
        log.entries[50] = log.entries[49]
        log.rebuild()
        try await expect(log, "duplicate_seq", at: 50)
    }

    @Test("A chain that was signed broken")
    func signedBreak() async throws {
        var log = try Self.sound.get()
        let leaf = try #require(log.entries[5].leaf)
        log.entries[5].leaf = Leaf(
            timestampMS: leaf.timestampMS, commitment: leaf.commitment, mac: .random())
        log.rebuild()
        try log.publish()
        try await expect(log, "link_broken", at: 5)
    }

    @Test("Several alterations are all told")
    func several() async throws {
        var log = try Self.sound.get()
        for index in [30, 300, 301, 500] {
            let leaf = try #require(log.entries[index].leaf)
            log.entries[index].leaf = Leaf(
                timestampMS: leaf.timestampMS, commitment: leaf.commitment, mac: .random())
        }
        let report = try await log.verify()
        let indexes = report.findings.kept.filter { $0.verdict == .macMismatch }.map(\.index)
        #expect(indexes == [30, 300, 301, 500], "\(report.findings.kept)")
    }

    // MARK: The tree and its heads

    @Test("A tile that is gone or was changed")
    func tiles() async throws {
        for level in [0, 1] as [UInt8] {
            var log = try Self.sound.get()
            let tile = NodeCoordinate(height: 8 * level, index: 0)
            log.tiles[tile]?[40] ^= 1
            try await expect(log, "derived_column_mismatch", at: level == 0 ? 1 : 256)
            log.tiles[tile] = nil
            try await expect(log, "derived_column_mismatch", at: 0)
        }
    }

    @Test("Another history under the same keys is a fork")
    func fork() async throws {
        let log = try MemoryLog(count: 300)
        var other = log
        other.entries.removeLast(50)
        try other.append((1..<60).map { MemoryLog.record(9_000 + $0) })
        try await expect(other, "fork", at: nil)
        try other.publish()
        try await expect(other, "fork", at: nil, given: log.note)
    }

    @Test("A published head older than one that was shown before")
    func rollback() async throws {
        var log = try MemoryLog(count: 300)
        let older = log.note
        try log.append([MemoryLog.record(1)])
        try log.publish()
        let newer = log.note
        log.note = older
        try await expect(log, "checkpoint_rollback", at: 300, given: newer)
    }

    @Test("A published head with a wrong signature, and none at all")
    func signatures() async throws {
        var log = try Self.sound.get()
        log.note[log.note.count - 5] ^= 1
        try await expect(log, "checkpoint_signature_invalid", at: nil)
        let report = try await log.verify(note: .some(nil))
        #expect(report.standing == .unverifiable, "\(report.headline)")
        let foreign = try MemoryLog(count: 10)
        let given = try await Self.sound.get().verify(given: foreign.note)
        #expect(given.finding?.verdict == .unverifiable(keyID: "given checkpoint"))
    }

    // MARK: Keys

    @Test("Another log's database under these keys, and another log's keys on this database")
    func foreign() async throws {
        let log = try Self.sound.get()
        var replaced = try MemoryLog(count: 40)
        let foreignNote = replaced.note
        let report = try await replaced.verify(keys: VerificationKeys(log.keys), note: log.note)
        #expect(report.finding?.verdict == .fork && report.finding?.index == 0)
        let wrong = try await log.verify(keys: VerificationKeys(replaced.keys))
        #expect(wrong.finding?.verdict == .wrongKey, "\(wrong.headline)")
        #expect(wrong.standing == .unverifiable)
        replaced.note = foreignNote
        let other = try await replaced.verify()
        #expect(other.standing == .verified, "\(other.headline)")
    }

    @Test("An epoch whose key is not held is named, and the rest is checked")
    func missingKey() async throws {
        let log = try Self.sound.get()
        let epoch = log.keys.identity.chain[0]
        let key = log.keys.schedule.epochs[0].key
        let keys = VerificationKeys(
            origin: log.keys.identity.origin, granularityMS: 1_000,
            epochs: [
                .init(first: 0, checkValue: epoch.checkValue, key: key),
                .init(first: 400, checkValue: [1, 2, 3, 4, 5, 6, 7, 8], key: nil),
            ], verifierKeys: [log.keys.signer.verifierKey])
        let report = try await log.verify(keys: keys)
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.headline.contains("the chain of epoch 1, whose key is not here"))
        #expect(report.epochs.map(\.isKeyed) == [true, false])
    }

    // MARK: Going on

    @Test("A verification goes on where an earlier one ended, if that is still true")
    func resume() async throws {
        var log = try MemoryLog(count: 500)
        let saved = Collected()
        _ = try await log.verify(save: { position in saved.position = position })
        let keys = VerificationKeys(log.keys)
        let bytes = try #require(saved.position?.encoded(keys))
        try log.append((500..<700).map(MemoryLog.record))
        try log.publish()
        let position = try #require(VerificationPosition(bytes, keys))
        let report = try await log.verify { $0.resume = position }
        #expect(report.standing == .verified, "\(report.headline)")
        #expect(report.recordsChecked == 200 && report.verified == 500...699)
        #expect(report.headline.contains("which an earlier run verified"))

        var edited = log
        edited.entries[3].leaf = Leaf(timestampMS: 0, commitment: .emptyRoot, mac: .emptyRoot)
        edited.rebuild()
        let found = try await edited.verify { $0.resume = position }
        #expect(found.finding?.index == 3, "\(found.headline)")
        for place in bytes.indices {
            var forged = bytes
            forged[place] ^= 1
            #expect(VerificationPosition(forged, keys) == nil)
        }
        let other = try MemoryLog(count: 2)
        #expect(VerificationPosition(bytes, VerificationKeys(other.keys)) == nil)
    }
}

/// The newest position that a verification gave.
private final class Collected: @unchecked Sendable {
    var position: VerificationPosition?
}
