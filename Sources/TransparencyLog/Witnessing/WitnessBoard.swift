// SPDX-License-Identifier: Apache-2.0

import Merkle
import SignedNote

/// What a log knows of its witnesses, and whom it is to ask next: decisions without I/O.
struct WitnessBoard: Sendable {
    let policy: WitnessPolicy
    private(set) var roster: WitnessRoster
    private(set) var round: WitnessRound?
    /// The newest head that met the policy, and is kept.
    private(set) var witnessed: WitnessedHead?
    /// Since when a published head waits for a policy that has not been met since.
    private(set) var unmetSinceMS: UInt64?

    private let timeoutMS: UInt64
    private let refreshMS: UInt64

    init(_ settings: WitnessSettings, witnessed: WitnessedHead?) {
        policy = settings.policy
        roster = WitnessRoster(
            settings.policy, intervalMS: settings.intervalMS)
        timeoutMS = settings.timeoutMS
        refreshMS = settings.refreshMS
        self.witnessed = witnessed
    }

    /// Begins a round if there is something to ask of someone; the witnesses to ask.
    mutating func begin(
        _ published: PublishedHead, note: Note, nowMS: UInt64
    ) -> (round: WitnessRound, asking: Set<VerifierKey>)? {
        if let round, !round.isOver, !round.isSatisfied, nowMS < round.beganMS + timeoutMS {
            return nil
        }
        var asking = roster.askable(nowMS: nowMS)
        var lines: [VerifierKey: NoteSignature] = [:]
        if let round, round.head == published.head {
            lines = round.lines
            let isStale = nowMS >= round.beganMS + refreshMS
            if !isStale { asking.subtract(lines.keys) }
        }
        if published.head.size > witnessed?.head.size ?? 0 || witnessed == nil {
            unmetSinceMS = unmetSinceMS ?? nowMS
        }
        guard !asking.isEmpty else { return nil }
        let next = WitnessRound(
            published, note: note, policy: policy, asking: asking, lines: lines, nowMS: nowMS)
        round = next
        roster.begin(asking)
        return (next, asking)
    }

    /// What a settled answer asks for.
    struct Effect: Sendable {
        /// The witness does something else than it did before.
        var hasChanged = false
        /// A head that meets the policy, with lines that are not kept yet.
        var toKeep: WitnessedHead?
    }

    /// A witness's dialogue has ended.
    ///
    /// - Parameters:
    ///   - head: the one it was asked for, perhaps of an earlier round.
    ///   - size: of the tree that it now holds, as far as is known.
    mutating func settle(
        _ witness: VerifierKey, _ outcome: WitnessDialogue.Outcome, for head: TreeHead,
        size: UInt64, nowMS: UInt64
    ) -> Effect {
        var effect = Effect()
        effect.hasChanged = roster.settle(witness, outcome, size: size, nowMS: nowMS)
        guard var current = round, current.head == head else { return effect }
        let wasSatisfied = current.isSatisfied
        current.settle(witness, outcome)
        round = current
        // At once when the policy is met, and once more when later lines have come.
        if current.isSatisfied, !wasSatisfied || current.isOver,
            head.size >= witnessed?.head.size ?? 0
        {
            effect.toKeep = WitnessedHead(
                head: head, note: current.cosigned.serialized, atMS: nowMS)
        }
        return effect
    }

    /// A head that meets the policy is on stable storage: it may be shown.
    mutating func kept(_ head: WitnessedHead) {
        guard head.head.size >= witnessed?.head.size ?? 0 else { return }
        witnessed = head
        unmetSinceMS = nil
    }

    /// The cosignatures that a head has.
    func cosignatures(of head: TreeHead) -> [NoteSignature] {
        guard let round, round.head == head else { return [] }
        return round.cosignatures
    }

    func isOverdue(nowMS: UInt64, waitMS: UInt64) -> Bool {
        unmetSinceMS.map { nowMS > $0 + waitMS } ?? false
    }
}
