// SPDX-License-Identifier: Apache-2.0

import AuditChain

extension GovernanceRecord {
    /// The type of ``sinkFailing(reason:times:written:)``.
    public static let sinkFailingType = "log.sink_failing"
    /// The type of ``sinkRecovered(written:)``.
    public static let sinkRecoveredType = "log.sink_recovered"

    /// The files that the log writes its records to fall behind it.
    ///
    /// - Parameters:
    ///   - reason: Why, as a code.
    ///   - times: How often that has begun since the last such record, this time included.
    ///   - written: The records that the files hold.
    public static func sinkFailing(
        reason: String, times: UInt64, written: UInt64
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: sinkFailingType,
            details: ["times": .integer(times), "written": .integer(written)],
            outcome: "failure", reason: reason)
    }

    /// The files are as far as the log again.
    ///
    /// - Parameter written: The records that they hold.
    public static func sinkRecovered(written: UInt64) -> GovernanceRecord {
        GovernanceRecord(
            type: sinkRecoveredType, details: ["written": .integer(written)], outcome: "success")
    }
}
