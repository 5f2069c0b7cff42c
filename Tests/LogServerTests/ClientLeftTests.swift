// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import LogTesting
import Testing

@testable import LogServer

@Suite("Clients that leave before they are answered", .serialized)
struct ClientLeftTests {
    /// Forty batches, each of as many records as one read of contents takes at most four times.
    private static let batches = 40
    /// Reads of contents that all of it takes.
    private static let allReads = 157

    private static func fill(_ fixture: ServerFixture) async throws {
        let lines = (0..<1_000).map { ServerFixture.record("\($0)") + "\n" }.joined()
        for _ in 0..<batches {
            let answer = try await fixture.submit(lines, type: "application/x-ndjson")
            #expect(answer.status == .ok)
        }
    }

    private static func request(
        _ method: String, _ path: String, _ fixture: ServerFixture
    ) -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
            + "Authorization: Bearer \(fixture.token(.auditor))\r\n\r\n"
    }

    /// Reads until there have been none for a second.
    private static func settled(_ store: SlowStore) async throws -> Int {
        var last = -1
        while last != store.reads {
            last = store.reads
            try await Task.sleep(for: .seconds(1))
        }
        return last
    }

    @Test(
        "Nothing more is read for them", .timeLimit(.minutes(10)),
        arguments: [("GET", "/v1/audit/stats"), ("GET", "/v1/audit/gaps")])
    func survey(method: String, path: String) async throws {
        let store = SlowStore()
        try await withLiveServer(store: store) { fixture, port in
            try await Self.fill(fixture)
            store.slow(byMS: 100)
            let before = store.reads
            let client = OpenConnection(port, Self.request(method, path, fixture))
            #expect(await eventually { store.reads > before })
            client.end()
            #expect(client.answer.text.isEmpty)
            let reads = try await Self.settled(store) - before
            #expect(reads > 0 && reads < Self.allReads / 2, "\(reads) reads")
            store.slow(byMS: 0)
            let patient = try await fixture.send(.get, path, as: .auditor)
            #expect(patient.text.contains("\"complete\":true"))
        }
    }

    @Test("A verification ends, and the next one may begin", .timeLimit(.minutes(10)))
    func verification() async throws {
        let store = SlowStore()
        try await withLiveServer(store: store) { fixture, port in
            try await Self.fill(fixture)
            store.slow(byMS: 50)
            let before = store.reads
            let client = OpenConnection(port, Self.request("POST", "/v1/audit/verify", fixture))
            let answer = await client.until { $0.text.contains("progress") }
            client.end()
            #expect(answer.text.contains("progress") && !answer.text.contains("report"))
            let reads = try await Self.settled(store) - before
            #expect(reads > 0 && reads < Self.allReads * 3 / 4, "\(reads) reads")
            store.slow(byMS: 0)
            let next = try await fixture.send(.post, "/v1/audit/verify", as: .auditor)
            #expect(next.status == .ok && next.text.contains("\"result\":\"verified\""))
        }
    }
}
