// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Testing

@testable import LogServer

enum RecordLimitsFixture {
    /// 4 KiB a batch.
    static let small = RecordLimits(batchByteCount: 4_096)
}

@Suite("Deadlines and caps, with short ones", .serialized)
struct DeadlineTests {
    private static func short(_ configuration: inout LogServerConfiguration) {
        configuration.connections.headTimeout = .milliseconds(300)
        configuration.connections.bodyTimeout = .milliseconds(600)
        configuration.connections.idleTimeout = .milliseconds(400)
        configuration.connections.lingerTimeout = .milliseconds(100)
    }

    private static let drip = Array(repeating: [RawStep.send("a"), .pause(0.05)], count: 40)
        .flatMap { $0 }

    @Test("A head that drips is ended at its deadline")
    func drippedHead() async throws {
        try await withLiveServer(configure: Self.short) { _, port in
            let answer = await converse(
                port, patience: 5, [.send("GET /healthz HTTP/1.1\r\nX: ")] + Self.drip)
            #expect(answer.status == 408 || answer.text.isEmpty)
            #expect(answer.isEnded)
        }
    }

    @Test("A second head that drips is ended too")
    func drippedSecondHead() async throws {
        try await withLiveServer(configure: Self.short) { _, port in
            let answer = await converse(
                port, patience: 2,
                [
                    .send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), .expect("ok\n"),
                    .send("GET /"), .pause(0.1), .send("h"), .pause(0.1),
                ])
            #expect(answer.text.contains("HTTP/1.1 408"))
            #expect(answer.isEnded && answer.seconds < 1)
        }
    }

    @Test("A body that drips is ended at its deadline")
    func drippedBody() async throws {
        try await withLiveServer(configure: Self.short) { fixture, port in
            let head =
                "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Authorization: Bearer \(fixture.token(.producer))\r\nContent-Length: 100\r\n\r\n"
            let answer = await converse(
                port, patience: 2,
                [.send(head)]
                    + Array(repeating: [.send("a"), .pause(0.05)], count: 10).flatMap { $0 })
            #expect(answer.status == 408, "\(answer.text)")
            #expect(answer.isEnded && answer.seconds < 1.5)
        }
    }

    @Test("An idle connection is closed without a word")
    func idle() async throws {
        try await withLiveServer(configure: Self.short) { _, port in
            let answer = await converse(
                port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.isEnded && (0.3..<1.5).contains(answer.seconds))
            #expect(!answer.text.contains("408"))
        }
    }

    @Test("Connections over the cap are told so, and the others are served")
    func connectionCap() async throws {
        try await withLiveServer(configure: { $0.connections.connections = 2 }) { _, port in
            let held = (0..<2).map { _ in RawConnection.open(port) }
            // The server counts a connection when it accepts it.
            try await Task.sleep(for: .milliseconds(100))
            let answer = await converse(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer.status == 503)
            #expect(answer.text.contains("too_many_connections\""))
            #expect(answer.text.contains("retry-after: "))
            #expect(answer.isEnded)
            for file in held { close(file) }
            try await Task.sleep(for: .milliseconds(100))
            let served = await converse(
                port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(served.status == 200)
        }
    }

    @Test("Connections of one address over its cap are told so")
    func addressCap() async throws {
        try await withLiveServer(configure: { $0.connections.connectionsPerAddress = 1 }) {
            _, port in
            let held = RawConnection.open(port)
            try await Task.sleep(for: .milliseconds(100))
            let refused = await converse(port, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(refused.status == 429)
            close(held)
            try await Task.sleep(for: .milliseconds(100))
            let served = await converse(
                port, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(served.status == 200)
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
