// SPDX-License-Identifier: Apache-2.0

/// Why a log does not start.
///
/// Each says what was found and what to do; none is ever repaired silently.
package struct StartupRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// The database ends before a head that was published.
        case rollbackSuspected = "rollback_suspected"
        /// The database holds another history than a published head.
        case forkSuspected = "fork_suspected"
        /// Stored data does not prove what it must.
        case tampered
        /// There is a database and no readable anchor.
        case anchorMissing = "anchor_missing"
        /// The anchor, the keys or the database belong to another log.
        case foreign
        /// The clock is behind the newest time that the log has stated.
        case clockBehind = "clock_behind"
        /// The clock is further ahead of the newest time than the log accepts unconfirmed.
        case clockAhead = "clock_ahead"
    }

    package let code: Code
    package let message: String
    /// The first index known to be wrong, where there is one.
    package let firstBadIndex: UInt64?

    init(_ code: Code, _ message: String, firstBadIndex: UInt64? = nil) {
        self.code = code
        self.message = message
        self.firstBadIndex = firstBadIndex
    }

    package var description: String { "\(message) [\(code.rawValue)]" }
}
