// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogStorage
import Logging
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Acts that two operators decide")
struct ApprovalTests {
    /// Whoever may open the socket, who is another operator than the one with a token.
    private func local(
        _ path: String, _ body: String, _ world: RetentionWorld
    ) async throws -> TestResponse {
        try await world.fixture.server.adminApplication.unwrap().test(.router) { client in
            try await client.execute(
                uri: path, method: .post, headers: [.contentType: "application/json"],
                body: ByteBuffer(string: body))
        }
    }

    private static let erase = #"{"dry_run":false,"reason":"gdpr.art17","records":[1,2]}"#
    private static let approve = #"{"decision":"approve","reason":"reviewed"}"#
    private static let reject = #"{"decision":"reject","reason":"no"}"#

    private func decide(
        _ index: UInt64, _ body: String, _ world: RetentionWorld
    ) async throws -> TestResponse {
        try await world.post("/v1/admin/approvals/\(index)", body)
    }

    /// Asks, as the operator of the socket, and returns the index of what waits.
    private func ask(
        _ path: String, _ body: String, _ world: RetentionWorld
    ) async throws -> UInt64 {
        let response = try await local(path, body, world)
        #expect(response.status == .accepted, "\(response.text)")
        return try response.value["pending"]?.unsigned ?? 0
    }

    private func filled() async throws -> RetentionWorld {
        // Nobody listens there.
        let world = try await RetentionWorld(socket: "/tmp/no-socket") {
            $0.needsTwo = true
            $0.approvalMS = 5 * RetentionAge.day
            $0.rules = [try RetentionRule("keep=3d")]
        }
        try await world.fill(9)
        return world
    }

    @Test("Nothing goes before another operator agrees, and the log tells of both")
    func erasure() async throws {
        let world = try await filled()
        let index = try await ask("/v1/admin/erasures", Self.erase, world)
        #expect(try await world.log.content(at: 1) != nil)
        let requested = try await world.details(index)
        #expect(requested["act"] == "erase" && requested["credential"] == "local")
        let own = try await local("/v1/admin/approvals/\(index)", Self.approve, world)
        #expect(own.status == .conflict)
        #expect(try own.value["code"] == "own_approval")
        #expect(try await world.log.content(at: 1) != nil)
        let done = try await decide(index, Self.approve, world)
        #expect(done.status == .ok, "\(done.text)")
        let announced = try #require(try done.value["announced"]?.elements?.first?.unsigned)
        let details = try await world.details(announced)
        #expect(details["credential"] == "local" && details["approver"] == "operator")
        #expect(try await world.log.content(at: 1) == nil)
        let decided = try JSONValue.parse(
            try await world.log.content(at: announced - 1).unwrap().record)
        #expect(decided["type"] == "approval.decided")
        #expect(decided["approval"]?["bound"]?.unsigned == index)
        #expect(try await decide(index, Self.approve, world).status == .notFound)
    }

