// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import AuditRecords
import LogStorage
import Logging
package import Merkle
import Synchronization
package import TransparencyLog

/// The settings in force.
///
/// A request takes them once and goes by them to its end, so that no batch is prepared under two
/// policies.
package final class SettingsInForce: Sendable {
    /// Settings, and what is made of them once for all requests.
    final class Snapshot: Sendable {
        let settings: LogSettings
        let submissions: Submissions

        fileprivate init(_ settings: LogSettings, _ submissions: Submissions) {
            self.settings = settings
            self.submissions = submissions
        }
    }

    private let snapshot: Mutex<Snapshot>
    private let logLevel: SharedLogLevel

    /// - Parameters:
    ///   - preparer: with the limits and options that no reload changes; its redactor is not used.
    ///   - keys: the log's own, under K_idem.
    ///   - now: the time that records are stamped with.
    package init(
        _ settings: LogSettings, preparer: RecordPreparer, keys: IdempotencyKeys,
        logLevel: SharedLogLevel = SharedLogLevel(.info), now: @escaping @Sendable () -> Timestamp
    ) {
        let submissions = Submissions(
            preparer: preparer.redacting(with: settings.redactor), keys: keys,
            policies: settings.policies, now: now)
        snapshot = Mutex(Snapshot(settings, submissions))
        self.logLevel = logLevel
        logLevel.value = settings.logLevel
    }

    var current: Snapshot { snapshot.withLock { $0 } }

    /// What a producer may send at once; no reload changes it.
    var limits: RecordLimits { current.submissions.limits }

    /// Makes records of the log's own as these settings have them.
    package var governance: any GovernanceRecords { current.submissions }

    /// One of the log's own records.
    package func governance(of record: GovernanceRecord) -> Submission {
        current.submissions.governance(record)
    }

    package func logRecovered(_ lost: Range<UInt64>, _ head: TreeHead) -> Submission {
        current.submissions.logRecovered(lost, head)
    }

    func use(_ settings: LogSettings) {
        snapshot.withLock {
            $0 = Snapshot(
                settings,
                $0.submissions.redacting(with: settings.redactor, policies: settings.policies))
        }
        logLevel.value = settings.logLevel
    }

    /// Has the log name the policies in force, unless what it said of them last is the same.
    ///
    /// For a start, before anything is served. A log whose last word cannot be found with little
    /// work says it once more.
    package func recordPolicies(in log: Log) async throws {
        let (snapshot, named) = (current, try await Self.lastNamed(in: log))
        guard named != snapshot.settings.policies else { return }
        _ = try await log.submit([
            snapshot.submissions.governance(.configLoaded(snapshot.settings.policies))
        ])
    }

    private static func lastNamed(in log: Log) async throws -> LogPolicies? {
        var filter = RecordFilter()
        filter.terms[.type] = ["config.loaded", "config.reload"]
        filter.terms[.tenant] = ["_log"]
        var query = RecordLookups.query(filter, scope: .only(tenant: "_log"))
        query.limit = 1
        let page = try await log.records(query)
        if let last = page.records.first { return LogPolicies(of: last.content.record) }
        guard page.next == nil, log.published.head.size > 0 else { return nil }
        return try await log.content(at: 0).flatMap { LogPolicies(of: $0.record) }
    }
}
