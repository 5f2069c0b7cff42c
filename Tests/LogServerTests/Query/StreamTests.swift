// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import LogTesting
import NIOCore
import Synchronization
import Testing

@testable import LogServer

@Suite("Streams of records", .serialized)
struct StreamTests {
    private static func request(
        _ fixture: ServerFixture, _ query: String, _ asker: ServerFixture.Asker = .auditor,
        last: UInt64? = nil
    ) -> String {
        "GET /v1/audit/stream\(query) HTTP/1.1\r\nHost: a\r\n"
            + "Authorization: Bearer \(fixture.token(asker))\r\n"
            + (last.map { "Last-Event-ID: \($0)\r\n" } ?? "") + "\r\n"
    }

    /// The ids of all events that came whole.
    private static func ids(_ text: String) -> [UInt64] {
        text.components(separatedBy: "\n\n").dropLast().compactMap { block in
            guard block.contains("event: record") else { return nil }
            return block.firstMatch(of: /id: ([0-9]+)\n/).flatMap { UInt64($0.1) }
        }
    }

    private static func live(_ configuration: inout LogServerConfiguration) {
        configuration.streamTiming.longest = .seconds(600)
        configuration.streamTiming.poll = .milliseconds(10)
    }

    @Test("It begins where it is told, and brings each record once, in order")
    func inOrder() async throws {
        try await withLiveServer(configure: Self.live) { fixture, port in
            for _ in 0..<5 { _ = try await fixture.submit(ServerFixture.record()) }
            let stream = OpenConnection(
                port, Self.request(fixture, "?from_index=2&tenant=acme"))
            await stream.until { Self.ids($0.text).count == 4 }
            // The stream's own record is at 6, and of another tenant.
            for _ in 0..<2 { _ = try await fixture.submit(ServerFixture.record()) }
            let answer = await stream.until { Self.ids($0.text).count >= 6 }
            stream.end()
            #expect(answer.text.contains("Content-Type: text/event-stream"))
            #expect(answer.text.contains("Cache-Control: no-store"))
            #expect(Self.ids(answer.text) == [2, 3, 4, 5, 7, 8])
        }
    }

    @Test("Broken off and resumed again and again, it loses nothing and repeats nothing")
    func resumes() async throws {
        try await withLiveServer(configure: Self.live) { fixture, port in
            let total: UInt64 = 150
            async let written: Void = {
                for number in 0..<total {
                    let asker: ServerFixture.Asker =
                        number.isMultiple(of: 3) ? .foreignProducer : .producer
                    _ = try await fixture.submit(ServerFixture.record(), as: asker)
                    try await Task.sleep(for: .milliseconds(4))
                }
            }()
            var (ids, connections): ([UInt64], Int) = ([], 0)
            var random = SeededGenerator(seed: 11)
            let isWhole = await eventually {
                // In the midst of an event as well as between two.
                let most = Int.random(in: 300...4_000, using: &random)
                let text = await RawConnection.first(
                    most, of: Self.request(fixture, "?from_index=0", .reader, last: ids.last), port)
                ids += Self.ids(text)
                connections += 1
                return ids.count >= 100
            }
            try await written
            #expect(isWhole && connections > 10, "it was hardly broken off")
            let own = try await fixture.allRecords().enumerated()
                .filter { $0.element["tenant"] as? String == "acme" }.map { UInt64($0.offset) }
            #expect(own.count == 100)
            #expect(ids == own)
        }
    }

    @Test("A silent stream says that it lives, and how far it has looked")
    func heartbeat() async throws {
        try await withLiveServer { configuration in
            Self.live(&configuration)
            configuration.streamTiming.heartbeat = .milliseconds(50)
        } _: { fixture, port in
            let stream = OpenConnection(port, Self.request(fixture, "?type=x.never.seen"))
            // `log.created` at 0 and the stream's own record at 1.
            let answer = await stream.until { $0.text.contains("\n:\nid: 1\n\n") }
            stream.end()
            #expect(answer.text.contains("\n:\nid: 1\n\n"))
            #expect(Self.ids(answer.text).isEmpty)
        }
    }

