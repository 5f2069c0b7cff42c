// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle
import SignedNote
import Testing

@testable import TransparencyLog

@Suite("What a log says to one witness")
struct WitnessDialogueTests {
    let log: CheckpointSigner
    let signer: CosignatureSigner
    let note: Note
    let head = TreeHead(size: 10, root: .zero)
    let nowMS: UInt64 = 1_790_000_000_000

    init() throws {
        log = CheckpointSigner(
            origin: "log.example.com/test",
            ed25519: try Ed25519PrivateKey(seed: .random(count: 32)),
            ecdsa: try P256PrivateKey(
                scalar: SecretBytes(copying: [UInt8](repeating: 7, count: 32))))
        signer = try Self.witness("w.example")
        note = try log.sign(head)
    }

    private static func witness(_ name: String) throws -> CosignatureSigner {
        try #require(
            CosignatureSigner(name: name, key: Ed25519PrivateKey(seed: .random(count: 32))))
    }

    private func dialogue(from oldSize: UInt64 = 4) -> WitnessDialogue {
        WitnessDialogue(
            note: note, head: head, witness: signer.verifierKey, log: log.verifierKey,
            oldSize: oldSize)
    }

    private func line(
        _ signer: CosignatureSigner, at seconds: UInt64, size: UInt64 = 10
    ) throws -> NoteSignature {
        try signer.cosign(
            Checkpoint(origin: log.origin, head: TreeHead(size: size, root: .zero)),
            timeSeconds: seconds)
    }

    @Test("It begins with the size that is known, and never with a larger one than the head's")
    func first() {
        #expect(dialogue().first == .ask(oldSize: 4))
        #expect(dialogue(from: 99).first == .ask(oldSize: 10))
    }

    @Test("A cosignature by the witness's key is taken, and every other line is dropped")
    func lines() throws {
        let (now, other) = (nowMS / 1_000, try Self.witness("other.example"))
        let good = try line(signer, at: now)
        let own = try log.sign(TreeHead(size: 99, root: .zero)).signatures
        let stranger = NoteSignature(name: log.origin, keyID: 1, bytes: [1])
        var dialogue = dialogue()
        #expect(
            dialogue.received(
                .cosigned([try line(other, at: now), stranger, good]), nowMS: nowMS)
                == .end(.cosigned(good)))
        let bad: [[NoteSignature]] = [
            [], [try line(other, at: now)], [try line(signer, at: now, size: 11)],
            [good, try line(signer, at: now, size: 11)], own + [good],
            [NoteSignature](repeating: stranger, count: 100),
        ]
        for lines in bad {
            #expect(
                dialogue.received(.cosigned(lines), nowMS: nowMS) == .end(.failed(.wrongSignature)))
        }
    }

    @Test(
        "A cosignature's time is within five minutes of the log's",
        arguments: [-301, -300, 300, 301])
    func times(difference: Int64) throws {
        let seconds = UInt64(Int64(nowMS / 1_000) + difference)
        let line = try line(signer, at: seconds)
        var dialogue = dialogue()
        #expect(
            dialogue.received(.cosigned([line]), nowMS: nowMS)
                == .end(difference.magnitude <= 300 ? .cosigned(line) : .failed(.clock)))
    }

    @Test("A witness's size is believed for a proof, twice; one that never agrees is left")
    func sizes() {
        var dialogue = dialogue()
        #expect(dialogue.received(.conflict(size: 7), nowMS: nowMS) == .ask(oldSize: 7))
        #expect(
            dialogue.received(.conflict(size: 7), nowMS: nowMS) == .end(.failed(.sizesDisagree)))
        #expect(dialogue.received(.conflict(size: 3), nowMS: nowMS) == .ask(oldSize: 3))
        #expect(
            dialogue.received(.conflict(size: 5), nowMS: nowMS) == .end(.failed(.sizesDisagree)))
    }

    @Test("A larger size, a conflict without one, and an inconsistency are looked into")
    func inspections() {
        for answer in [.conflict(size: 11), .conflict(size: nil), .refused(.inconsistent)]
            as [AddCheckpointAnswer]
        {
            var dialogue = dialogue()
            #expect(dialogue.received(answer, nowMS: nowMS) == .inspect)
            #expect(dialogue.inspected(consistentSize: nil) == .end(.failed(.contradicts)))
            #expect(dialogue.inspected(consistentSize: 8) == .ask(oldSize: 8))
            #expect(dialogue.inspected(consistentSize: 11) == .end(.failed(.sizesDisagree)))
        }
    }

    @Test("Refusals end it", arguments: [400, 403, 404, 429, 503, 500, 302, 204])
    func refusals(status: Int) throws {
        var dialogue = dialogue()
        let answer = try AddCheckpointAnswer(status: status, contentType: nil, body: [])
        #expect(
            dialogue.received(answer, nowMS: nowMS)
                == .end(.failed(.refused(status: status))))
    }

    @Test("However a witness answers, at most four questions are asked of it")
    func ends() {
        let answers: [AddCheckpointAnswer] = [
            .conflict(size: 1), .conflict(size: 2), .conflict(size: 99), .refused(.inconsistent),
            .conflict(size: nil),
        ]
        for seed in 0..<625 {
            var dialogue = dialogue()
            var (step, asked, rest) = (dialogue.first, 0, seed)
            while asked < 10 {
                if case .end = step { break }
                asked += 1
                if case .inspect = step {
                    step = dialogue.inspected(consistentSize: UInt64(rest % 5))
                } else {
                    step = dialogue.received(answers[rest % 5], nowMS: nowMS)
                }
                rest /= 5
            }
            #expect(asked <= 6)
        }
    }
}
