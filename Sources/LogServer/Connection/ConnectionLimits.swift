// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// What one connection, and all of them together, may take of the server.
package struct ConnectionLimits: Sendable {
    /// Connections served at once; one more is answered 503 and closed.
    package var connections = 4_096
    /// Connections of one address served at once; one more is answered 429 and closed.
    ///
    /// A Unix socket has no address and no such limit.
    package var connectionsPerAddress = 2_048
    /// Refused connections that are told why; beyond these they are closed without a word.
    package var refusals = 256
    /// From the first byte of a request, or the opening of the connection, to the end of its head.
    package var headTimeout: TimeAmount = .seconds(10)
    /// From the end of a request's head to the end of its body.
    package var bodyTimeout: TimeAmount = .seconds(30)
    /// From the end of a response to the first byte of the next request.
    package var idleTimeout: TimeAmount = .seconds(75)
    /// How long a client may leave a response unread.
    package var writeTimeout: TimeAmount = .seconds(30)
    /// How long input is discarded after a response that ends the connection, so that the client
    /// can read it before the system answers its data with a reset.
    package var lingerTimeout: TimeAmount = .seconds(1)
    /// Bytes of the request target, header names and header values together.
    package var headBytes = 16 << 10
    /// Header fields, trailers included.
    package var headFields = 100
    /// Bytes of a request body.
    package var bodyBytes = 8 << 20

    package init() {}
}
