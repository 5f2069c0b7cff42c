// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore
import NIOHTTP1

extension LogEndpoint {
    /// Takes an answer of any length piece by piece as it comes.
    ///
    /// Nothing is retried. Throws an ``EndpointError`` where the answer is not 200 or breaks off, and
    /// what `begin` and `take` throw, which ends the answer.
    ///
    /// - Parameters:
    ///   - path: Begins with a slash; a query may follow.
    ///   - method: The HTTP method.
    ///   - begin: Called once, before any piece, with a look-up of the answer's header fields.
    ///   - take: Called with each piece, in order; the next one is asked for when it returns.
    public func pieces(
        _ path: String, method: String = "GET",
        begin: ((_ field: (String) -> String?) throws -> Void)? = nil,
        _ take: ([UInt8]) async throws -> Void
    ) async throws {
        let response = try await open(method, path, headers: [])
        try begin?({ response.headers.first(name: $0) })
        try await parts(of: response, called: "answer") { part in
            try await take(Array(part.readableBytesView))
        }
    }
}
