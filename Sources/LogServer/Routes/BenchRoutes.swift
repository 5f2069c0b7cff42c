// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The server's ceiling: requests that cost what HTTP costs, and answers as long as a receipt.
///
/// Mounted for benchmarks only, and no part of the interface.
struct BenchRoutes: Sendable {
    private static let answer = ByteBuffer(repeating: UInt8(ascii: "."), count: 1_024)

    var routes: [Route] {
        [
            Route(
                .get, "/bench/noop", access: .anyone,
                Operation("getNothing", "Nothing", successes: [.text("1 KiB.")])
            ) { _ in .uncached(Self.answer, type: MediaTypes.text) },
            Route(
                .post, "/bench/noop", access: .anyone,
                Operation("postNothing", "Nothing", successes: [.text("1 KiB.")])
            ) { call in
                _ = try await call.request.body.collect(upTo: 8 << 20)
                return .uncached(Self.answer, status: .created, type: MediaTypes.text)
            },
        ]
    }
}
