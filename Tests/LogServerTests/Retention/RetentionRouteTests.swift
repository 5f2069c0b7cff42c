// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogStorage
import Logging
import Merkle
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

@Suite struct RetentionRouteTests {
    private static func rules(_ texts: String...) throws -> [RetentionRule] {
        try texts.map { try RetentionRule($0) }
    }

    @Test("The first rule that a record passes holds; a record that passes none is kept")
    func rules() async throws {
        let near = try NearWitnesses()
        let world = try await RetentionWorld(near) {
            $0.rules = try Self.rules(
                "type=auth.* keep=forever", "tenant=globex keep=2d", "type=tool.* keep=5d")
        }
        try await world.fill(9)
        try await world.fill(1, type: "auth.login")
        try await world.fill(1, type: "x.a.b")
        world.clock.advance(days: 10)
        try await world.witness()
        let dry = try await world.run(yes: false)
        #expect(try dry.value["records"]?.unsigned == 9, "\(dry.text)")
        let response = try await world.run()
        #expect(response.status == .ok, "\(response.text)")
        let announced = try response.value["announced"]?.elements?.compactMap(\.unsigned) ?? []
        let tenants = try await announced.asyncMap { try await world.details($0)["tenant"]?.text }
        #expect(tenants == ["globex", "acme"])
        #expect(try await world.details(announced[0])["time"] == "witnessed")
        #expect(try await world.kept() == [0, 10, 11] + Array(12..<world.fixture.size))
        #expect(try await world.verified() == 9)
        // A reader is told of its own tenant's alone.
        let own = try await world.fixture.send(
            .get, "/v1/audit/\(announced[1])/bundle", as: .reader)
        #expect(own.status == .ok)
        let foreign = try await world.fixture.send(
            .get, "/v1/audit/\(announced[0])/bundle", as: .reader)
        #expect(foreign.status == .notFound)
        let size = world.fixture.size
        #expect(try await world.run().value["records"]?.unsigned == 0)
        #expect(world.fixture.size == size)
        await world.log.shutDown()
    }

