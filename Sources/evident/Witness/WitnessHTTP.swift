// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import LogStorage
import NIOCore
import NIOHTTP1
import SignedNote
import TransparencyLog

/// Asks witnesses over HTTP, by connections that are kept for the next time.
///
/// No redirect is followed: a witness is where the policy says. An answer is read up to the most
/// that the protocol can need, and all of a request is over when its time is.
final class WitnessHTTP: Sendable {
    private let client: HTTPClient

    init() {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(5)))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4
        configuration.connectionPool.idleTimeout = .seconds(60)
        configuration.httpVersion = .http1Only
        client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    func close() async {
        try? await client.shutdown()
    }

    /// What a log asks by.
    var transport: WitnessTransport {
        { [self] (call) throws(WitnessFailure) in try await send(call) }
    }

    private func send(_ call: WitnessCall) async throws(WitnessFailure) -> WitnessReply {
        var request = HTTPClientRequest(url: call.url)
        if let body = call.body {
            request.method = .POST
            request.headers.add(name: "Content-Type", value: "text/plain; charset=utf-8")
            request.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await client.execute(request, timeout: TimeAmount(call.timeout))
            let body = try await response.body.collect(upTo: AddCheckpointAnswer.maxBytes)
            return WitnessReply(
                status: Int(response.status.code),
                contentType: response.headers.first(name: "Content-Type"),
                body: Array(body.readableBytesView))
        } catch is NIOTooManyBytesError {
            throw .malformedAnswer
        } catch let error as HTTPClientError where Self.timeouts.contains(error) {
            throw .timedOut
        } catch {
            throw .unreachable
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .connectTimeout, .readTimeout, .deadlineExceeded,
    ]
}
