// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import LogServer

@Suite("What a request head may say")
struct RequestFramingTests {
    private static func check(
        _ headers: HTTPHeaders, uri: String = "/", method: HTTPMethod = .POST,
        version: HTTPVersion = .http1_1
    ) -> Result<RequestFraming, ConnectionFailure> {
        let head = HTTPRequestHead(version: version, method: method, uri: uri, headers: headers)
        return Result { () throws(ConnectionFailure) in
            try RequestFraming(checking: head, bodyLimit: 100)
        }
    }

    @Test(
        "Heads that can be read in two ways are refused",
        arguments: [
            [("host", "a"), ("content-length", "1"), ("transfer-encoding", "chunked")],
            [("host", "a"), ("content-length", "1"), ("Content-Length", "1")],
            [("host", "a"), ("content-length", "1, 1")], [("host", "a"), ("content-length", "+1")],
            [("host", "a"), ("content-length", "")],
            [("host", "a"), ("content-length", "99999999999999999999")],
            [("host", "a"), ("transfer-encoding", "gzip, chunked")],
            [("host", "a"), ("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")],
            [("host", "a"), ("Host", "b")], [], [("host", "a"), ("x", "a\u{0}b")],
            [("host", "a"), ("x", "a\rb")],
        ] as [[(String, String)]])
    func ambiguous(_ fields: [(String, String)]) {
        #expect(Self.check(HTTPHeaders(fields)) == .failure(.malformed))
    }

    @Test(
        "Targets other than a path are refused",
        arguments: ["http://a/", "a", "/a b", "/é", "*", "/#a"])
    func target(_ uri: String) {
        #expect(Self.check(["host": "a"], uri: uri) == .failure(.malformed))
    }

    @Test("Sizes, encodings and expectations have errors of their own")
    func others() {
        #expect(Self.check(["host": "a", "content-length": "101"]) == .failure(.bodyTooLarge))
        #expect(
            Self.check(["host": "a", "content-encoding": "gzip"]) == .failure(.contentEncoding))
        #expect(Self.check(["host": "a", "expect": "200-ok"]) == .failure(.expectation))
    }

    @Test("What is fine is said to be")
    func accepted() throws {
        let plain = try Self.check(["Host": "a", "Content-Length": "100"]).get()
        #expect(!plain.closes && !plain.expectsContinue)
        #expect(try Self.check(["host": "a", "EXPECT": "100-Continue"]).get().expectsContinue)
        #expect(try Self.check(["host": "a", "content-encoding": "Identity"]).get() == plain)
        #expect(try Self.check(["host": "a", "upgrade": "h2c"]).get().closes)
        #expect(try Self.check([:], version: .http1_0).get().closes)
        #expect(try Self.check(["host": "a"], uri: "*", method: .OPTIONS).get() == plain)
    }
}
