// SPDX-License-Identifier: Apache-2.0

package import Merkle
import SignedNote

/// One head that witnesses are asked to cosign, and what they have given for it so far.
struct WitnessRound: Sendable {
    let published: PublishedHead
    /// The note over the head, with the log's own signature alone.
    let note: Note
    let policy: WitnessPolicy
    let beganMS: UInt64

    /// Verified lines.
    private(set) var lines: [VerifierKey: NoteSignature]
    private(set) var waiting: Set<VerifierKey>

    /// - Parameter lines: verified ones that the same head has already.
    init(
        _ published: PublishedHead, note: Note, policy: WitnessPolicy, asking: Set<VerifierKey>,
        lines: [VerifierKey: NoteSignature] = [:], nowMS: UInt64
    ) {
        self.published = published
        self.note = note
        self.policy = policy
        self.lines = lines
        waiting = asking
        beganMS = nowMS
    }

    var head: TreeHead { published.head }

    /// Whether the witnesses that cosigned are enough.
    var isSatisfied: Bool { policy.isSatisfied(by: Set(lines.keys)) }

    /// Whether every witness that was asked has answered.
    var isOver: Bool { waiting.isEmpty }

    /// A witness has answered.
    mutating func settle(_ witness: VerifierKey, _ outcome: WitnessDialogue.Outcome) {
        waiting.remove(witness)
        if case .cosigned(let line) = outcome { lines[witness] = line }
    }

    /// The cosignatures, in the policy's order.
    var cosignatures: [NoteSignature] { policy.witnesses.compactMap { lines[$0.key] } }

    /// The note with them.
    var cosigned: Note {
        Note(text: note.text, signatures: note.signatures + cosignatures)
    }
}

/// A head that met the witness policy.
package struct WitnessedHead: Sendable {
    package let head: TreeHead
    /// The note over it: the log's Ed25519 line and the cosignatures.
    package let note: String
    /// Wall clock when it met the policy, milliseconds.
    package let atMS: UInt64
}
