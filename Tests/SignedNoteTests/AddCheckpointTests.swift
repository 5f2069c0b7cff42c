// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@Suite("What logs and witnesses say to each other")
struct AddCheckpointTests {
    private static let answers: [AddCheckpointAnswer] =
        [
            .conflict(size: 0), .conflict(size: .max), .conflict(size: nil), .unknown(status: 500),
        ] + AddCheckpointAnswer.Refusal.allCases.map { .refused($0) }

    private func make(hashes: Int = 2) throws -> AddCheckpointRequest {
        let vector = try CheckpointVector.load()
        return try AddCheckpointRequest(
            oldSize: 7, proof: (0..<hashes).map { _ in Digest.random() },
            note: Note(parsing: vector.noteBytes))
    }

    @Test("A request prints as the specification says, and parses as it was")
    func requestText() throws {
        let vector = try CheckpointVector.load()
        let request = try make()
        #expect(
            String(decoding: request.serialized, as: UTF8.self)
                == "old 7\n\(request.proof[0].base64)\n\(request.proof[1].base64)\n\n\(vector.note)"
        )
        #expect(try AddCheckpointRequest(parsing: request.serialized) == request)
        #expect(request.checkpoint.head == (try vector.head()))
        let first = try make(hashes: 0)
        #expect(try AddCheckpointRequest(parsing: first.serialized) == first)
    }

    @Test("Every prefix of a request is refused, and a bumped byte makes another request or none")
    func mutations() throws {
        let request = try make()
        let bytes = request.serialized
        for prefix in everyPrefix(of: bytes) {
            // A prefix that ends with a whole signature line is a request with fewer of them.
            if let parsed = try? AddCheckpointRequest(parsing: prefix) {
                #expect(prefix.last == 0x0A && parsed.note.signatures.count < 3)
            }
        }
        for mutant in everyBumpedByte(of: bytes) {
            if let other = try? AddCheckpointRequest(parsing: mutant) {
                #expect(other != request && other.serialized == mutant)
            }
        }
    }

    @Test(
        "A request of another form is refused",
        arguments: [
            "", "old 0", "old 0\n", "old 00\n\n", "old -1\n\n", "old  0\n\n", "old\n\n",
            "Old 0\n\n", "old 18446744073709551616\n\n", "old 0\n\n\n", "old 0\nAAAA\n\n",
            "old 0\nno base64\n\n", "old 0\r\n\n", "\nold 0\n\n", "old 0 \n\n",
        ])
    func malformed(head: String) throws {
        let vector = try CheckpointVector.load()
        #expect(throws: NoteError.self) {
            try AddCheckpointRequest(parsing: Array((head + vector.note).utf8))
        }
    }

    @Test("63 hashes are read, 64 are refused, and so is a request that is too large")
    func limits() throws {
        let most = try make(hashes: 63)
        #expect(try AddCheckpointRequest(parsing: most.serialized) == most)
        #expect(throws: NoteError.malformedRequest) { try make(hashes: 64) }
        var text = String(decoding: most.serialized, as: UTF8.self)
        text.replace("\n\n", with: "\n\(Digest.zero.base64)\n\n", maxReplacements: 1)
        #expect(throws: NoteError.malformedRequest) {
            try AddCheckpointRequest(parsing: Array(text.utf8))
        }
        let long = [UInt8](repeating: 0x20, count: AddCheckpointRequest.maxBytes + 1)
        #expect(throws: NoteError.malformedRequest) { try AddCheckpointRequest(parsing: long) }
    }

    @Test("An answer prints and parses as it was", arguments: Self.answers)
    func answerRoundTrip(answer: AddCheckpointAnswer) throws {
        let type: String? =
            if case .conflict(.some) = answer { AddCheckpointAnswer.sizeType } else { nil }
        let parsed = try AddCheckpointAnswer(
            status: answer.status, contentType: type, body: answer.body)
        #expect(parsed == answer)
    }

    @Test("A size is read only under its media type, whose parameters say nothing")
    func sizes() throws {
        let body = Array("12\n".utf8)
        for (type, size) in [
            ("text/x.tlog.size", 12), ("TEXT/x.tlog.size; charset=utf-8", 12),
            ("text/plain", nil), (nil, nil),
        ] as [(String?, UInt64?)] {
            let answer = try AddCheckpointAnswer(status: 409, contentType: type, body: body)
            #expect(answer == .conflict(size: size))
        }
        for text in ["", "12", "\n", "012\n", "12\n\n", "-1\n", "18446744073709551616\n", "12 \n"] {
            #expect(throws: NoteError.malformedAnswer) {
                try AddCheckpointAnswer(
                    status: 409, contentType: AddCheckpointAnswer.sizeType, body: Array(text.utf8))
            }
        }
    }

    @Test("A witness's lines are read; a body of another form, or too large, is refused")
    func lines() throws {
        let vector = try CheckpointVector.load()
        let body = Array(vector.cosignatureLine.utf8)
        let answer = try AddCheckpointAnswer(status: 200, contentType: nil, body: body)
        guard case .cosigned(let lines) = answer else {
            Issue.record("not cosigned")
            return
        }
        #expect(lines.count == 1 && answer.body == body)
        for prefix in everyPrefix(of: body) {
            #expect(throws: NoteError.self) {
                try AddCheckpointAnswer(status: 200, contentType: nil, body: prefix)
            }
        }
        let many = [[UInt8]](repeating: body, count: Note.maxSignatures + 1).flatMap(\.self)
        for wrong in [many, [0xFF, 0x0A], body + [0x0A], [UInt8](repeating: 0x20, count: 70_000)] {
            #expect(throws: NoteError.self) {
                try AddCheckpointAnswer(status: 200, contentType: nil, body: wrong)
            }
        }
    }

    @Test("A signer makes the vector's cosignature, and a name that no key can have is refused")
    func signer() throws {
        let vector = try CheckpointVector.load()
        let seed = try #require(Hex.decode(vector.witnessSeed))
        let key = try Ed25519PrivateKey(seed: SecretBytes(copying: seed))
        let signer = try #require(
            CosignatureSigner(name: VerifierKey(parsing: vector.witnessVkey).name, key: key))
        #expect(signer.verifierKey.vkey == vector.witnessVkey)
        let line = try signer.cosign(
            Checkpoint(parsing: vector.body), timeSeconds: vector.cosignatureTimeS)
        #expect(line.line + "\n" == vector.cosignatureLine)
        #expect(CosignatureSigner(name: "two words", key: key) == nil)
    }
}
