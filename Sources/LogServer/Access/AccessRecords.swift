// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Synchronization
import TransparencyLog

/// Puts every reading of content into the log before anything of it is answered.
///
/// Where the log takes no records, nothing is read either: the caller's request fails with the
/// log's error.
final class AccessRecords: Sendable {
    /// What a route may meet that records its readings.
    static let problems: [ProblemCode] = [
        .overloaded, .shuttingDown, .sequencingStopped, .clockDisagrees, .storageFailed,
        .storageFull, .notPublished, .frozen, .evidenceOnly,
    ]

    private let log: Log
    private let submissions: Submissions
    private let granularity: AccessGranularity
    private let now: @Sendable () -> Timestamp
    private let journal: ReadJournal?
    private let filterKey: HMACSHA256
    /// Whose reading in the current minute is in the log already.
    private let recorded = Mutex(Recorded())

    private struct Recorded {
        var minute: Int64 = 0
        var credentials: Set<Credential> = []
    }

    init(
        log: Log, submissions: Submissions, granularity: AccessGranularity,
        journal: ReadJournal? = nil, now: @escaping @Sendable () -> Timestamp
    ) {
        self.journal = journal
        self.log = log
        self.submissions = submissions
        self.granularity = granularity
        self.now = now
        filterKey = log.keys.idempotency.derived(for: "evident.access.filter.v1")
    }

    /// Whether a further page of a walk is a reading of its own.
    var countsPages: Bool { granularity == .page }

    /// What stands for the values of a filter: equal filters have equal digests, and only who
    /// holds the log's keys can try values out.
    func digest(ofFilter canonical: [UInt8]) -> Digest { filterKey.code(for: canonical) }

    /// Records a reading; durable, anchored and published when it returns.
    ///
    /// While the log takes no records for good, readings are written down beside it, if there is a
    /// journal; of a log that is only looked at, an auditor's alone.
    func record(_ event: AccessEvent, by credential: Credential) async throws(LogError) {
        if let journal, log.mode != .sequencing {
            return try writeDown(event, by: credential, journal)
        }
        let perMinute = granularity == .minute && event.isShort
        let minute = now().microseconds / 60_000_000
        if perMinute, isRecorded(credential, minute) { return }
        _ = try await log.submit([
            submissions.governance(event.record(by: credential, forMinute: perMinute))
        ])
        if perMinute { remember(credential, minute) }
    }

    private func writeDown(
        _ event: AccessEvent, by credential: Credential, _ journal: ReadJournal
    ) throws(LogError) {
        guard log.mode == .frozen || credential.role == .auditor else {
            throw LogError(.evidenceOnly, "the log is only looked at, by its auditors")
        }
        let record = submissions.governance(event.record(by: credential, forMinute: false))
        do {
            try journal.append(record.content.record)
        } catch {
            throw LogError(.storageFailed, "the reading could not be written down", cause: error)
        }
    }

    private func isRecorded(_ credential: Credential, _ minute: Int64) -> Bool {
        recorded.withLock { $0.minute == minute && $0.credentials.contains(credential) }
    }

    /// Only what is in the log is remembered: of two readings at once each has its record.
    private func remember(_ credential: Credential, _ minute: Int64) {
        recorded.withLock { recorded in
            if recorded.minute != minute { recorded = Recorded(minute: minute) }
            recorded.credentials.insert(credential)
        }
    }
}
