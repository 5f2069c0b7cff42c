// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogCrypto
import LogTesting
import Testing

@testable import LogServer

@Suite("Cursors")
struct CursorTests {
    private static let query = "?outcome=denied&outcome=success&limit=2"

    private static func fixture() async throws -> ServerFixture {
        var random = SeededGenerator(seed: 7)
        let fixture = try await ServerFixture()
        for _ in 0..<30 { try await fixture.submit(RandomRecord(&random)) }
        return fixture
    }

    private static func status(
        _ fixture: ServerFixture, _ query: String, _ cursor: String,
        _ asker: ServerFixture.Asker = .auditor
    ) async throws -> Int {
        let answer = try await fixture.send(
            .get, "/v1/audit\(query)&cursor=\(cursor)", as: asker)
        if answer.status != .ok { #expect(try answer.code() == "invalid_cursor") }
        return Int(answer.status.code)
    }

    @Test("No bit of a cursor can be changed, and nothing added or cut")
    func everyBit() throws {
        let codec = CursorCodec(mac: HMACSHA256(key: .random(count: 32)))
        let cursor = Cursor(position: 17, treeSize: 99, begunMS: 1_000)
        let text = codec.text(of: cursor, binding: [1, 2, 3])
        #expect(text.utf8.count == 76)
        #expect(codec.cursor(text, binding: [1, 2, 3], nowMS: 2_000) == cursor)
        #expect(codec.cursor(text, binding: [1, 2, 4], nowMS: 2_000) == nil)
        let bytes = try Base64.decodeURL(text).unwrap()
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            let forged = Base64.encodeURL(changed)
            #expect(codec.cursor(forged, binding: [1, 2, 3], nowMS: 2_000) == nil, "bit \(bit)")
        }
        for count in 0..<text.count {
            #expect(codec.cursor(String(text.prefix(count)), binding: [1, 2, 3], nowMS: 0) == nil)
        }
        #expect(codec.cursor(text + "A", binding: [1, 2, 3], nowMS: 2_000) == nil)
        let other = CursorCodec(mac: HMACSHA256(key: .random(count: 32)))
        #expect(other.cursor(text, binding: [1, 2, 3], nowMS: 2_000) == nil)
    }

    @Test("A cursor ends after a day")
    func lifetime() {
        let codec = CursorCodec(mac: HMACSHA256(key: .random(count: 32)))
        let text = codec.text(of: Cursor(position: 0, treeSize: 1, begunMS: 5), binding: [])
        let end = 5 + Cursor.lifetimeMS
        #expect(codec.cursor(text, binding: [], nowMS: end - 1) != nil)
        #expect(codec.cursor(text, binding: [], nowMS: end) == nil)
    }

    @Test("A cursor is good for its own filters, order and credential alone")
    func binding() async throws {
        let fixture = try await Self.fixture()
        let page = try await fixture.page(Self.query)
        let cursor = try page.cursor.unwrap()
        #expect(try await Self.status(fixture, Self.query, cursor) == 200)
        // How much comes in which form is no part of it, nor in which order values are given.
        for same in [
            "?outcome=success&outcome=denied&limit=2", "?outcome=denied&outcome=success&limit=9",
            "?outcome=denied&outcome=success&format=csv&limit=2",
        ] {
            #expect(try await Self.status(fixture, same, cursor) == 200, "\(same)")
        }
        for other in [
            "?outcome=denied&limit=2", "?outcome=denied&outcome=success&order=desc",
            "?outcome=denied&outcome=success&actor=bob", "?limit=2",
            "?outcome=denied&outcome=success&severity_min=1",
            "?outcome=denied&outcome=success&from_index=1",
            "?outcome=denied&outcome=success&since=2026-01-01T00:00:00Z",
        ] {
            #expect(try await Self.status(fixture, other, cursor) == 400, "\(other)")
        }
        for asker in [ServerFixture.Asker.reader, .foreignReader] {
            #expect(try await Self.status(fixture, Self.query, cursor, asker) == 400)
        }
    }

    @Test("Two readers of one tenant cannot use one another's cursors")
    func otherCredential() async throws {
        let fixture = try await Self.fixture()
        let second = try fixture.tokens.create(
            name: "second", role: .reader, tenant: .only("acme"),
            now: LogServerConfiguration().now())
        let cursor = try await fixture.page("?limit=2", as: .reader).cursor.unwrap()
        let uri = "/v1/audit?limit=2&cursor=\(cursor)"
        let own = try await fixture.send(.get, uri, as: .reader)
        let other = try await fixture.send(
            .get, uri, headers: [.authorization: "Bearer \(second.text)"])
        #expect(own.status == .ok && other.status == .badRequest)
    }

    @Test("A walk does not see what is added while it goes on")
    func pinned() async throws {
        let fixture = try await Self.fixture()
        let size = fixture.size
        let found = try await fixture.walk("?limit=5&order=desc") {
            _ = try await fixture.submit(ServerFixture.record())
        }
        #expect(found == (0..<size).reversed())
    }
}
