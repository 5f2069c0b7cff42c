// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@Suite("Signing checkpoints")
struct CheckpointSignerTests {
    @Test("The signer has the vector's keys and makes its Ed25519 line byte for byte")
    func vectorLine() throws {
        let vector = try CheckpointVector.load()
        let signer = try vector.signer()
        #expect(signer.verifierKey.vkey == vector.vkey)
        #expect(Base64.encode(signer.spki) == vector.ecdsaSpkiBase64)
        #expect(signer.logID.base64 == vector.logIdBase64)
        let note = try signer.sign(vector.head())
        #expect(note.serialized == vector.body + "\n" + vector.ed25519Line)
    }

    @Test("The vector's tree head line verifies, has get-sth's two values, and prints as it was")
    func vectorTreeHeadLine() throws {
        let vector = try CheckpointVector.load()
        let spki = try #require(Base64.decode(vector.ecdsaSpkiBase64))
        let verifier = try #require(TreeHeadVerifier(origin: vector.origin, spki: spki))
        #expect(verifier.logID.base64 == vector.logIdBase64)
        let line = try Self.treeHeadLine(of: vector)
        #expect(
            verifier.timestampMS(verifying: line, for: try vector.head())
                == vector.getSth.timestamp)
        let signature = try #require(TreeHeadSignature(line.bytes))
        #expect(signature.timestampMS == vector.getSth.timestamp)
        #expect(Base64.encode(signature.digitallySigned) == vector.getSth.treeHeadSignature)
        #expect(signature.bytes == line.bytes)
    }

    @Test("Every prefix and bumped byte of the tree head line is refused, and every other head")
    func treeHeadMutations() throws {
        let vector = try CheckpointVector.load()
        let spki = try #require(Base64.decode(vector.ecdsaSpkiBase64))
        let verifier = try #require(TreeHeadVerifier(origin: vector.origin, spki: spki))
        let line = try Self.treeHeadLine(of: vector)
        let head = try vector.head()
        let mutants =
            Array(everyPrefix(of: line.bytes)).dropFirst() + Array(everyBumpedByte(of: line.bytes))
            + [line.bytes + [0]]
        for mutant in mutants {
            let changed = NoteSignature(name: line.name, keyID: line.keyID, bytes: mutant)
            #expect(verifier.timestampMS(verifying: changed, for: head) == nil)
        }
        for other in [
            TreeHead(size: head.size + 1, root: head.root),
            TreeHead(size: head.size, root: SHA256.hash(head.root.bytes)),
        ] {
            #expect(verifier.timestampMS(verifying: line, for: other) == nil)
        }
        let stranger = NoteSignature(name: "stranger.example", keyID: line.keyID, bytes: line.bytes)
        #expect(verifier.timestampMS(verifying: stranger, for: head) == nil)
        #expect(TreeHeadVerifier(origin: vector.origin, spki: spki.dropLast()) == nil)
        #expect(TreeHeadVerifier(origin: "a b", spki: spki) == nil)
    }

    @Test("A tree head line goes after the Ed25519 line, before the witnesses', and verifies")
    func addTreeHead() throws {
        let vector = try CheckpointVector.load()
        let signer = try vector.signer()
        let plain = try signer.sign(vector.head())
        let witness = try NoteSignature(parsing: String(vector.cosignatureLine.dropLast()))
        let cosigned = Note(text: plain.text, signatures: plain.signatures + [witness])
        let note = try signer.addTreeHeadSignature(
            to: cosigned, head: vector.head(), timestampMS: 7)
        #expect(note.signatures.map(\.keyID) == (try vector.keys()).map(\.keyID))
        let opened = try OpenedCheckpoint.open(
            Array(note.serialized.utf8), origin: vector.origin, keys: vector.keys())
        #expect(opened.timestampMS(of: signer.treeHeadKey) == 7)
    }

    @Test("A renewed tree head line takes the place of the old one")
    func renewTreeHead() throws {
        let vector = try CheckpointVector.load()
        let signer = try vector.signer()
        let old = try Note(parsing: vector.noteBytes)
        let renewed = try signer.addTreeHeadSignature(
            to: old, head: vector.head(), timestampMS: vector.sthTimestampMs + 1)
        #expect(renewed.signatures.count == 3)
        let opened = try OpenedCheckpoint.open(
            Array(renewed.serialized.utf8), origin: vector.origin, keys: vector.keys())
        #expect(opened.timestampMS(of: signer.treeHeadKey) == vector.sthTimestampMs + 1)
    }

    @Test("A note of another text gets no tree head line")
    func otherText() throws {
        let vector = try CheckpointVector.load()
        let signer = try vector.signer()
        let note = try signer.sign(vector.head())
        #expect(throws: NoteError.wrongText) {
            try signer.addTreeHeadSignature(to: note, head: .empty, timestampMS: 7)
        }
    }

    @Test("The vector's cosignature is what its witness's key makes of the text and time")
    func cosignature() throws {
        let vector = try CheckpointVector.load()
        let seed = try #require(Hex.decode(vector.witnessSeed))
        let key = try Ed25519PrivateKey(seed: SecretBytes(copying: seed))
        let witness = try VerifierKey(parsing: vector.witnessVkey)
        #expect(.cosignature(name: witness.name, key.publicKey) == witness)
        let time = vector.cosignatureTimeS
        let message = Array("cosignature/v1\ntime \(time)\n\(vector.body)".utf8)
        var bytes: [UInt8] = []
        bytes.appendBigEndian(time)
        bytes += try key.signature(for: message)
        let line = NoteSignature(name: witness.name, keyID: witness.keyID, bytes: bytes)
        #expect(line.line + "\n" == vector.cosignatureLine)
    }

    @Test("A cosignature of a time from 2^63 on is refused, though its key made it")
    func cosignatureTime() throws {
        let key = try Ed25519PrivateKey(seed: SecretBytes.random(count: 32))
        let witness = VerifierKey.cosignature(name: "w.example", key.publicKey)
        for (time, isValid) in [(UInt64(1) << 63 - 1, true), (UInt64(1) << 63, false)] {
            var bytes: [UInt8] = []
            bytes.appendBigEndian(time)
            bytes += try key.signature(for: Array("cosignature/v1\ntime \(time)\ntext\n".utf8))
            let line = NoteSignature(name: witness.name, keyID: witness.keyID, bytes: bytes)
            let note = Note(text: "text\n", signatures: [line])
            #expect(((try? note.verifiedSignatures(by: [witness])) != nil) == isValid)
        }
    }

    private static func treeHeadLine(of vector: CheckpointVector) throws -> NoteSignature {
        let note = try Note(parsing: vector.noteBytes)
        return try #require(
            note.signatures.first { String($0.keyID, radix: 16) == vector.sthKeyId })
    }
}