    @Test("It is refused when it would do anything else than what was asked for")
    func changed() async throws {
        let world = try await filled()
        let index = try await ask(
            "/v1/admin/erasures?actor=a1", #"{"dry_run":false,"reason":"x"}"#, world)
        // Another record of the same actor.
        try await world.fill(2)
        let refused = try await decide(index, Self.approve, world)
        #expect(refused.status == .conflict)
        #expect(try refused.value["code"] == "plan_changed")
        #expect(try await world.log.content(at: 2) != nil)
        #expect(try await decide(index, Self.approve, world).status == .notFound)
    }

    @Test("A prune, a run of the rules and the release of a hold wait too")
    func others() async throws {
        let world = try await filled()
        let moment = world.clock.read().wallMS - 6 * 86_400_000
        let before = try Timestamp(milliseconds: moment).unwrap()
        let prune = try await ask(
            "/v1/admin/prune",
            #"{"before":"\#(before)","reason":"x","dry_run":false,"trust_clock":true}"#, world)
        let run = try await ask(
            "/v1/admin/retention", #"{"reason":"x","dry_run":false,"trust_clock":true}"#, world)
        let placed = try await world.post("/v1/admin/holds?actor=a8", #"{"reason":"case-1"}"#)
        let hold = try #require(try placed.value["index"]?.unsigned)
        let release = try await ask(
            "/v1/admin/holds/\(hold)/release", #"{"reason":"closed"}"#, world)
        #expect(try await world.verified() == 0)
        let listed = try await world.fixture.send(.get, "/v1/admin/approvals", as: .operator)
        let acts = try listed.value["pending"]?.elements?.compactMap { $0["act"]?.text }
        #expect(acts == ["prune", "retention", "hold.release"])
        #expect(try await decide(prune, Self.approve, world).status == .ok)
        #expect(try await world.verified() == 2)
        // The prune has taken some of what the run was to take.
        #expect(try await decide(run, Self.approve, world).status == .conflict)
        #expect(try await decide(release, Self.approve, world).status == .ok)
        let holds = try await world.fixture.send(.get, "/v1/admin/holds", as: .operator)
        #expect(try holds.value["holds"] == [])
        let again = try await ask(
            "/v1/admin/retention", #"{"reason":"x","dry_run":false,"trust_clock":true}"#, world)
        world.clock.advance(days: 0.5)
        #expect(try await decide(again, Self.approve, world).status == .ok)
        #expect(try await world.verified() == 5)
    }

    @Test("A hold that is placed meanwhile stands against it")
    func held() async throws {
        let world = try await filled()
        let index = try await ask("/v1/admin/erasures", Self.erase, world)
        _ = try await world.post("/v1/admin/holds?actor=a0", #"{"reason":"case-1"}"#)
        let refused = try await decide(index, Self.approve, world)
        #expect(try refused.value["code"] == "held")
        #expect(try await world.log.content(at: 1) != nil)
    }

    @Test("It can be rejected, by whoever asked too, and lapses")
    func ends() async throws {
        let world = try await filled()
        var index = try await ask("/v1/admin/erasures", Self.erase, world)
        let own = try await local("/v1/admin/approvals/\(index)", Self.reject, world)
        #expect(own.status == .noContent)
        #expect(try await decide(index, Self.approve, world).status == .notFound)
        index = try await ask("/v1/admin/erasures", Self.erase, world)
        world.clock.advance(days: 5.1)
        #expect(try await decide(index, Self.approve, world).status == .notFound)
        #expect(try await world.log.content(at: 1) != nil)
    }

    @Test("It waits over a restart, and a file alone agrees to nothing")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/approvals.json"
        let world = try await RetentionWorld(approvals: path, socket: folder.path + "/s") {
            $0.needsTwo = true
        }
        try await world.fill(9)
        let index = try await ask("/v1/admin/erasures", Self.erase, world)
        let desk = Self.desk(world, path)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains("gdpr.art17"))
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        let second = try #require(Credential(name: "second", role: .operator, tenant: .all))
        // Somebody changes who asked, then what; the second ends it, and no copy of it comes back.
        let codes: [(text: String, code: ProblemCode)] = [
            (text.replacing(#""local""#, with: #""other""#), .notFound),
            (text.replacing("[1,2]", with: "[1,2,4]"), .planChanged), (text, .notFound),
        ]
        for (changed, code) in codes {
            try changed.write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o600)
            let problem = await #expect(throws: Problem.self) {
                try await Self.desk(world, path).decide(
                    index, approves: true, reason: "x", by: second)
            }
            #expect(problem?.code == code)
            #expect(try await world.log.content(at: 1) != nil)
        }
        let next = try await ask("/v1/admin/erasures", Self.erase, world)
        let response = try await desk.decide(next, approves: true, reason: "x", by: second)
        #expect(response.status == .ok)
        #expect(try await world.log.content(at: 1) == nil)
        let left = try JSONValue.parse(Array(String(contentsOfFile: path, encoding: .utf8).utf8))
        let indexes = left["pending"]?.elements?.compactMap { $0["index"]?.unsigned } ?? []
        #expect(!indexes.contains(next))
    }

    private static func desk(_ world: RetentionWorld, _ path: String) -> ActDesk {
        let fixture = world.fixture
        let search = RecordSearch(log: fixture.log, settings: fixture.settings)
        let clock = world.clock
        return ActDesk(
            surroundings: ActSurroundings(
                log: fixture.log, settings: fixture.settings, search: search,
                holds: HoldBook(log: fixture.log, settings: fixture.settings, search: search)),
            approvals: ApprovalBook(path: path), now: { clock.timestamp })
    }
}
