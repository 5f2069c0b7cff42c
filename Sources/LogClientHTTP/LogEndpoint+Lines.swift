// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension LogEndpoint {
    /// Sends JSON, and takes the answer line by line as it comes.
    ///
    /// Nothing is retried. Throws an ``EndpointError`` where the answer is not 200 or breaks off, and
    /// what `take` throws.
    ///
    /// - Parameters:
    ///   - path: Begins with a slash.
    ///   - json: The body.
    ///   - limit: Bytes of one line.
    ///   - take: Called with each line, without its end.
    public func lines(
        posting json: [UInt8], to path: String, limit: Int = 1 << 20,
        _ take: ([UInt8]) throws -> Void
    ) async throws {
        let response = try await answer(to: json, path)
        var line: [UInt8] = []
        var parts = response.body.makeAsyncIterator()
        while true {
            let part: ByteBuffer?
            do {
                part = try await parts.next()
            } catch {
                throw EndpointError(.unreachable, "\(name) broke off its answer", cause: error)
            }
            guard let part else { break }
            for byte in part.readableBytesView {
                if byte == UInt8(ascii: "\n") {
                    try take(line)
                    line.removeAll(keepingCapacity: true)
                } else {
                    guard line.count < limit else {
                        throw EndpointError(.tooLarge, "\(name)\(path) sends too long a line")
                    }
                    line.append(byte)
                }
            }
        }
        if !line.isEmpty { try take(line) }
    }

    private func answer(
        to json: [UInt8], _ path: String
    ) async throws(EndpointError) -> HTTPClientResponse {
        var request = HTTPClientRequest(url: url + path)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        if let host { request.headers.add(name: "Host", value: host) }
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        request.body = .bytes(ByteBuffer(bytes: json))
        let response: HTTPClientResponse
        var body: [UInt8] = []
        do {
            // It takes as long as it takes; that it goes on is for its lines to show.
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
