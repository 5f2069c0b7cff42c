// SPDX-License-Identifier: Apache-2.0

/// Why a server could not be asked, or did not give what it was asked for.
///
/// `description` names the address and what to do; it holds no token and no content.
public struct EndpointError: Error, Sendable, CustomStringConvertible, CustomDebugStringConvertible
{
    /// What kind of failure it is.
    public enum Code: String, Sendable, CaseIterable {
        /// The address is not one of a log.
        case invalidURL = "invalid_url"
        /// No connection, or it broke.
        case unreachable
        /// No answer in time.
        case timedOut = "timed_out"
        /// The server kept saying that it has too much to do, or that something of it failed.
        case unavailable
        /// The token is missing, unknown, revoked, or not good for this.
        case unauthorized
        /// There is no such thing at the server.
        case notFound = "not_found"
        /// The answer is larger than anything that was asked for can be.
        case tooLarge = "too_large"
        /// The answer is not of the form that the API defines.
        case unexpectedAnswer = "unexpected_answer"
    }

    /// The kind of failure.
    public let code: Code

    /// What happened, and how it may be remedied.
    public let message: String

    /// The error beneath, for an operator's log.
    public let cause: (any Error)?

    /// An error by its parts.
    public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The message and the code.
    public var description: String { "\(message) [\(code.rawValue)]" }

    /// The description and what lies beneath it.
    public var debugDescription: String {
        cause.map { "\(description): \(String(reflecting: $0))" } ?? description
    }
}
