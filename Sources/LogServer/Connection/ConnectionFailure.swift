// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Why a connection is not served further.
///
/// Each is answered, where an answer can still be sent, and ends the connection.
enum ConnectionFailure: Error, Hashable, CaseIterable {
    /// Bytes that are not one well-formed HTTP/1.1 request, or that can be read in two ways.
    case malformed
    case headTooLarge
    case headTimedOut
    case bodyTooLarge
    case bodyTimedOut
    /// The client ended the connection inside a body.
    case bodyCutShort
    case contentEncoding
    case expectation
    case tooManyConnections
    case tooManyConnectionsOfAddress

    /// What an error of the HTTP decoder means.
    init(decoderError: any Error) {
        switch decoderError as? HTTPParserError {
        case .headerOverflow: self = .headTooLarge
        case .invalidEOFState: self = .bodyCutShort
        default: self = .malformed
        }
    }

    var problem: Problem {
        switch self {
        case .malformed, .bodyCutShort: Problem(.malformedRequest)
        case .headTooLarge: Problem(.headTooLarge)
        case .headTimedOut, .bodyTimedOut: Problem(.requestTimeout)
        case .bodyTooLarge: Problem(.bodyTooLarge)
        case .contentEncoding: Problem(.unsupportedContentEncoding)
        case .expectation: Problem(.expectationFailed)
        case .tooManyConnections: Problem(.tooManyConnections)
        case .tooManyConnectionsOfAddress: Problem(.tooManyConnectionsOfAddress)
        }
    }
}
