// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@Suite("Proof files")
struct LogProofTests {
    private struct BundleVector: Decodable {
        let tlogProof: String

        enum CodingKeys: String, CodingKey {
            case tlogProof = "tlog_proof"
        }
    }

    @Test("The vector's file parses, prints as it was, and opens for the leaf that it carries")
    func vectorFile() throws {
        let text = try Self.vectorText()
        let proof = try LogProof(parsing: Array(text.utf8))
        #expect(proof.serialized == text)
        #expect(proof.proof.leafIndex == 4)
        #expect(proof.proof.treeSize == 14)
        #expect(proof.proof.hashes.count == 4)
        #expect(try Self.open(proof).verified.count == 3)
    }

    @Test("Every prefix and bumped byte of the file is refused or loses a signature")
    func mutations() throws {
        let bytes = Array(try Self.vectorText().utf8)
        for mutant in Array(everyPrefix(of: bytes)) + Array(everyBumpedByte(of: bytes)) {
            guard let proof = try? LogProof(parsing: mutant) else { continue }
            #expect(Array(proof.serialized.utf8) == mutant)
            #expect(((try? Self.open(proof))?.verified.count ?? 0) < 3)
        }
    }

    @Test("A file without extra data, for a tree of one leaf, has neither line")
    func shortest() throws {
        let vector = try CheckpointVector.load()
        let head = TreeHead(size: 1, root: .leafHash([1]))
        let note = try vector.signer().sign(head)
        let proof = LogProof(
            extra: nil, proof: InclusionProof(leafIndex: 0, treeSize: 1, hashes: []),
            checkpoint: note.serialized)
        #expect(proof.serialized == "c2sp.org/tlog-proof@v1\nindex 0\n\n" + note.serialized)
        #expect(try LogProof(parsing: Array(proof.serialized.utf8)) == proof)
        let opened = try proof.open(
            leafHash: .leafHash([1]), origin: vector.origin, keys: vector.keys())
        #expect(opened.checkpoint.head == head)
    }

    @Test("Another leaf is refused with the proof's own reason")
    func otherLeaf() throws {
        let vector = try CheckpointVector.load()
        let proof = try LogProof(parsing: Array(Self.vectorText().utf8))
        #expect {
            try proof.open(
                leafHash: .leafHash([1]), origin: vector.origin, keys: vector.keys())
        } throws: { error in
            guard case NoteError.invalidProof(.rootMismatch) = error else { return false }
            return true
        }
    }

    @Test(
        "A file of another form is refused",
        arguments: [
            ("@v1\n", "@v2\n"), ("extra ", "extra  "), ("index 4", "index 04"),
            ("index 4", "index 14"), ("index 4", "index +4"), ("index 4\n", ""),
            ("index 4\n", "index 4\nindex 4\n"), ("index 4\n", "index 4\n\n"),
            ("extra ", "extra QQ==\nextra "), ("extra ", "other "), ("g6z+aZ", "g6z-aZ"),
            ("WJIZE=\n", "WJIZE\n"), ("WJIZE=\n", "WJIZF=\n"), ("@v1\n", "@v1\r\n"),
            ("@v1\n", "@v1\nextra \n"),
        ])
    func malformed(part: String, replacement: String) throws {
        let text = try Self.vectorText()
        #expect(text.contains(part))
        let changed = text.replacing(part, with: replacement, maxReplacements: 1)
        #expect(throws: NoteError.self) { try LogProof(parsing: Array(changed.utf8)) }
    }

    private static func vectorText() throws -> String {
        try Vectors.decode(BundleVector.self, from: "bundle").tlogProof
    }

    /// Opens a proof for the leaf in its extra data, as the vector's files carry it.
    private static func open(_ proof: LogProof) throws -> OpenedCheckpoint {
        let vector = try CheckpointVector.load()
        return try proof.open(
            leafHash: .leafHash(proof.extra ?? []), origin: vector.origin, keys: vector.keys())
    }
}