    @Test("What is held is passed over, and goes once it is released")
    func held() async throws {
        let world = try await RetentionWorld { $0.rules = try Self.rules("keep=3d") }
        try await world.fill(9)
        let placed = try await world.post("/v1/admin/holds?actor=a2", #"{"reason":"case-1"}"#)
        let hold = try #require(try placed.value["index"]?.unsigned)
        let answer = try await world.run(trust: true).value
        #expect(answer["held"]?.unsigned == 1 && answer["held_by"] == [.integer(hold)])
        #expect(answer["records"]?.unsigned == 4)
        #expect(try await world.log.content(at: 3) != nil)
        #expect(try await world.verified() == 4)
        _ = try await world.post("/v1/admin/holds/\(hold)/release", #"{"reason":"closed"}"#)
        #expect(try await world.run(trust: true).value["records"]?.unsigned == 1)
        #expect(try await world.verified() == 5)
    }

    @Test("One run takes no more than its cap, and says that there is more")
    func cap() async throws {
        let world = try await RetentionWorld {
            $0.rules = try Self.rules("keep=1d")
            $0.recordLimit = 4
        }
        try await world.fill(10)
        world.clock.advance(days: 3)
        for (count, more) in [(4, true), (4, true), (2, false), (0, false)] as [(UInt64, Bool)] {
            // The log's own time stands still while nobody writes; it goes on by the other clock.
            let answer = try await world.run(trust: true).value
            #expect(answer["records"]?.unsigned == count && answer["more"] == .bool(more))
        }
        #expect(try await world.verified() == 10)
    }

    @Test("A scheduled run destroys nothing without a witnessed time, and what is due with one")
    func schedule() async throws {
        let rules = try Self.rules("keep=3d")
        let near = try NearWitnesses()
        near.set(away: [0, 1, 2])
        let world = try await RetentionWorld(near) {
            $0.rules = rules
            $0.mode = .scheduled
        }
        try await world.fill(8)
        let schedule = Self.schedule(world)
        await schedule.runOnce()
        #expect(schedule.last?.outcome == "time_not_witnessed")
        #expect(try await world.verified() == 0)
        near.set(away: [])
        world.clock.advance(days: 0.1)
        try await world.witness()
        await schedule.runOnce()
        #expect(schedule.last?.outcome == "done")
        #expect(try await world.verified() == 5)
        await world.log.shutDown()
    }

    @Test("Witnesses' time is not moved by a clock that is set ten years ahead")
    func ahead() async throws {
        let near = try NearWitnesses()
        let world = try await RetentionWorld(near) { $0.rules = try Self.rules("keep=30d") }
        try await world.fill(8)
        try await world.witness()
        near.set(away: [0, 1, 2])
        world.clock.set(aheadDays: 3_660)
        let answer = try await world.run(yes: false)
        #expect(try answer.value["records"]?.unsigned == 0)
        #expect(try await world.run(trust: true).value["records"]?.unsigned == 0)
        #expect(try await world.verified() == 0)
        await world.log.shutDown()
    }

    private static func schedule(_ world: RetentionWorld) -> RetentionSchedule {
        let fixture = world.fixture
        let search = RecordSearch(log: fixture.log, settings: fixture.settings)
        let book = HoldBook(log: fixture.log, settings: fixture.settings, search: search)
        let clock = world.clock
        return RetentionSchedule(
            desk: ActDesk(
                surroundings: ActSurroundings(
                    log: fixture.log, settings: fixture.settings, search: search, holds: book),
                approvals: ApprovalBook(path: nil), now: { clock.timestamp }),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test(
        "Rules that say nothing clear are refused",
        arguments: [
            "", "keep", "keep=", "keep=0d", "keep=3", "keep=-3d", "keep=03d", "keep=3x",
            "tenant=acme", "keep=3d keep=4d", "keep=3d more=1", "tenant=AC/ME keep=3d",
            "type=* keep=3d", "type=a*b keep=3d", "tenant=_log keep=3d",
            "tenant=_log type=erasure.request keep=3d", "keep=99999999999y",
        ])
    func malformed(text: String) {
        #expect(throws: RetentionRefusal.self) { try RetentionRule(text) }
    }

    @Test("Rules below a profile are refused unless a reason is given")
    func floors() throws {
        var settings = RetentionSettings()
        settings.rules = try Self.rules("type=tool.* keep=5y", "keep=forever")
        settings.profiles = [.pci, .euAIAct]
        try settings.check()
        settings.profiles = [.hipaa]
        #expect(throws: RetentionRefusal.self) { try settings.check() }
        settings.overrideReason = "counsel-12"
        try settings.check()
        #expect(settings.policy?.contains("counsel-12") == true)
        settings = RetentionSettings()
        #expect(settings.policy == nil)
        settings.mode = .scheduled
        #expect(throws: RetentionRefusal.self) { try settings.check() }
    }

    @Test("The rules are shown, with the time that records are judged by")
    func shown() async throws {
        let world = try await RetentionWorld { $0.rules = try Self.rules("keep=3d") }
        let response = try await world.fixture.send(.get, "/v1/admin/retention", as: .operator)
        #expect(try response.value["rules"] == ["keep=3d"])
        #expect(try response.value["time"]?["witnessed_ms"] == nil)
        let record = try await world.log.content(at: 0).unwrap().record
        let policies = try JSONValue.parse(record)["details"]?["policies"]
        #expect(policies?["retention"]?["rules"] == ["keep=3d"])
    }
}

extension Array {
    fileprivate func asyncMap<Result>(
        _ body: (Element) async throws -> Result
    ) async rethrows -> [Result] {
        var results: [Result] = []
        for element in self { results.append(try await body(element)) }
        return results
    }
}
