// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import HummingbirdTesting
import LogStorage
import NIOCore
import Synchronization
import Testing
import TransparencyLog

@testable import LogServer

/// How many acts are under way, and how many have ended.
private final class Turns: Sendable {
    let inside = Atomic(0)
    let done = Atomic(0)
}

@Suite struct HoldTests {
    private func post(
        _ path: String, _ body: String, _ fixture: ServerFixture,
        as asker: ServerFixture.Asker = .operator
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, path, as: asker, headers: [.contentType: "application/json"], body: body)
    }

    private func json(_ response: TestResponse) throws -> JSONValue {
        try JSONValue.parse(Array(response.body.readableBytesView))
    }

    private func filled(store: (any LogStore)? = nil) async throws -> ServerFixture {
        let fixture = try await ServerFixture(store: store)
        for (actor, type) in [
            ("alice", "tool.call"), ("bob", "tool.call"), ("alice", "auth.login"),
        ] {
            let body =
                #"{"type":"\#(type)","actor":{"id":"\#(actor)","type":"human"},"#
                + #""outcome":"success","tool":{"name":"search"}}"#
            #expect(try await fixture.submit(body).status == .created)
        }
        return fixture
    }

    private static let erase = #"{"dry_run":false,"reason":"x","records":[1]}"#

    @Test("A hold blocks an erasure of what it covers, and of nothing else, until its release")
    func blocks() async throws {
        let fixture = try await filled()
        let placed = try await post(
            "/v1/admin/holds?actor=alice&type=tool.*", #"{"reason":"case-7"}"#, fixture)
        #expect(placed.status == .created)
        let index = try #require(try json(placed)["index"]?.unsigned)
        let refused = try await post("/v1/admin/erasures", Self.erase, fixture)
        #expect(refused.status == .conflict)
        #expect(try json(refused)["code"] == "held")
        #expect(try json(refused)["indexes"] == [.integer(index)])
        #expect(try await fixture.log.content(at: 1) != nil)
        let dry = try await post("/v1/admin/erasures", #"{"reason":"x","records":[1,2]}"#, fixture)
        #expect(try json(dry)["held_by"] == [.integer(index)])
        for body in [#""records":[2]"#, #""records":[3]"#] {
            let allowed = try await post(
                "/v1/admin/erasures", #"{"dry_run":false,"reason":"x",\#(body)}"#, fixture)
            #expect(allowed.status == .ok)
        }
        let released = try await post(
            "/v1/admin/holds/\(index)/release", #"{"reason":"closed"}"#, fixture)
        #expect(released.status == .noContent)
        #expect(try await post("/v1/admin/erasures", Self.erase, fixture).status == .ok)
        #expect(try await fixture.log.content(at: 1) == nil)
    }

    @Test("It covers records that come later, and a field of them")
    func later() async throws {
        let fixture = try await filled()
        _ = try await post("/v1/admin/holds?actor=dora", #"{"reason":"case-8"}"#, fixture)
        #expect(
            try await fixture.submit(
                #"{"type":"x.a.b","actor":{"id":"dora","type":"human"},"labels":{"a":"b"}}"#
            ).status == .created)
        let index = fixture.size - 1
        let body =
            #"{"dry_run":false,"reason":"x","records":[{"index":\#(index),"fields":["labels"]}]}"#
        #expect(try await post("/v1/admin/erasures", body, fixture).status == .conflict)
        #expect(try await fixture.log.content(at: index)?.erased.isEmpty == true)
    }

    @Test("Holds are read from the log again by another server on it")
    func restart() async throws {
        let fixture = try await filled()
        _ = try await post("/v1/admin/holds?actor=alice", #"{"reason":"case-9"}"#, fixture)
        let gone = try await post("/v1/admin/holds?actor=bob", #"{"reason":"case-10"}"#, fixture)
        let index = try #require(try json(gone)["index"]?.unsigned)
        _ = try await post("/v1/admin/holds/\(index)/release", #"{"reason":"closed"}"#, fixture)
        let book = HoldBook(
            log: fixture.log, settings: fixture.settings,
            search: RecordSearch(log: fixture.log, settings: fixture.settings))
        let standing = try await book.standing()
        #expect(standing.map(\.reason) == ["case-9"])
        #expect(standing.first?.filter == ["actor": ["alice"]])
    }

    @Test("A hold whose record is lost keeps everything, and is shown so, until it is released")
    func lost() async throws {
        let fixture = try await filled()
        // As after a restore: the ledger names a record of which nothing is left.
        try await fixture.log.note(hold: 2)
        _ = try await fixture.log.erase(
            [Removal(index: 2)],
            announcement: fixture.settings.governance(
                of: .erasureRequest(
                    erased: [[2]], reason: "x", tenant: "acme", credential: "test")),
            records: fixture.settings.governance)
        let list = try await fixture.send(.get, "/v1/admin/holds", as: .operator)
        #expect(
            try json(list)["holds"]
                == [["filter": .object([]), "index": 2, "lost": true, "reason": "lost"]])
        let refused = try await post("/v1/admin/erasures", Self.erase, fixture)
        #expect(try json(refused)["code"] == "held" && json(refused)["indexes"] == [2])
        let released = try await post(
            "/v1/admin/holds/2/release", #"{"reason":"placed-again"}"#, fixture)
        #expect(released.status == .noContent, "\(released.text)")
        #expect(try await post("/v1/admin/erasures", Self.erase, fixture).status == .ok)
    }

    @Test("One act at a time, whether those before it succeed or fail")
    func turns() async throws {
        let fixture = try await filled()
        let book = HoldBook(
            log: fixture.log, settings: fixture.settings,
            search: RecordSearch(log: fixture.log, settings: fixture.settings))
        let turns = Turns()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    try? await book.withTurn {
                        #expect(turns.inside.add(1, ordering: .relaxed).newValue == 1)
                        for _ in 0..<10 { await Task.yield() }
                        turns.inside.subtract(1, ordering: .relaxed)
                        turns.done.add(1, ordering: .relaxed)
                        if number % 3 == 0 { throw Missing() }
                    }
                }
            }
        }
        #expect(turns.done.load(ordering: .relaxed) == 20)
    }

    @Test("Nobody but an operator, and nothing without a filter and a reason")
    func refused() async throws {
        let fixture = try await filled()
        let size = fixture.size
        for (path, body) in [
            ("/v1/admin/holds", #"{"reason":"x"}"#), ("/v1/admin/holds?actor=a", "{}"),
            ("/v1/admin/holds?actor=a", #"{"reason":"A person's name"}"#),
            ("/v1/admin/holds?nothing=a", #"{"reason":"x"}"#),
        ] {
            #expect(try await post(path, body, fixture).status == .badRequest)
        }
        #expect(
            try await post("/v1/admin/holds/1/release", #"{"reason":"x"}"#, fixture).status
                == .notFound)
        for asker in ServerFixture.Asker.allCases where asker != .operator {
            let status = try await post(
                "/v1/admin/holds?actor=a", #"{"reason":"x"}"#, fixture, as: asker
            ).status
            #expect(status == .unauthorized || status == .forbidden)
        }
        #expect(fixture.size == size)
    }
}
