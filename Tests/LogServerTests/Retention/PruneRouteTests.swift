// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogClient
import LogCrypto
import LogStorage
import Merkle
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

@Suite struct PruneRouteTests {
    @Test("A dry run says what would go, and changes nothing")
    func dryRun() async throws {
        let world = try await RetentionWorld()
        try await world.fill(10)
        let size = world.fixture.size
        let response = try await world.prune(4.5, yes: false, trust: false)
        #expect(response.status == .ok, "\(response.text)")
        let answer = try response.value
        #expect(answer["dry_run"] == true && answer["records"]?.unsigned == 5)
        #expect(answer["first_retained"]?.unsigned == 6 && answer["log_records"]?.unsigned == 1)
        #expect(answer["blocked_by"] == nil && answer["announced"] == nil)
        #expect(world.fixture.size == size)
        #expect(try await world.verified() == 0)
    }

    @Test("Content goes, the log tells of it, and all that was proven stays proven")
    func prunes() async throws {
        let world = try await RetentionWorld()
        try await world.fill(10)
        let receipt = try await world.fixture.send(.get, "/v1/audit/2/receipt", as: .reader)
        var leaves: [Leaf] = []
        for index in 0..<UInt64(11) { leaves.append(try await world.log.record(at: index).leaf) }
        let root = world.log.published.head
        let response = try await world.prune(4.5)
        #expect(response.status == .ok, "\(response.text)")
        let answer = try response.value
        let announced = try #require(answer["announced"]?.elements?.first?.unsigned)
        #expect(answer["checkpoint"]?["size"]?.unsigned == 6)
        #expect(try await world.kept() == [0] + Array(6..<world.fixture.size))
        #expect(try await world.verified() == 5)
        for index in 0..<11 {
            #expect(try await world.log.record(at: UInt64(index)).leaf == leaves[index])
        }
        _ = try await world.log.consistency(from: root.size, to: world.fixture.size)
        let details = try await world.details(announced)
        #expect(details["pruned"] == [[1, 5]] && details["count"]?.unsigned == 5)
        #expect(details["credential"] == "operator" && details["time"] == "local")
        #expect(details["checkpoint"]?["record_hash"] == .string(leaves[5].mac.hex))
        let point = try await world.log.prunePoint(at: 6)
        #expect(details["checkpoint"]?["root"] == .string(point.root.base64))
        let again = try await world.fixture.send(.get, "/v1/audit/2/receipt", as: .reader)
        let (old, new) = try (
            Receipt(parsing: Array(receipt.body.readableBytesView)),
            Receipt(parsing: Array(again.body.readableBytesView))
        )
        #expect(old.leaf == new.leaf && new.isErased)
    }

