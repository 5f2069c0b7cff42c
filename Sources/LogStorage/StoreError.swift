// SPDX-License-Identifier: Apache-2.0

/// Why a store could not do what it was asked.
///
/// `description` says what happened and what to do, and never holds content; `detail` is the
/// backend's own text for the operator's log.
package struct StoreError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package enum Code: String, Sendable {
        /// The commit failed in a way that does not say whether it happened.
        case outcomeUnknown = "outcome_unknown"
        /// No room on the volume; nothing was written.
        case full
        /// A read or write failed; nothing was committed.
        case inputOutput = "input_output"
        /// Stored data is not what it must be.
        case corrupt
        /// A rule of the schema refused a write: a defect of this program.
        case constraint
        /// The store does not belong to this log, or was written by another version.
        case mismatch
        /// Another process holds the store.
        case locked
        /// A setting that durability needs could not be had.
        case settings
        case closed
    }

    package let code: Code
    package let message: String
    package let detail: String
    /// The first index that is known to be wrong, where `code` is `.corrupt`.
    package let firstBadIndex: UInt64?

    package init(
        _ code: Code, _ message: String, detail: String = "", firstBadIndex: UInt64? = nil
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.firstBadIndex = firstBadIndex
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
    package var debugDescription: String { "\(description): \(detail)" }
}

/// What a returned commit is worth.
package enum StoreDurability: Hashable, Sendable {
    /// On stable storage before the commit returns.
    case durable
    /// Lost when the process ends; the reason is shown wherever the log states its guarantees.
    case notDurable(reason: String)
}
