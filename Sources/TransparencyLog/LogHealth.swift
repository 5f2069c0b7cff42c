// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// The state of a log at one moment.
///
/// Times are milliseconds since 1970.
package struct LogHealth: Sendable {
    /// Leaves under the published head.
    package let size: UInt64
    package let publishedAtMS: UInt64
    package let lastCommitMS: UInt64
    package let queuedRecords: Int
    /// Set when nothing will be sequenced until a restart.
    package let stopReason: String?
    /// Set beside it when someone holds a head that this log signed and does not extend.
    package let isContradicted: Bool
    /// Set while wall clock and boot time disagree: nothing is sequenced.
    package let clockDifferenceMS: Int64?
    package let nowMS: UInt64
    package let durability: StoreDurability
    package let mode: LogMode
    /// Nil in a log that asks no witnesses.
    package let witnesses: WitnessHealth?

    /// Whether the log takes records.
    package var isReady: Bool {
        stopReason == nil && clockDifferenceMS == nil && mode == .sequencing && !lacksWitnesses
    }

    /// Whether it takes no records because witnesses do not meet the policy.
    package var lacksWitnesses: Bool {
        witnesses.map { $0.isOverdue && $0.onFailure == .closed } ?? false
    }
}
