// SPDX-License-Identifier: Apache-2.0

import SignedNote

/// What is known of each witness, and when it is to be asked again.
struct WitnessRoster: Sendable {
    struct Entry: Sendable {
        let witness: WitnessPolicy.Witness
        /// The size of the tree that it cosigned last, as far as we know.
        var size: UInt64 = 0
        var isBusy = false
        var failures = 0
        var notBeforeMS: UInt64 = 0
        var lastCosignedMS: UInt64?
        var failure: WitnessFailure?
    }

    private(set) var entries: [Entry]
    private let place: [VerifierKey: Int]
    private let intervalMS: UInt64

    private static let longestPauseMS: UInt64 = 60_000

    init(_ policy: WitnessPolicy, intervalMS: UInt64) {
        entries = policy.witnesses.map { Entry(witness: $0) }
        place = Dictionary(
            uniqueKeysWithValues: policy.witnesses.enumerated().map { ($1.key, $0) })
        self.intervalMS = intervalMS
    }

    subscript(_ key: VerifierKey) -> Entry? { place[key].map { entries[$0] } }

    /// The witnesses that have an address, are not being asked, and need no rest.
    func askable(nowMS: UInt64) -> Set<VerifierKey> {
        Set(
            entries.lazy.filter {
                $0.witness.url != nil && !$0.isBusy && $0.notBeforeMS <= nowMS
            }.map(\.witness.key))
    }

    mutating func begin(_ keys: Set<VerifierKey>) {
        for key in keys { change(key) { $0.isBusy = true } }
    }

    /// Notes what a witness did; true if that is another thing than it did before.
    mutating func settle(
        _ key: VerifierKey, _ outcome: WitnessDialogue.Outcome, size: UInt64, nowMS: UInt64
    ) -> Bool {
        guard let before = self[key] else { return false }
        let intervalMS = intervalMS
        change(key) { entry in
            entry.isBusy = false
            entry.size = size
            switch outcome {
            case .cosigned:
                entry.failures = 0
                entry.failure = nil
                entry.lastCosignedMS = nowMS
                entry.notBeforeMS = 0
            case .failed(let failure):
                entry.failures += 1
                entry.failure = failure
                let pause = intervalMS << UInt64(min(entry.failures - 1, 10))
                entry.notBeforeMS = nowMS + min(pause, max(Self.longestPauseMS, intervalMS))
            }
        }
        return before.failure != self[key]?.failure
            || before.lastCosignedMS == nil && before.failure == nil
    }

    private mutating func change(_ key: VerifierKey, _ body: (inout Entry) -> Void) {
        if let place = place[key] { body(&entries[place]) }
    }
}

/// The state of a log's witnesses at one moment.
///
/// Times are milliseconds since 1970.
package struct WitnessHealth: Sendable {
    package struct Witness: Sendable {
        package let name: String
        package let lastCosignedMS: UInt64?
        /// Why it did not cosign when it was asked last.
        package let failure: WitnessFailure?
    }

    /// Leaves under the newest head that met the policy; nil before the first.
    package let size: UInt64?
    package let witnessedAtMS: UInt64?
    /// Set while witnesses do not meet the policy, for longer than a submission waits.
    package let isOverdue: Bool
    package let onFailure: WitnessSettings.FailureMode
    package let witnesses: [Witness]
}
