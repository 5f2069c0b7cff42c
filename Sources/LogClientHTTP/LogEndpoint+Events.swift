// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore

extension LogEndpoint {
    /// Follows a stream of server-sent events until the server ends it.
    ///
    /// Nothing is read ahead of `use` but what the connection buffers. Nothing is retried: resume
    /// with the last id that came.
    ///
    /// Throws an ``EndpointError`` where the stream cannot be had or breaks off, and what `use`
    /// throws.
    ///
    /// - Parameters:
    ///   - path: Begins with a slash; a query may follow.
    ///   - lastEventID: The id of the event after which to go on.
    ///   - use: Called for each block, in order.
    public func follow(
        _ path: String, lastEventID: String? = nil,
        _ use: (ServerSentEvent) async throws -> Void
    ) async throws {
        var headers = [("Accept", "text/event-stream")]
        if let lastEventID { headers.append(("Last-Event-ID", lastEventID)) }
        let response = try await open("GET", path, headers: headers)
        var parser = EventStreamParser()
        try await parts(of: response, called: "stream") { part in
            guard let events = parser.read(part.readableBytesView) else {
                throw EndpointError(.tooLarge, "\(name)\(path) sends an event that is too long")
            }
            for event in events { try await use(event) }
        }
    }
}
