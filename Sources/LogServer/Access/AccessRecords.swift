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
    private let settings: SettingsInForce
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
        log: Log, settings: SettingsInForce, journal: ReadJournal? = nil,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.journal = journal
        self.log = log
        self.settings = settings
        self.now = now
        filterKey = log.keys.idempotency.derived(for: "evident.access.filter.v1")
    }

    /// Whether a further page of a walk is a reading of its own.
    var countsPages: Bool { settings.current.settings.accessRecords == .page }

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
        let current = settings.current
        let perMinute = current.settings.accessRecords == .minute && event.isShort
        let minute = now().microseconds / 60_000_000
        if perMinute, isRecorded(credential, minute) { return }
        _ = try await log.submit([
            current.submissions.governance(event.record(by: credential, forMinute: perMinute))
        ])
        if perMinute { remember(credential, minute) }
    }

    private func writeDown(
        _ event: AccessEvent, by credential: Credential, _ journal: ReadJournal
    ) throws(LogError) {
        guard log.mode == .frozen || credential.role == .auditor else {
            throw LogError(.evidenceOnly, "the log is only looked at, by its auditors")
        }
        let record = settings.governance(of: event.record(by: credential, forMinute: false))
        do {
            try journal.append(record.content.record)
        } catch {
            throw LogError(.storageFailed, "the reading could not be written down", cause: error)
        }
    }

    /// Records a file that was made, and answers with that record and its place in the log.
    func export(
        _ event: AccessEvent, by credential: Credential
    ) async throws(LogError) -> (place: SequencedRecord, content: StoredContent) {
        let submission = settings.current.submissions.governance(event.export(by: credential))
        guard case .accepted(let place)? = try await log.submit([submission]).first else {
            preconditionFailure("a record with a key of its own is always new")
        }
        return (place, submission.content)
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
