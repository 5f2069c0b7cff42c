// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LogServer

@Suite("Graceful shutdown")
struct ShutdownTests {
    @Test("A request that was begun is answered, and idle connections end")
    func finishesWhatItBegan() async throws {
        let record = ServerFixture.record()
        let (half, rest) = (String(record.prefix(20)), String(record.dropFirst(20)))
        let (begun, idle) = try await withLiveServer { fixture, port in
            let begun = OpenConnection(
                port,
                "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                    + "Authorization: Bearer \(fixture.token(.producer))\r\n"
                    + "Expect: 100-continue\r\nContent-Length: \(record.utf8.count)\r\n\r\n")
            await begun.until { $0.text.contains("100 Continue") }
            begun.send(half)
            let idle = OpenConnection(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            await idle.until { $0.text.hasSuffix("ok\n") }
            Task {
                // The server has begun to shut down by then.
                try await Task.sleep(for: .milliseconds(300))
                begun.send(rest)
            }
            return (begun, idle)
        }
        let answer = await begun.until(\.isEnded)
        #expect(answer.text.contains("HTTP/1.1 201"), "\(answer.text)")
        #expect(answer.isEnded)
        let other = await idle.until(\.isEnded)
        #expect(other.status == 200 && other.isEnded)
    }
}
