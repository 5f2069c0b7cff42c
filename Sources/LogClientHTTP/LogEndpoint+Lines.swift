// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import NIOCore

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
        let response = try await open(
            "POST", path, headers: [("Content-Type", "application/json")], body: json)
        var line: [UInt8] = []
        try await parts(of: response, called: "answer") { part in
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
}
