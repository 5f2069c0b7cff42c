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
    /// Set while wall clock and boot time disagree: nothing is sequenced.
    package let clockDifferenceMS: Int64?
    package let nowMS: UInt64
    package let durability: StoreDurability
    package let mode: LogMode

    /// Whether the log takes records.
    package var isReady: Bool {
        stopReason == nil && clockDifferenceMS == nil && mode == .sequencing
    }
}
