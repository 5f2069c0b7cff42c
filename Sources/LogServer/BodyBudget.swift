// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Synchronization

/// The bytes of request bodies that may be in memory at one time, over all connections.
final class BodyBudget: Sendable {
    private let limit: Int
    private let used = Atomic<Int>(0)

    init(limit: Int) {
        self.limit = limit
    }

    /// Reads the body of a request and hands it on; it counts against the budget until then.
    ///
    /// A client that waits for a 100 is asked for its body here and no earlier, so that one whose
    /// token does not suffice sends none.
    func withBody<Result>(
        of call: Call, limit bodyLimit: Int, _ use: (ByteBuffer) async throws -> Result
    ) async throws -> Result {
        let headers = call.request.headers
        let announced = headers[.contentLength].flatMap { Int($0) }
        guard announced ?? 0 <= bodyLimit else { throw Problem(.bodyTooLarge) }
        // What is announced and not sent costs nothing, so that nobody can hold the budget with it.
        var taken = 0
        defer { give(taken) }
        if headers.contains(.expect) { call.context.askForBody() }
        var body: ByteBuffer?
        for try await var part in call.request.body {
            let count = (body?.readableBytes ?? 0) + part.readableBytes
            guard count <= bodyLimit else { throw Problem(.bodyTooLarge) }
            taken += try take(part.readableBytes)
            if body?.writeBuffer(&part) == nil { body = part }
        }
        guard announced == nil || announced == body?.readableBytes ?? 0 else {
            throw ConnectionFailure.bodyCutShort
        }
        return try await use(body ?? ByteBuffer())
    }

    private func take(_ count: Int) throws(Problem) -> Int {
        let (_, total) = used.add(count, ordering: .relaxed)
        guard total <= limit else {
            give(count)
            throw Problem(.tooManyBodies)
        }
        return count
    }

    private func give(_ count: Int) {
        used.subtract(count, ordering: .relaxed)
    }
}
