// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@Suite("Opened checkpoints")
struct OpenedCheckpointTests {
    @Test("The vector's note opens under all three keys, with both times")
    func vectorNote() throws {
        let vector = try CheckpointVector.load()
        let opened = try OpenedCheckpoint.open(
            vector.noteBytes, origin: vector.origin, keys: vector.keys())
        #expect(opened.checkpoint.head == (try vector.head()))
        #expect(opened.verified.count == 3)
        #expect(opened.note.serialized == vector.note)
        let (log, treeHead, witness) =
            try (vector.keys()[0], vector.keys()[1], vector.keys()[2])
        #expect(opened.timestampMS(of: treeHead) == vector.sthTimestampMs)
        #expect(opened.cosignatureTimeSeconds(of: witness) == vector.cosignatureTimeS)
        #expect(opened.timestampMS(of: log) == nil)
        #expect(opened.cosignatureTimeSeconds(of: log) == nil)
    }

    @Test("Every prefix and bumped byte of the note loses at least one of its signatures")
    func mutations() throws {
        let vector = try CheckpointVector.load()
        let keys = try vector.keys()
        let bytes = vector.noteBytes
        for mutant in Array(everyPrefix(of: bytes)) + Array(everyBumpedByte(of: bytes)) {
            let opened = try? OpenedCheckpoint.open(mutant, origin: vector.origin, keys: keys)
            #expect((opened?.verified.count ?? 0) < keys.count)
        }
    }

    @Test("Either key of the log opens its checkpoint; its witness alone does not")
    func whichKeys() throws {
        let vector = try CheckpointVector.load()
        let keys = try vector.keys()
        for key in keys.prefix(2) {
            let opened = try OpenedCheckpoint.open(
                vector.noteBytes, origin: vector.origin, keys: [key])
            #expect(opened.verified.map(\.keyID) == [key.keyID])
        }
        #expect(throws: NoteError.noLogSignature) {
            try OpenedCheckpoint.open(vector.noteBytes, origin: vector.origin, keys: [keys[2]])
        }
        let cosignedOnly = Array((vector.body + "\n" + vector.cosignatureLine).utf8)
        #expect(throws: NoteError.noLogSignature) {
            try OpenedCheckpoint.open(cosignedOnly, origin: vector.origin, keys: keys)
        }
    }

    @Test("A cosignature under the log's own name does not stand for its signature")
    func cosignatureOfTheLog() throws {
        let vector = try CheckpointVector.load()
        let key = try Ed25519PrivateKey(seed: SecretBytes.random(count: 32))
        let cosigner = VerifierKey.cosignature(name: vector.origin, key.publicKey)
        var bytes: [UInt8] = []
        bytes.appendBigEndian(UInt64(1))
        bytes += try key.signature(for: Array("cosignature/v1\ntime 1\n\(vector.body)".utf8))
        let line = NoteSignature(name: cosigner.name, keyID: cosigner.keyID, bytes: bytes)
        let note = Note(text: vector.body, signatures: [line])
        #expect(try note.verifiedSignatures(by: [cosigner]) == [line])
        #expect(throws: NoteError.noLogSignature) {
            try OpenedCheckpoint.open(
                Array(note.serialized.utf8), origin: vector.origin, keys: [cosigner])
        }
    }

    @Test("A time is not given for a key that did not open the checkpoint")
    func unverifiedTimes() throws {
        let vector = try CheckpointVector.load()
        let opened = try OpenedCheckpoint.open(
            vector.noteBytes, origin: vector.origin, keys: [vector.keys()[0]])
        #expect(opened.timestampMS(of: try vector.keys()[1]) == nil)
        #expect(opened.cosignatureTimeSeconds(of: try vector.keys()[2]) == nil)
    }

    @Test("A checkpoint of another origin is refused, signed or not")
    func otherOrigin() throws {
        let vector = try CheckpointVector.load()
        let error = NoteError.wrongOrigin(got: vector.origin, want: "log.example.com/other")
        #expect(throws: error) {
            try OpenedCheckpoint.open(
                vector.noteBytes, origin: "log.example.com/other", keys: vector.keys())
        }
    }

    @Test("A key of another name does not stand for the log, though it signed")
    func otherName() throws {
        let vector = try CheckpointVector.load()
        let key = try Ed25519PrivateKey(seed: SecretBytes.random(count: 32))
        let stranger = VerifierKey.ed25519(name: "stranger.example/l", key.publicKey)
        let line = NoteSignature(
            name: stranger.name, keyID: stranger.keyID,
            bytes: try key.signature(for: Array(vector.body.utf8)))
        let note = Note(text: vector.body, signatures: [line])
        #expect(throws: NoteError.noLogSignature) {
            try OpenedCheckpoint.open(
                Array(note.serialized.utf8), origin: vector.origin, keys: [stranger])
        }
    }

    @Test("A signed checkpoint with an extension line is refused")
    func extensionLine() throws {
        let vector = try CheckpointVector.load()
        let key = try Ed25519PrivateKey(
            seed: SecretBytes(copying: #require(Hex.decode(vector.ed25519Seed))))
        let text = vector.body + "extension\n"
        let log = try VerifierKey(parsing: vector.vkey)
        let line = NoteSignature(
            name: log.name, keyID: log.keyID, bytes: try key.signature(for: Array(text.utf8)))
        let note = Note(text: text, signatures: [line])
        #expect(throws: NoteError.unexpectedExtension) {
            try OpenedCheckpoint.open(
                Array(note.serialized.utf8), origin: vector.origin, keys: [log])
        }
    }
}