    @Test("What is gone answers so, and names the record that tells of it")
    func answers() async throws {
        let world = try await RetentionWorld()
        try await world.fill(10)
        let by = try #require(
            try await world.prune(4.5).value["announced"]?.elements?.first?.unsigned)
        for path in ["/v1/audit/2", "/v1/audit/2/bundle"] {
            let gone = try await world.fixture.send(.get, path, as: .reader)
            #expect(gone.status == .gone)
            #expect(try gone.value["code"] == "pruned")
            #expect(try gone.value["indexes"] == [.integer(by)])
        }
        let log = try await world.fixture.send(.get, "/v1/log")
        #expect(try log.value["first_content_index"]?.unsigned == 6)
        // Whoever could read what is gone gets the record that tells of it.
        for asker in [ServerFixture.Asker.reader, .foreignReader, .auditor] {
            let bundle = try await world.fixture.send(
                .get, "/v1/audit/\(by)/bundle", as: asker)
            #expect(bundle.status == .ok, "\(asker)")
        }
        let foreign = try await world.fixture.send(.get, "/v1/audit/2", as: .foreignReader)
        #expect(foreign.status == .notFound)
        let page = try await world.fixture.send(.get, "/v1/audit?order=asc", as: .reader)
        #expect(try page.value["records"]?.elements?.first?["index"]?.unsigned == 7)
    }

    @Test("It can go on: append, prune again, prune all but the newest, and what is not there")
    func again() async throws {
        let world = try await RetentionWorld()
        try await world.fill(6)
        #expect(try await world.prune(2.5).value["records"]?.unsigned == 3)
        let size = world.fixture.size
        let nothing = try await world.prune(2.5)
        #expect(try nothing.value["records"]?.unsigned == 0)
        #expect(try nothing.value["announced"] == [])
        #expect(world.fixture.size == size)
        try await world.fill(4)
        #expect(try await world.verified() == 3)
        #expect(try await world.prune(1.5).value["first_retained"]?.unsigned == 11)
        #expect(try await world.verified() == 8)
        world.clock.advance(days: 3)
        let all = try await world.prune(0.5)
        #expect(all.status == .ok, "\(all.text)")
        #expect(try await world.verified() == 10)
        // The log's own records of all this stay.
        for index in try await world.kept() {
            #expect(try await world.log.credential(at: index)?.tenant == "_log")
        }
        try await world.fill(2)
        #expect(try await world.verified() == 10)
    }

    @Test("Strictly older: a record of the very moment stays")
    func strict() async throws {
        let world = try await RetentionWorld()
        try await world.fill(4)
        // Record 3 came exactly one day before now.
        #expect(try await world.prune(1, yes: false).value["first_retained"]?.unsigned == 3)
        let moment = world.clock.read().wallMS - 86_400_000 + 1
        let before = try Timestamp(milliseconds: moment).unwrap()
        let body = #"{"before":"\#(before)","reason":"x"}"#
        let more = try await world.post("/v1/admin/prune", body)
        #expect(try more.value["first_retained"]?.unsigned == 4)
    }

    @Test("A held record ends it, and all before it may go")
    func held() async throws {
        let world = try await RetentionWorld()
        try await world.fill(10)
        let placed = try await world.post("/v1/admin/holds?actor=a3", #"{"reason":"case-1"}"#)
        let hold = try #require(try placed.value["index"]?.unsigned)
        _ = try await world.post("/v1/admin/holds?actor=a7", #"{"reason":"case-2"}"#)
        let answer = try await world.prune(2.5).value
        #expect(answer["blocked_by"] == ["index": 4, "holds": [.integer(hold)]])
        #expect(answer["first_retained"]?.unsigned == 4 && answer["records"]?.unsigned == 3)
        #expect(try await world.log.content(at: 4) != nil)
        #expect(try await world.verified() == 3)
        _ = try await world.post("/v1/admin/holds/\(hold)/release", #"{"reason":"closed"}"#)
        #expect(try await world.prune(2.5).value["first_retained"]?.unsigned == 8)
        #expect(try await world.verified() == 7)
    }

    @Test("Readings go, what explains leaves and gaps stays; what was erased before counts once")
    func ownRecords() async throws {
        let world = try await RetentionWorld()
        try await world.fill(3)
        _ = try await world.fixture.send(.get, "/v1/audit/1", as: .reader)
        let reading = world.fixture.size - 1
        _ = try await world.post(
            "/v1/admin/erasures", #"{"dry_run":false,"reason":"x","records":[2]}"#)
        let request = reading + 1
        try await world.fill(4)
        let answer = try await world.prune(0.5).value
        #expect(answer["log_records"]?.unsigned == 3)
        let kept = try await world.kept()
        #expect(!kept.contains(reading) && kept.contains(request) && kept.contains(request + 1))
        #expect(kept.contains(0))
        let report = try await world.log.verify(records: StoredRecords())
        #expect(report.finding == nil, "\(report.headline)")
        #expect(report.states[.erased] == 1)
        #expect(report.states[.pruned] == answer["records"]?.unsigned)
    }

    @Test("Nothing goes by a time that nobody vouches for, unless an operator says so")
    func time() async throws {
        let world = try await RetentionWorld()
        try await world.fill(5)
        let size = world.fixture.size
        let refused = try await world.prune(2.5, trust: false)
        #expect(refused.status == .conflict)
        #expect(try refused.value["code"] == "time_not_witnessed")
        // Ten years ahead, and everything is old by it.
        world.clock.set(aheadDays: 3_660)
        for trust in [false, true] {
            #expect(try await world.prune(3_000, trust: trust).status != .ok)
        }
        let late = try await world.prune(3_000)
        let latest = try Timestamp(milliseconds: world.log.time.localMS).unwrap()
        #expect(late.text.contains("later than \(latest)"), "\(late.text)")
        #expect(world.fixture.size == size)
        #expect(try await world.kept().count == Int(size))
    }

    @Test("With require_export nothing goes that no export holds which the log tells of")
    func exported() async throws {
        let world = try await RetentionWorld()
        try await world.fill(8)
        func prune(_ days: Double, yes: Bool = true) async throws -> TestResponse {
            let before = try Timestamp(
                milliseconds: world.clock.read().wallMS - UInt64(days * 86_400_000)
            ).unwrap()
            return try await world.post(
                "/v1/admin/prune",
                #"{"before":"\#(before)","reason":"x","trust_clock":true,"require_export":true,"#
                    + #""dry_run":\#(!yes)}"#)
        }
        func export(_ query: String, format: String = "ndjson") async throws {
            let response = try await world.fixture.send(
                .post, "/v1/audit/exports?format=\(format)\(query)", as: .auditor)
            #expect(response.status == .ok, "\(response.text)")
        }
        func isRefused() async throws {
            let refused = try await prune(2.5)
            #expect(refused.status == .conflict, "\(refused.text)")
            #expect(try refused.value["code"] == "not_exported")
        }
        try await isRefused()
        // Those before 6 go. Parts of it, with a hole at 3; filters; formats that leave something out.
        try await export("&from_index=4&to_index=6")
        try await export("&to_index=3")
        try await export("&tenant=acme")
        try await export("&type=tool.*&to_index=9")
        for format in ["kerno", "ocsf", "ecs"] { try await export("", format: format) }
        try await isRefused()
        #expect(try await prune(2.5, yes: false).value["exported"] == false)
        let second = world.fixture.size
        try await export("&to_index=4")
        let answer = try await prune(2.5).value
        #expect(answer["records"]?.unsigned == 5 && answer["exported"] == true)
        let used = answer["exports"]?.elements?.compactMap(\.unsigned) ?? []
        #expect(used.count == 2 && used[0] < second && used[1] >= second)
        let announced = try #require(answer["announced"]?.elements?.first?.unsigned)
        #expect(try await world.details(announced)["exports"] == answer["exports"])
        // The rest was exported before.
        try await export("")
        let rest = try await prune(0.5)
        #expect(rest.status == .ok, "\(rest.text)")
        // Where nothing asks for it, nothing is told of it.
        #expect(try await world.prune(0.5, yes: false).value["exported"] == nil)
    }

    @Test("A profile's shortest time holds for a prune, unless it is overridden")
    func floor() async throws {
        let world = try await RetentionWorld { $0.profiles = [.euAIAct] }
        try await world.fill(190)
        let refused = try await world.prune(183.5)
        #expect(try refused.value["code"] == "below_retention_floor")
        let latest = Timestamp(milliseconds: world.clock.read().wallMS - 184 * 86_400_000)
        #expect(refused.text.contains(try latest.unwrap().description), "\(refused.text)")
        #expect(try await world.prune(184.5).value["records"]?.unsigned == 5)
        let other = try await RetentionWorld {
            $0.profiles = [.euAIAct]
            $0.overrideReason = "trial"
        }
        try await other.fill(5)
        #expect(try await other.prune(2.5).status == .ok)
    }

    @Test(
        "What is not of the form is refused, and nothing changes",
        arguments: [
            "", "{}", #"{"reason":"x"}"#, #"{"before":"2026-01-02T00:00:00Z"}"#,
            #"{"before":"2026-01-02T00:00:00","reason":"x"}"#,
            #"{"before":"2026-01-02","reason":"x"}"#, #"{"before":1,"reason":"x"}"#,
            #"{"before":"2026-01-02T00:00:00Z","reason":"A name"}"#,
            #"{"before":"2026-01-02T00:00:00Z","reason":"x","dry_run":1}"#,
            #"{"before":"2026-01-02T00:00:00Z","reason":"x","more":1}"#,
            #"{"before":"2036-01-02T00:00:00Z","reason":"x"}"#,
        ])
    func refused(body: String) async throws {
        let world = try await RetentionWorld()
        try await world.fill(3)
        let size = world.fixture.size
        #expect(try await world.post("/v1/admin/prune", body).status == .badRequest)
        for asker in ServerFixture.Asker.allCases where asker != .operator {
            let status = try await world.prune(1.5, as: asker).status
            #expect(status == .unauthorized || status == .forbidden)
        }
        #expect(world.fixture.size == size)
    }
}
