// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What a server answered to one request.
public struct HTTPAnswer: Sendable {
    /// The HTTP status code.
    public let status: Int

    /// The body, all of it.
    public let body: [UInt8]

    /// What the server asked to wait before the next attempt.
    public let retryAfter: Duration?

    /// The stable code of an RFC 9457 problem in the body, or nil if there is none.
    public var problemCode: String? { object?["code"]?.text }

    /// The text for people of an RFC 9457 problem in the body, or nil if there is none.
    public var problemDetail: String? { object?["detail"]?.text }

    /// The body as a JSON object, or nil if it is none.
    var object: JSONValue? {
        try? JSONValue.parse(body, limits: JSONLimits(byteCount: 1 << 20))
    }

    /// The error that this answer is, to whoever needed another one.
    public func error(asking path: String, of endpoint: LogEndpoint) -> EndpointError {
        let said = problemDetail ?? problemCode.map { "the problem \($0)" } ?? "status \(status)"
        let isOfToken = problemCode.map { $0 == "not_authorized" } ?? true
        switch status {
        case 401 where isOfToken, 403 where isOfToken:
            return EndpointError(
                .unauthorized,
                "\(endpoint.name) refuses the token for \(path); `evident token list` shows roles")
        case 404:
            return EndpointError(.notFound, "\(endpoint.name)\(path): \(said)")
        case 429, 500...599:
            return EndpointError(.unavailable, "\(endpoint.name) cannot serve \(path): \(said)")
        default:
            return EndpointError(
                .unexpectedAnswer, "\(endpoint.name) answers \(path) with \(status): \(said)")
        }
    }
}