    @Test("Streams are counted, by credential and in all, and one more is told to wait")
    func bounded() async throws {
        try await withLiveServer { configuration in
            Self.live(&configuration)
            configuration.streams = 2
            configuration.streamsPerCredential = 1
            configuration.streamTiming.heartbeat = .milliseconds(50)
        } _: { fixture, port in
            let open = [ServerFixture.Asker.auditor, .reader].map {
                OpenConnection(port, Self.request(fixture, "", $0))
            }
            for stream in open { #expect(await stream.until { $0.status != nil }.status == 200) }
            for asker in [ServerFixture.Asker.auditor, .foreignReader] {
                let refused = OpenConnection(port, Self.request(fixture, "", asker))
                let answer = await refused.until { $0.text.contains("too_many_streams") }
                refused.end()
                #expect(answer.status == 503 && answer.text.contains("too_many_streams"))
                #expect(answer.text.lowercased().contains("retry-after"))
            }
            for stream in open { stream.end() }
            #expect(
                await eventually { await Self.isServed(fixture, port) },
                "the place of one that has left is free")
        }
    }

    /// Whether a stream may begin now.
    private static func isServed(_ fixture: ServerFixture, _ port: Int) async -> Bool {
        let stream = OpenConnection(port, request(fixture, ""))
        let answer = await stream.until { $0.status != nil }
        stream.end()
        return answer.status == 200
    }

    @Test("It ends when its token does")
    func revoked() async throws {
        try await withLiveServer(configure: Self.live) { fixture, port in
            let stream = OpenConnection(port, Self.request(fixture, "", .reader))
            await stream.until { $0.status != nil }
            let entry = try fixture.tokens.list.first { $0.credential.name == "reader" }.unwrap()
            try fixture.tokens.revoke(prefix: entry.prefix)
            _ = try await fixture.submit(ServerFixture.record("canary"))
            let answer = await stream.until { $0.text.hasSuffix("0\r\n\r\n") }
            stream.end()
            #expect(answer.text.hasSuffix("0\r\n\r\n") && !answer.text.contains("canary"))
        }
    }

    @Test("It ends, whole, when the server shuts down")
    func shutdown() async throws {
        let stream = try await withLiveServer(configure: Self.live) { fixture, port in
            let stream = OpenConnection(port, Self.request(fixture, ""))
            await stream.until { $0.status != nil }
            return stream
        }
        let answer = await stream.until(\.isEnded)
        #expect(answer.status == 200 && answer.isEnded)
        #expect(answer.text.hasSuffix("0\r\n\r\n"))
    }

    @Test("A reader that does not read is cut off, and its records are not gathered for it")
    func slowReader() async throws {
        try await withLiveServer { configuration in
            Self.live(&configuration)
            configuration.connections.writeTimeout = .milliseconds(400)
            configuration.streamsPerCredential = 1
        } _: { fixture, port in
            let text = String(repeating: "x", count: 15_000)
            let records = (0..<250).map { _ in ServerFixture.record(text) }
            let batch = "[\(records.joined(separator: ","))]"
            for _ in 0..<4 {
                let answer = try await fixture.submit(batch)
                #expect(answer.status == .ok && !answer.text.contains("\"error\""))
            }
            let file = RawConnection.open(port)
            defer { close(file) }
            // What the system holds for a reader that does not read is not to be the measure here.
            var room: Int32 = 4_096
            setsockopt(file, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
            let size = fixture.size
            RawConnection.write(file, Self.request(fixture, "?from_index=0"))
            // The stream has begun when the record of it is written.
            #expect(await eventually { fixture.size > size })
            #expect(
                await eventually { await Self.isServed(fixture, port) },
                "its place is free only when it was cut off, for it has not left")
        }
    }

    @Test(
        "An id that is none is refused", arguments: ["x", "-1", "01", "18446744073709551615"])
    func oddID(_ text: String) async throws {
        let fixture = try await ServerFixture()
        let name = try HTTPField.Name("last-event-id").unwrap()
        let answer = try await fixture.send(
            .get, "/v1/audit/stream", as: .auditor, headers: [name: text])
        #expect(answer.status == .badRequest)
    }
}
