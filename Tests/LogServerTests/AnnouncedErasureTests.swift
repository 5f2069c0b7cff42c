// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import HummingbirdTesting
import LogStorage
import Merkle
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

/// Announcements in the log's own words that nobody has carried out yet.
@Suite struct AnnouncedErasureTests {
    private func post(
        _ path: String, _ body: String, _ fixture: ServerFixture
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, path, as: .operator, headers: [.contentType: "application/json"], body: body)
    }

    private func filled() async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        for actor in ["alice", "bob", "carol", "dora", "erin", "finn"] {
            let body = #"{"type":"tool.call","actor":{"id":"\#(actor)","type":"human"},"#
            let rest = #""outcome":"success","tool":{"name":"t"}}"#
            #expect(try await fixture.submit(body + rest).status == .created)
        }
        return fixture
    }

    /// What a process that died at once after it leaves.
    private func announce(
        _ record: GovernanceRecord, _ fixture: ServerFixture
    ) async throws -> UInt64 {
        guard
            case .accepted(let record)? =
                try await fixture.log.submit([fixture.settings.governance(of: record)]).first
        else { throw Missing() }
        return record.index
    }

    private func erase(_ index: UInt64, _ fixture: ServerFixture) async throws {
        let body = #"{"dry_run":false,"reason":"x","records":[\#(index)]}"#
        #expect(try await post("/v1/admin/erasures", body, fixture).status == .ok)
    }

    /// Of a type, what its records' details say.
    private func details(_ type: String, _ fixture: ServerFixture) async throws -> [JSONValue] {
        var found: [JSONValue] = []
        for index in 0..<fixture.size {
            guard let content = try await fixture.log.content(at: index) else { continue }
            let record = try JSONValue.parse(content.record)
            if record["type"]?.text == type { found.append(try record["details"].unwrap()) }
        }
        return found
    }

    @Test("Both kinds say enough to be carried out exactly, and the log tells that they were")
    func carriedOut() async throws {
        let fixture = try await filled()
        let erasure = try await announce(
            .erasureRequest(
                erased: [[4, "tool"], [5]], reason: "x", tenant: "acme", credential: "a"), fixture)
        let prune = try await announce(
            .retentionPrune(
                pruned: [[1, 2]], count: 2, before: Timestamp(milliseconds: 1).unwrap(),
                reason: "x", credential: "a", approver: nil,
                more: [.init("checkpoint", ["size": 3])]), fixture)
        try await erase(6, fixture)
        for (index, by) in [(1, prune), (2, prune), (5, erasure)] as [(UInt64, UInt64)] {
            #expect(try await fixture.log.removal(at: index) == by)
        }
        let reduced = try #require(try await fixture.log.content(at: 4))
        #expect(reduced.erased.map(\.name) == ["tool"] && reduced.erased.map(\.by) == [erasure])
        #expect(try await fixture.log.content(at: 3)?.erased.isEmpty == true)
        #expect(fixture.log.firstContentIndex == 3)
        let told = try await details("erasure.complete", fixture).compactMap {
            $0["request"]?.unsigned
        }
        #expect(told == [erasure, prune, prune + 1])
        let report = try await fixture.log.verify(records: StoredRecords())
        #expect(report.finding == nil, "\(report.headline)")
    }

    @Test("It waits for a hold that was placed since, which the log tells, and goes at the release")
    func waits() async throws {
        let fixture = try await filled()
        let request = try await announce(
            .erasureRequest(erased: [[2], [3]], reason: "x", tenant: "acme", credential: "a"),
            fixture)
        let placed = try await post("/v1/admin/holds?actor=bob", #"{"reason":"case-1"}"#, fixture)
        let hold = try #require(try JSONValue.parse(Array(placed.body.readableBytesView))["index"])
        for index in [4, 5] as [UInt64] {
            try await erase(index, fixture)
            #expect(try await fixture.log.content(at: 2) != nil)
            #expect(try await fixture.log.content(at: 3) != nil)
            #expect(fixture.log.erasureCounts.unfinished == 1)
        }
        #expect(
            try await details("erasure.deferred", fixture)
                == [["holds": [hold], "request": .integer(request)]])
        let released = try await post(
            "/v1/admin/holds/\(hold.unsigned ?? 0)/release", #"{"reason":"closed"}"#, fixture)
        #expect(released.status == .noContent, "\(released.text)")
        #expect(try await fixture.log.content(at: 2) == nil)
        #expect(try await fixture.log.content(at: 3) == nil)
        #expect(fixture.log.erasureCounts.unfinished == 0)
        let report = try await fixture.log.verify(records: StoredRecords())
        #expect(report.finding == nil, "\(report.headline)")
    }

    @Test("A producer's record of such a type announces nothing")
    func foreign() async throws {
        let fixture = try await filled()
        let body = #"{"type":"erasure.request","actor":{"id":"a","type":"human"},"#
        let rest = #""details":{"erased":[[1]],"reason":"x"}}"#
        _ = try await fixture.submit(body + rest)
        try await erase(2, fixture)
        #expect(try await fixture.log.content(at: 1) != nil)
        #expect(fixture.log.erasureCounts == (1, 0))
    }
}
