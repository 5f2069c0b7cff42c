// SPDX-License-Identifier: Apache-2.0

import Merkle
import SignedNote

/// What is said to one witness to have one head cosigned, decided step by step.
///
/// It does no I/O: each answer gives the next step, and there are at most four.
struct WitnessDialogue: Sendable {
    enum Step: Hashable, Sendable {
        /// Send the head with the proof from a tree of this size.
        case ask(oldSize: UInt64)
        /// Get the witness's own checkpoint of this log, for it knows a tree that ours may not
        /// extend.
        case inspect
        case end(Outcome)
    }

    enum Outcome: Hashable, Sendable {
        case cosigned(NoteSignature)
        case failed(WitnessFailure)
    }

    /// The note over the head, with the log's own signature.
    let note: Note
    let head: TreeHead
    let witness: VerifierKey
    let log: VerifierKey

    /// The size of the tree that the witness cosigned last, as far as it is known.
    private(set) var oldSize: UInt64
    private var questions = 1

    private static let maxQuestions = 3
    static let clockAllowanceSeconds: UInt64 = 300

    init(
        note: Note, head: TreeHead, witness: VerifierKey, log: VerifierKey, oldSize: UInt64
    ) {
        self.note = note
        self.head = head
        self.witness = witness
        self.log = log
        self.oldSize = min(oldSize, head.size)
    }

    var first: Step { .ask(oldSize: oldSize) }

    /// What follows an answer.
    mutating func received(_ answer: AddCheckpointAnswer, nowMS: UInt64) -> Step {
        switch answer {
        case .cosigned(let lines): return .end(verified(lines, nowMS: nowMS))
        case .conflict(let size?) where size <= head.size:
            guard size != oldSize, questions < Self.maxQuestions else {
                return .end(.failed(.sizesDisagree))
            }
            questions += 1
            oldSize = size
            return .ask(oldSize: size)
        case .conflict, .refused(.inconsistent): return .inspect
        case .refused, .unknown: return .end(.failed(.refused(status: answer.status)))
        }
    }

    /// What follows when the witness's checkpoint turned out to be harmless, or no checkpoint.
    ///
    /// - Parameter size: of a tree of this log that the witness has, and that ours extends.
    mutating func inspected(consistentSize size: UInt64?) -> Step {
        guard let size, size != oldSize, size <= head.size, questions < Self.maxQuestions else {
            return .end(.failed(size == nil ? .contradicts : .sizesDisagree))
        }
        questions += 1
        oldSize = size
        return .ask(oldSize: size)
    }

    /// The witness's line, if it verifies and its time is near ours; all other lines are dropped.
    private func verified(_ lines: [NoteSignature], nowMS: UInt64) -> Outcome {
        guard !lines.isEmpty, note.signatures.count + lines.count <= Note.maxSignatures,
            let opened = try? OpenedCheckpoint.open(
                Array(Note(text: note.text, signatures: note.signatures + lines).serialized.utf8),
                origin: log.name, keys: [log, witness]),
            let seconds = opened.cosignatureTimeSeconds(of: witness),
            let line = opened.verified.first(where: {
                $0.keyID == witness.keyID && $0.name.utf8.elementsEqual(witness.name.utf8)
            })
        else { return .failed(.wrongSignature) }
        let now = nowMS / 1_000
        let difference = seconds > now ? seconds - now : now - seconds
        guard difference <= Self.clockAllowanceSeconds else { return .failed(.clock) }
        return .cosigned(line)
    }
}
