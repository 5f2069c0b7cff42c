// SPDX-License-Identifier: Apache-2.0

public import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1

/// Posts JSON to an address, a bounded number of times each.
///
/// Four attempts of 10 seconds each. The address may hold a token, so it is never shown, and is
/// not followed elsewhere.
public struct Webhook: Sendable {
    private let url: String
    private let client: HTTPClient

    private static let retry = RetryPolicy(
        first: .milliseconds(500), longest: .seconds(5), attempts: 4)
    private static let deadline = TimeAmount.seconds(10)
    private static let answerLimit = 64 << 10

    /// A webhook at an https address, or an http one of this machine.
    public init(_ url: String, client: HTTPClient) throws(EndpointError) {
        let parsed = URL(string: url)
        let host = parsed?.host ?? ""
        let isLocal = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
        guard !host.isEmpty, parsed?.scheme == "https" || (parsed?.scheme == "http" && isLocal)
        else {
            throw EndpointError(
                .invalidURL,
                "the webhook must be an https address, or an http one of this machine")
        }
        self.url = url
        self.client = client
    }

    /// Posts one event; whether it was taken.
    public func deliver(_ body: [UInt8]) async -> Bool {
        for attempt in 1...Self.retry.attempts {
            if await post(body) { return true }
            guard attempt < Self.retry.attempts else { break }
            try? await Task.sleep(for: Self.retry.delay(beforeRetry: attempt))
        }
        return false
    }

    private func post(_ body: [UInt8]) async -> Bool {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.body = .bytes(ByteBuffer(bytes: body))
        guard let response = try? await client.execute(request, timeout: Self.deadline) else {
            return false
        }
        // Read to its end, so that the connection serves the next event too.
        _ = try? await response.body.collect(upTo: Self.answerLimit)
        return (200..<300).contains(Int(response.status.code))
    }
}
