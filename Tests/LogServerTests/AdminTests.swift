// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import LogTesting
import NIOCore
import Testing

@testable import LogServer

@Suite("The admin socket")
struct AdminTests {
    private static func fixture(_ path: String = "/tmp/evident-unused.sock") async throws
        -> ServerFixture
    {
        try await ServerFixture { $0.adminSocket = path }
    }

    private static func send(
        _ fixture: ServerFixture, _ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil
    ) async throws -> TestResponse {
        try await fixture.server.adminApplication.unwrap().test(.router) { client in
            try await client.execute(
                uri: uri, method: method, body: body.map { ByteBuffer(string: $0) })
        }
    }

    @Test("Tokens are made, listed and ended, and the log has it on record")
    func tokens() async throws {
        let fixture = try await Self.fixture()
        let before = fixture.size
        let made = try await Self.send(
            fixture, .post, "/v1/admin/tokens",
            "{\"role\":\"producer\",\"tenant\":\"acme\",\"name\":\"ci\"}")
        #expect(made.status == .created)
        let token = try (try made.json()["token"] as? String).unwrap()
        let prefix = try (try made.json()["prefix"] as? String).unwrap()
        #expect(fixture.tokens.credential(bearing: token)?.name == "ci")
        let list = try await Self.send(fixture, .get, "/v1/admin/tokens")
        #expect(list.text.contains(prefix) && !list.text.contains(token.suffix(43)))
        #expect(
            try await Self.send(fixture, .delete, "/v1/admin/tokens/\(prefix)").status
                == .noContent)
        #expect(fixture.tokens.credential(bearing: token) == nil)
        #expect(
            try await Self.send(fixture, .delete, "/v1/admin/tokens/\(prefix)").status
                == .notFound)
        #expect(fixture.size == before + 2)
    }

    @Test(
        "Tokens that cannot be made",
        arguments: [
            "", "[]", "{}", "{\"role\":\"producer\"}", "{\"role\":\"king\",\"tenant\":\"a\"}",
            "{\"role\":\"reader\",\"tenant\":\"*\"}", "{\"role\":\"producer\",\"tenant\":\"_log\"}",
            "{\"role\":\"producer\",\"tenant\":\"a\",\"x\":1}",
            "{\"role\":\"producer\",\"tenant\":\"a\",\"name\":\"a b\"}",
        ])
    func refusals(_ body: String) async throws {
        let fixture = try await Self.fixture()
        let count = fixture.tokens.list.count
        let response = try await Self.send(fixture, .post, "/v1/admin/tokens", body)
        #expect(response.status == .badRequest)
        #expect(try response.code() == "invalid_token_request")
        #expect(fixture.tokens.list.count == count)
    }

    @Test("Health and reload answer; the public routes are not there")
    func others() async throws {
        let fixture = try await Self.fixture()
        #expect(try await Self.send(fixture, .get, "/v1/admin/health").status == .ok)
        #expect(try await Self.send(fixture, .post, "/v1/admin/reload").status == .ok)
        #expect(try await Self.send(fixture, .get, "/checkpoint").status == .notFound)
    }

    @Test("The socket is its owner's alone, and goes with the server")
    func socketMode() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/admin.sock"
        try await withLiveServer(configure: { $0.adminSocket = path }) { _, _ in
            let isOwners = await eventually {
                let attributes = try? FileManager.default.attributesOfItem(atPath: path)
                return attributes?[.posixPermissions] as? Int == 0o600
            }
            #expect(isOwners)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }
}
