// SPDX-License-Identifier: Apache-2.0

import AuditRecords
package import TransparencyLog

/// What the log records of its sink.
package struct SinkRecords: Sendable {
    private let log: Log
    private let settings: SettingsInForce

    package init(_ log: Log, _ settings: SettingsInForce) {
        (self.log, self.settings) = (log, settings)
    }

    /// Whether the newest of these records says that the sink fails.
    ///
    /// No, where it cannot be found with little work.
    package func isSaidToFail() async throws -> Bool {
        var filter = RecordFilter()
        filter.terms[.type] = [
            GovernanceRecord.sinkFailingType, GovernanceRecord.sinkRecoveredType,
        ]
        filter.terms[.tenant] = ["_log"]
        var query = RecordLookups.query(filter, scope: .only(tenant: "_log"))
        query.limit = 1
        let last = try await log.records(query).records.first
        return last?.terms.values(of: .type).first == GovernanceRecord.sinkFailingType
    }

    /// Records an event.
    package func write(_ event: SinkEvent) async throws {
        let record: GovernanceRecord =
            if let trouble = event.trouble {
                .sinkFailing(reason: trouble.rawValue, times: event.times, written: event.size)
            } else {
                .sinkRecovered(written: event.size)
            }
        _ = try await log.submit([settings.governance(of: record)])
    }
}
