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
        let answers = try await withLiveServer { fixture, port in
            let head =
                "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(fixture.token(.producer))\r\n"
                + "Content-Length: \(record.utf8.count)\r\n\r\n"
            let begun = Task {
                await converse(port, [.send(head + half), .pause(0.6), .send(rest)])
            }
            let idle = Task {
                await converse(
                    port, [.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), .expect("ok\n")])
            }
            try await Task.sleep(for: .milliseconds(300))
            return (begun, idle)
        }
        let begun = await answers.0.value
        #expect(begun.status == 201, "\(begun.text)")
        #expect(begun.isEnded)
        let idle = await answers.1.value
        #expect(idle.status == 200 && idle.isEnded)
    }
}
