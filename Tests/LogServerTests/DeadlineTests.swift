// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogTesting
import NIOCore
import Testing

@testable import LogServer

enum RecordLimitsFixture {
    /// 4 KiB a batch.
    static let small = RecordLimits(batchByteCount: 4_096)
}

@Suite("Deadlines and caps, with short ones", .serialized)
struct DeadlineTests {
    @Test("A head that drips is ended at its deadline")
    func drippedHead() async throws {
        try await withLiveServer(configure: { $0.connections.headTimeout = .milliseconds(300) }) {
            _, port in
            let answer = await converse(port, [.send("GET /healthz HTTP/1.1\r\nX: "), .drip("a")])
            #expect(answer.status == 408 || answer.text.isEmpty)
            #expect(answer.isEnded)
        }
    }

    @Test("A second head that drips is ended too")
    func drippedSecondHead() async throws {
        try await withLiveServer(configure: { $0.connections.headTimeout = .seconds(2) }) {
            _, port in
            let answer = await converse(
                port,
                [
                    .send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), .expect("ok\n"),
                    .send("GET /"), .drip("h"),
                ])
            #expect(answer.text.contains("HTTP/1.1 408"))
            #expect(answer.isEnded)
        }
    }

    @Test("A body that drips is ended at its deadline")
    func drippedBody() async throws {
        try await withLiveServer(configure: { $0.connections.bodyTimeout = .milliseconds(600) }) {
            fixture, port in
            let head =
                "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(fixture.token(.producer))\r\n"
                + "Content-Length: 10000\r\n\r\n"
            let answer = await converse(port, [.send(head), .drip("a")])
            #expect(answer.status == 408, "\(answer.text)")
            #expect(answer.isEnded)
        }
    }

    @Test("An idle connection is closed without a word")
    func idle() async throws {
        try await withLiveServer(configure: { $0.connections.idleTimeout = .milliseconds(400) }) {
            _, port in
            let answer = await converse(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.isEnded && answer.seconds > 0.3)
            #expect(!answer.text.contains("408"))
        }
    }

    /// A connection that the server has taken in, and so counts.
    private static func served(_ port: Int) async -> OpenConnection {
        let connection = OpenConnection(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await connection.until { $0.text.hasSuffix("ok\n") }.status == 200)
        return connection
    }

    /// Asks again and again until the answer has this status, and returns it.
    private static func answer(_ status: Int, _ port: Int) async -> RawAnswer {
        var answer = RawAnswer()
        _ = await eventually {
            answer = await converse(
                port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            return answer.status == status
        }
        return answer
    }

    @Test("Connections over the cap are told so, and the others are served")
    func connectionCap() async throws {
        try await withLiveServer(configure: { $0.connections.connections = 2 }) { _, port in
            let held = [await Self.served(port), await Self.served(port)]
            let answer = await Self.answer(503, port)
            #expect(answer.status == 503)
            #expect(answer.text.contains("too_many_connections\""))
            #expect(answer.text.contains("retry-after: "))
            #expect(answer.isEnded)
            for connection in held { connection.end() }
            #expect(await Self.answer(200, port).status == 200)
        }
    }

    @Test("Connections of one address over its cap are told so")
    func addressCap() async throws {
        try await withLiveServer(configure: { $0.connections.connectionsPerAddress = 1 }) {
            _, port in
            let held = await Self.served(port)
            #expect(await Self.answer(429, port).status == 429)
            held.end()
            #expect(await Self.answer(200, port).status == 200)
        }
    }

    @Test("Bodies over the server's budget are refused, and it recovers")
    func bodyBudget() async throws {
        let fixture = try await ServerFixture { $0.bufferedBodyBytes = 200 }
        let large = ServerFixture.record(String(repeating: "a", count: 300))
        let refused = try await fixture.submit(large)
        #expect(refused.status == .serviceUnavailable)
        #expect(try refused.code() == "too_many_bodies")
        #expect(try await fixture.submit(ServerFixture.record()).status == .created)
    }
}
