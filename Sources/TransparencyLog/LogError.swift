// SPDX-License-Identifier: Apache-2.0

/// Why the log could not do what it was asked.
///
/// `description` is fit for a client.
package struct LogError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The queue is full: try again after a moment.
        case overloaded
        /// The log is shutting down.
        case shuttingDown = "shutting_down"
        /// Sequencing has stopped; only a restart resumes it.
        case sequencingStopped = "sequencing_stopped"
        /// Wall clock and boot time disagree; sequencing resumes when they agree again.
        case clockDisagrees = "clock_disagrees"
        /// No room on the volume; nothing was written.
        case storageFull = "storage_full"
        /// The store failed. Whether a commit under way was made is settled by a retry with the
        /// same key.
        case storageFailed = "storage_failed"
        /// The records are in the log, but no head could be signed over them: a retry with the
        /// same key collects the receipts.
        case notPublished = "not_published"
        /// The log was ended for good: it takes no records any more.
        case frozen
        /// The log was opened to be looked at: it takes no records and signs nothing.
        case evidenceOnly = "evidence_only"
        /// The index, size or tile lies beyond the published tree.
        case beyondTree = "beyond_tree"
        /// An erasure is announced and not finished; the next start goes on with it.
        case erasureUnfinished = "erasure_unfinished"
        /// A copy of the store is being made, and what it copies must not go meanwhile.
        case backupRunning = "backup_running"
        /// What is stored does not prove what it must: nothing is answered from it.
        case corrupt
    }

    package let code: Code
    package let message: String
    /// For the operator's log alone.
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
    package var debugDescription: String {
        cause.map { "\(description): \(String(reflecting: $0))" } ?? description
    }
}
