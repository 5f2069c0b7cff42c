// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

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
        let response = try await stream(path, lastEventID)
        var parser = EventStreamParser()
        var parts = response.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw EndpointError(.unreachable, "\(name) broke off its stream", cause: error)
            }
            guard let part else { return }
            guard let events = parser.read(part.readableBytesView) else {
                throw EndpointError(.tooLarge, "\(name)\(path) sends an event that is too long")
            }
            for event in events { try await use(event) }
        }
    }

    /// The answer's head; an answer other than 200 is an error.
    private func stream(
        _ path: String, _ lastEventID: String?
    ) async throws(EndpointError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url + path)
        request.headers.add(name: "Accept", value: "text/event-stream")
        if let host { request.headers.add(name: "Host", value: host) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let lastEventID { request.headers.add(name: "Last-Event-ID", value: lastEventID) }
        let response: HTTPClientResponse
        var body: [UInt8] = []
        do {
            // A stream has no end by itself; that it lives is for its heartbeats to show.
            response = try await client.execute(request, deadline: .distantFuture)
            if response.status != .ok {
                body = Array(try await response.body.collect(upTo: 1 << 20).readableBytesView)
            }
        } catch {
            throw EndpointError(
                .unreachable, "\(name) cannot be reached; is the server running?", cause: error)
        }
        guard response.status == .ok else {
            throw HTTPAnswer(status: Int(response.status.code), body: body, retryAfter: nil)
                .error(asking: path, of: self)
        }
        return response
    }
}
