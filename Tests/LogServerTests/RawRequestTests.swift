// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import LogServer

/// Requests as bytes, over a socket: what the decoder, the guard and the framework do together.
@Suite("Requests over a raw socket", .serialized)
struct RawRequestTests {
    private static let canary = "c4n4ry"

    /// Each is one request, or the start of one, and the status that it is to be refused with.
    private static var refused: [(name: String, text: String, status: Int)] {
        let post = "POST /v1/audit HTTP/1.1\r\nHost: a\r\nX-Canary: \(canary)\r\n"
        let get = "GET /healthz HTTP/1.1\r\nHost: a\r\n"
        let fields = (0..<101).map { "X-\($0): \(canary)\r\n" }.joined()
        return [
            (
                "both lengths",
                post + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
            ),
            (
                "lengths the other way",
                post + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n", 400
            ),
            ("two equal lengths", post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400),
            ("two lengths", post + "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", 400),
            ("a list of lengths", post + "Content-Length: 1, 1\r\n\r\na", 400),
            ("a signed length", post + "Content-Length: +1\r\n\r\na", 400),
            ("a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", 400),
            ("a negative length", post + "Content-Length: -1\r\n\r\n", 400),
            ("another coding", post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 400),
            ("an unknown coding", post + "Transfer-Encoding: \(canary)\r\n\r\n", 400),
            ("chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
            (
                "chunked in HTTP/1.0",
                "POST /v1/audit HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400
            ),
            ("bare LF in the request line", "GET /healthz HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("bare LF in a field", "GET /healthz HTTP/1.1\r\nHost: a\nX: \(canary)\r\n\r\n", 400),
            ("bare LF at the end", "GET /healthz HTTP/1.1\r\nHost: a\r\n\n", 400),
            ("bare CR in a field", get + "X: a\rb\r\n\r\n", 400),
            ("a folded field", get + "X: \(canary)\r\n folded\r\n\r\n", 400),
            ("a fold with a tab", get + "X: \(canary)\r\n\tfolded\r\n\r\n", 400),
            ("space before the colon", get + "X : \(canary)\r\n\r\n", 400),
            ("space before a name", "GET /healthz HTTP/1.1\r\n Host: a\r\n\r\n", 400),
            ("no name", get + ": \(canary)\r\n\r\n", 400),
            ("no colon", get + "\(canary)\r\n\r\n", 400),
            ("a NUL in a value", get + "X: a\u{0}b\r\n\r\n", 400),
            ("a control in a value", get + "X: a\u{1}b\r\n\r\n", 400),
            ("a DEL in a value", get + "X: a\u{7f}b\r\n\r\n", 400),
            ("a control in a name", get + "X\u{1}: a\r\n\r\n", 400),
            ("no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400),
            ("two Hosts", get + "Host: b\r\n\r\n", 400),
            ("a proxy's target", "GET http://a/healthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("a space in the target", "GET /hea lthz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("no version", "GET /healthz\r\n\r\n", 400),
            ("HTTP/2.0", "GET /healthz HTTP/2.0\r\nHost: a\r\n\r\n", 400),
            ("HTTP/1.2", "GET /healthz HTTP/1.2\r\nHost: a\r\n\r\n", 400),
            ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
            ("no HTTP at all", "\(canary) \(canary)\r\n\r\n", 400),
            ("an unknown method", "\(canary.uppercased()) / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("101 fields", get + fields + "\r\n", 431),
            ("17 KiB of fields", get + "X: \(String(repeating: "a", count: 17_000))\r\n\r\n", 431),
            (
                "a target of 17 KiB", "GET /\(String(repeating: "a", count: 17_000)) HTTP/1.1\r\n",
                431
            ),
            ("an announced body too large", post + "Content-Length: 8388609\r\n\r\n", 413),
            ("an encoded body", post + "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415),
            (
                "an unknown expectation", post + "Expect: \(canary)\r\nContent-Length: 1\r\n\r\n",
                417
            ),
        ]
    }

    @Test("Malformed heads get a clear 4xx, and the connection ends")
    func malformedHeads() async throws {
        try await withLiveServer { fixture, port in
            for (name, text, status) in Self.refused {
                let answer = await converse(port, text)
                #expect(answer.status == status, "\(name): \(answer.text.prefix(60))")
                #expect(answer.isEnded, "\(name)")
                #expect(answer.text.contains("application/problem+json"), "\(name)")
                #expect(!answer.text.lowercased().contains(Self.canary), "\(name)")
                #expect(answer.text.contains("connection: close"), "\(name)")
            }
            #expect(await converse(port, Self.ping).status == 200)
        }
    }

    private static let ping =
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    private static func post(_ fixture: ServerFixture, _ more: String) -> String {
        "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Authorization: Bearer \(fixture.token(.producer))\r\n\(more)"
    }

    @Test(
        "Broken bodies are refused and nothing of them is stored",
        arguments: [
            "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
            "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n1 ;a\r\na\r\n0\r\n\r\n",
        ])
    func brokenBodies(_ text: String) async throws {
        try await withLiveServer { fixture, port in
            let before = fixture.size
            let answer = await converse(port, Self.post(fixture, text))
            #expect(answer.status == 400, "\(answer.text)")
            #expect(answer.isEnded)
            #expect(fixture.size == before)
        }
    }

    @Test("A body cut short is not taken for a whole one", arguments: [true, false])
    func cutShort(chunked: Bool) async throws {
        try await withLiveServer { fixture, port in
            let before = fixture.size
            let record = ServerFixture.record()
            let lines =
                "Content-Type: application/x-ndjson\r\n"
                + "Authorization: Bearer \(fixture.token(.producer))\r\n"
            let framing =
                chunked
                ? "Transfer-Encoding: chunked\r\n\r\n\(String(record.utf8.count + 1, radix: 16))\r\n"
                : "Content-Length: \(2 * record.utf8.count + 2)\r\n\r\n"
            let text = "POST /v1/audit HTTP/1.1\r\nHost: a\r\n\(lines)\(framing)\(record)\n"
            let answer = await converse(port, [.send(text), .finish])
            #expect(answer.status == nil || answer.status == 400)
            #expect(answer.isEnded)
            #expect(fixture.size == before)
        }
    }

    @Test("A chunked body over the limit is refused before it ends")
    func chunkedBodyTooLarge() async throws {
        let limits = RecordLimitsFixture.small
        try await withLiveServer(limits: limits) { fixture, port in
            let chunk = String(repeating: " ", count: 1_024)
            let body = String(repeating: "400\r\n\(chunk)\r\n", count: 10)
            let answer = await converse(
                port, Self.post(fixture, "Transfer-Encoding: chunked\r\n\r\n\(body)"))
            #expect(answer.status == 413, "\(answer.text.prefix(80))")
            #expect(answer.isEnded)
        }
    }

    @Test("100-continue comes after the token was found good, and not before")
    func continueAfterAuthorization() async throws {
        try await withLiveServer { fixture, port in
            let record = ServerFixture.record()
            let head = "Expect: 100-continue\r\nContent-Length: \(record.utf8.count)\r\n\r\n"
            let good = await converse(
                port,
                [
                    .send(Self.post(fixture, head)), .expect("100 Continue"), .send(record),
                    .expect("checkpoint"), .finish,
                ])
            #expect(good.text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201"))
            let bad = await converse(
                port,
                "POST /v1/audit HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(head)")
            #expect(bad.status == 401)
            #expect(bad.isEnded)
        }
    }

    @Test("An upgrade to h2c is ignored")
    func upgradeIgnored() async throws {
        try await withLiveServer { _, port in
            let answer = await converse(
                port,
                "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
                    + "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.isEnded)
        }
    }

    @Test("Pipelined requests are answered in order; a broken one ends the row")
    func pipelining() async throws {
        try await withLiveServer { _, port in
            let get = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
            let answer = await converse(port, get + get + "GET / HTTP/9.9\r\n\r\n" + get)
            let statuses = answer.text.matches(of: #/HTTP/1.1 (\d+)/#).map { String($0.1) }
            #expect(statuses == ["200", "200", "400"])
            #expect(answer.isEnded)
        }
    }

    @Test("A response to HEAD has the headers of GET and no body")
    func head() async throws {
        try await withLiveServer { _, port in
            let answer = await converse(
                port, "HEAD /tile/0/000.p/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.text.lowercased().contains("content-length: 32\r\n"))
            #expect(answer.text.hasSuffix("\r\n\r\n"))
        }
    }
}
