// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import NIOHTTP1
import Testing

@testable import LogServer

/// Requests that the connection's own event loop answers, beside all others.
@Suite("Direct requests", .serialized)
struct DirectRequestTests {
    private static func post(
        _ fixture: ServerFixture, _ record: String = ServerFixture.record(), query: String = "",
        more: String = ""
    ) -> String {
        "POST /v1/audit\(query) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer \(fixture.token(.producer))\r\n\(more)"
            + "Content-Length: \(record.utf8.count)\r\n\r\n\(record)"
    }

    private static let health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let last = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    private static func proof(_ index: Int) -> String {
        "GET /v1/proof/inclusion?index=\(index) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    private static func statuses(_ answer: RawAnswer) -> [String] {
        answer.text.matches(of: #/HTTP/1.1 (\d+)/#).map { String($0.1) }
    }

    /// The first response's fields without those that differ from one to the next, and its body.
    private static func parts(_ answer: RawAnswer) -> (fields: [String], body: String) {
        let halves = answer.text.components(separatedBy: "\r\n\r\n")
        let lines = (halves.first ?? "").components(separatedBy: "\r\n")
        let changing = ["date:", "content-length:", "connection:"]
        return (
            lines.map { $0.lowercased() }
                .filter { line in !changing.contains { line.hasPrefix($0) } }.sorted(),
            halves.dropFirst().joined()
        )
    }

    @Test("A head is taken only where nothing in it asks for more")
    func heads() {
        func head(
            _ method: HTTPMethod, _ uri: String, _ fields: [(String, String)],
            _ version: HTTPVersion = .http1_1
        ) -> DirectHead? {
            DirectHead(
                HTTPRequestHead(
                    version: version, method: method, uri: uri, headers: HTTPHeaders(fields)))
        }
        let plain = [
            ("Host", "a"), ("content-TYPE", "application/json"), ("Authorization", "Bearer t"),
            ("Content-Length", "16384"),
        ]
        #expect(
            head(.POST, "/v1/audit", plain)?.target
                == .record(authorization: "Bearer t", idempotencyKey: nil))
        let more = [("Idempotency-Key", "k"), ("Connection", "Keep-Alive"), ("ce", "1")]
        #expect(
            head(.POST, "/v1/audit", plain + more)?.target
                == .record(authorization: "Bearer t", idempotencyKey: "k"))
        let refused: [(String, String)] = [
            ("Expect", "100-continue"), ("Connection", "close"), ("Content-Type", "text/plain"),
            ("Content-Type", "application/json"), ("Authorization", "Bearer u"),
            ("Content-Length", "16384"), ("Transfer-Encoding", "chunked"),
            ("ce-id", "1"), ("CE-specversion", "1.0"), ("Ce-x", ""),
        ]
        for field in refused {
            #expect(head(.POST, "/v1/audit", plain + [field]) == nil, "\(field)")
        }
        for place in 1..<plain.count {
            var fewer = plain
            fewer.remove(at: place)
            #expect(head(.POST, "/v1/audit", fewer) == nil, "without \(plain[place].0)")
        }
        for length in ["0", "16385", "-1", "", "1x", "99999999999999999999"] {
            let fields = plain.dropLast() + [("content-length", length)]
            #expect(head(.POST, "/v1/audit", Array(fields)) == nil, "\(length)")
        }
        #expect(head(.POST, "/v1/audit", plain, .http1_0) == nil)
        #expect(head(.PUT, "/v1/audit", plain) == nil)
        for uri in ["/v1/audit?", "/v1/audit?wait=published", "/v1/audit/", "//v1/audit"] {
            #expect(head(.POST, uri, plain) == nil, "\(uri)")
        }
        let path = "/v1/proof/inclusion"
        #expect(head(.GET, "\(path)?index=17", [])?.target == .inclusion(index: 17))
        for query in [
            "index=", "index=01", "index=-1", "index=1&size=2", "index=%31", "size=1", "index=+1",
            "index=18446744073709551616", "index=1&index=1", "Index=1",
        ] {
            #expect(head(.GET, "\(path)?\(query)", []) == nil, "\(query)")
        }
        #expect(head(.GET, "\(path)?index=1", [("Content-Length", "0")]) == nil)
        #expect(head(.HEAD, "\(path)?index=1", []) == nil)
    }

    @Test("Both ways answer alike, whatever is asked")
    func bothWays() async throws {
        try await withLiveServer { fixture, port in
            let id = "0190a1b2-c3d4-7e5f-8a6b-0123456789ab"
            let first = ServerFixture.record("first", id: id)
            let second = first.replacingOccurrences(of: "89ab", with: "89ac")
            let wait = "?wait=published"
            let other = ServerFixture.record("other", id: id)
            let unlike = "Expect: 100-continue\r\nHost"
            // The second half of each pair goes the long way.
            let pairs: [(String, String, Int)] = [
                (Self.post(fixture), Self.post(fixture, query: wait), 201),
                (Self.post(fixture, first), Self.post(fixture, second, query: wait), 201),
                (Self.post(fixture, first), Self.post(fixture, first, query: wait), 200),
                (Self.post(fixture, other), Self.post(fixture, other, query: wait), 409),
                (Self.proof(1), Self.proof(1).replacingOccurrences(of: "Host", with: unlike), 200),
            ]
            for (direct, long, status) in pairs {
                let (one, other) = (
                    await converse(port, [.send(direct), .send(Self.last)]),
                    await converse(port, [.send(long), .send(Self.last)])
                )
                #expect(one.status == status && other.status == status, "\(one.text)")
                let (left, right) = (Self.parts(one), Self.parts(other))
                #expect(left.fields == right.fields)
                func names(_ text: String) -> [String] {
                    text.matches(of: #/"([a-z_]+)":/#).map { String($0.1) }
                }
                #expect(names(left.body) == names(right.body))
                #expect(one.text.contains("date: ") || one.text.contains("Date: "))
            }
        }
    }

    @Test("What is wrong is answered as the long way answers it")
    func refusals() async throws {
        try await withLiveServer { fixture, port in
            let before = fixture.size
            let record = ServerFixture.record()
            let good = Self.post(fixture, record)
            let (token, reader) = (fixture.token(.producer), fixture.token(.reader))
            let cases = [
                good.replacingOccurrences(of: token, with: "evt_x"),
                good.replacingOccurrences(of: token, with: reader),
                Self.post(fixture, "{\"type\":1}"), Self.post(fixture, "{"),
                Self.post(fixture, more: "Idempotency-Key: a b\r\n"), Self.proof(99_999_999),
            ]
            for text in cases {
                let long = text.replacingOccurrences(
                    of: "Host: a\r\n", with: "Host: a\r\nConnection: close\r\n")
                let (one, other) = (
                    await converse(port, [.send(text), .send(Self.last)]),
                    await converse(port, long)
                )
                #expect(one.status == other.status && one.status ?? 0 >= 400, "\(one.text)")
                #expect(Self.parts(one).fields == Self.parts(other).fields)
                #expect(Self.statuses(one).count == 2)
            }
            #expect(fixture.size == before)
        }
    }

    @Test("Requests of both ways are answered in their order, however they are cut")
    func order() async throws {
        try await withLiveServer { fixture, port in
            let post = Self.post(fixture)
            let long = Self.post(fixture, query: "?wait=published")
            let beyond = await converse(port, [.send(Self.proof(99_999_999)), .send(Self.last)])
            let refused = try Self.statuses(beyond).first.unwrap()
            let requests = [
                post, Self.health, post, post, long, Self.proof(0), post, Self.proof(99_999_999),
                long, post, Self.proof(1), Self.last,
            ]
            let want = [
                "201", "200", "201", "201", "201", "200", "201", refused, "201", "201", "200",
                "200",
            ]
            let text = requests.joined()
            for pieces in [1, 2, 3, 7, 40] {
                let size = (text.count + pieces - 1) / pieces
                var steps: [RawStep] = []
                var rest = text[...]
                while !rest.isEmpty {
                    steps += [.send(String(rest.prefix(size))), .pause(0.005)]
                    rest = rest.dropFirst(size)
                }
                let answer = await converse(port, steps)
                #expect(Self.statuses(answer) == want, "\(pieces) pieces")
                #expect(answer.isEnded)
            }
        }
    }

    @Test("What comes while a record is being settled waits for its answer: more, or the end")
    func whileAnswering() async throws {
        let gate = SigningGate()
        try await withLiveServer(gate: gate) { fixture, port in
            let before = fixture.size
            gate.close()
            let post = Self.post(fixture)
            let (more, ended, gone) = (
                Task {
                    await converse(
                        port, [.send(post), .pause(0.1), .send(Self.health + post + Self.last)])
                },
                Task { await converse(port, [.send(post), .pause(0.1), .finish]) },
                Task { await converse(port, patience: 0.2, post) }
            )
            try await Task.sleep(for: .milliseconds(400))
            #expect(await gone.value.text.isEmpty)
            #expect(fixture.size == before)
            gate.open()
            #expect(Self.statuses(await more.value) == ["201", "200", "201", "200"])
            let answer = await ended.value
            #expect(answer.status == 201 && answer.isEnded)
            #expect(await eventually { fixture.size == before + 4 })
        }
    }

    @Test("A server that shuts down answers what it has taken, and ends the connection")
    func shutdown() async throws {
        let gate = SigningGate()
        let answer = try await withLiveServer(gate: gate) { fixture, port in
            gate.close()
            let post = Self.post(fixture)
            let answer = Task { await converse(port, post) }
            #expect(await eventually { gate.isHolding })
            Task {
                try await Task.sleep(for: .milliseconds(300))
                gate.open()
            }
            return answer
        }
        let text = await answer.value
        #expect(text.status == 201, "\(text.text)")
        #expect(text.isEnded)
    }

    @Test("A client that reads nothing holds up no more than its own connection")
    func slowReader() async throws {
        try await withLiveServer { fixture, port in
            let asked = 2_000
            let answer = await converse(
                port,
                [
                    .send(Self.post(fixture)), .expect("checkpoint"),
                    .send(String(repeating: Self.proof(0), count: asked) + Self.last),
                ])
            #expect(Self.statuses(answer).count == asked + 2)
            #expect(answer.isEnded)
        }
    }

    @Test("The Date field is RFC 9110's")
    func date() {
        #expect(DateField.text(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(DateField.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
    }
}
