// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogClient
import LogStorage
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

@Suite struct ErasureRouteTests {
    private func erase(
        _ body: String, _ fixture: ServerFixture, query: String = "",
        as asker: ServerFixture.Asker = .operator
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, "/v1/admin/erasures" + query, as: asker,
            headers: [.contentType: "application/json"], body: body)
    }

    private func json(_ response: TestResponse) throws -> JSONValue {
        try JSONValue.parse(Array(response.body.readableBytesView))
    }

    private func filled() async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        for actor in ["alice", "bob", "alice", "carol"] {
            let body =
                #"{"type":"tool.call","actor":{"id":"\#(actor)","type":"human"},"#
                + #""tool":{"name":"search"},"arguments":{"q":"canary"}}"#
            #expect(try await fixture.submit(body).status == .created)
        }
        return fixture
    }

    @Test("A dry run counts and changes nothing")
    func dryRun() async throws {
        let fixture = try await filled()
        let size = fixture.size
        let response = try await erase(#"{"reason":"gdpr.art17"}"#, fixture, query: "?actor=alice")
        #expect(response.status == .ok)
        let answer = try json(response)
        #expect(answer["dry_run"] == .bool(true))
        #expect(answer["records"]?.unsigned == 2)
        #expect(answer["indexes"] == [1, 3])
        #expect(fixture.size == size)
        #expect(try await fixture.log.content(at: 1) != nil)
    }

    @Test("All records of a subject go, and answer that they are erased")
    func subject() async throws {
        let fixture = try await filled()
        let before = try await fixture.send(.get, "/v1/audit/1/receipt", as: .reader)
        let response = try await erase(
            #"{"dry_run":false,"reason":"gdpr.art17"}"#, fixture, query: "?actor=alice")
        #expect(response.status == .ok)
        let announced = try #require(try json(response)["announced"]?.elements?.first?.unsigned)
        for index in [1, 3] {
            #expect(try await fixture.send(.get, "/v1/audit/\(index)", as: .reader).status == .gone)
        }
        #expect(try await fixture.send(.get, "/v1/audit/2", as: .reader).status == .ok)
        let receipt = try await fixture.send(.get, "/v1/audit/1/receipt", as: .reader)
        let (old, new) = try (
            Receipt(parsing: Array(before.body.readableBytesView)),
            Receipt(parsing: Array(receipt.body.readableBytesView))
        )
        #expect(!old.isErased && new.isErased && old.leaf == new.leaf)
        let request = try #require(try await fixture.log.content(at: announced))
        let details = try JSONValue.parse(request.record)["details"]
        #expect(details?["erased"] == [[1], [3]])
        #expect(details?["reason"] == "gdpr.art17")
        #expect(details?["credential"] == "operator")
        let page = try await fixture.send(.get, "/v1/audit?actor=alice", as: .reader)
        #expect(try json(page)["records"] == [])
        let again = try await erase(
            #"{"dry_run":false,"reason":"gdpr.art17"}"#, fixture, query: "?actor=alice")
        #expect(try json(again)["records"]?.unsigned == 0)
    }

    @Test("Fields go alone, and the rest is read and found as before")
    func fields() async throws {
        let fixture = try await filled()
        let response = try await erase(
            #"{"dry_run":false,"reason":"x","records":[{"index":2,"fields":["arguments","nil"]},3]}"#,
            fixture)
        let answer = try json(response)
        #expect(answer["fields"]?.unsigned == 1)
        #expect(answer["records"]?.unsigned == 1)
        #expect(answer["absent"]?.unsigned == 1)
        let by = try #require(answer["announced"]?.elements?.first?.unsigned)
        let record = try await fixture.send(.get, "/v1/audit/2", as: .reader)
        #expect(record.status == .ok)
        #expect(record.headers[.custom("evident-erased")] == "arguments=\(by)")
        let content = try JSONValue.parse(Array(record.body.readableBytesView))
        #expect(content["arguments"] == nil)
        #expect(content["actor"]?["id"] == "bob")
        let page = try await fixture.send(.get, "/v1/audit?actor=bob", as: .reader)
        #expect(
            try json(page)["records"]?.elements?.first?["erased"] == [["arguments", .integer(by)]])
        let report = try await fixture.log.verify(records: StoredRecords())
        #expect(report.finding == nil, "\(report.headline)")
    }

    @Test(
        "What is not of the form is refused, and nothing is announced",
        arguments: [
            "", "[]", "{}", #"{"reason":""}"#, #"{"reason":"Not A Code"}"#,
            #"{"reason":"x","records":[]}"#, #"{"reason":"x","records":["short"]}"#,
            #"{"reason":"x","records":[1],"fields":["actor"]}"#,
            #"{"reason":"x","records":[{"index":1,"fields":["tenant"]}]}"#,
            #"{"reason":"x","records":[{"index":1,"fields":[]}]}"#,
            #"{"reason":"x","records":[1],"more":1}"#, #"{"reason":"x","dry_run":"no"}"#,
            #"{"reason":"x","dry_run":false}"#,
        ])
    func refused(body: String) async throws {
        let fixture = try await filled()
        let size = fixture.size
        #expect(try await erase(body, fixture).status == .badRequest)
        #expect(fixture.size == size)
    }

    @Test("The log's own records stay, and nobody but an operator erases")
    func limits() async throws {
        let fixture = try await filled()
        let body = #"{"dry_run":false,"reason":"x","records":[0]}"#
        let answer = try json(try await erase(body, fixture))
        #expect(answer["log_records"]?.unsigned == 1)
        #expect(answer["records"]?.unsigned == 0)
        #expect(try await fixture.log.content(at: 0) != nil)
        for asker in ServerFixture.Asker.allCases where asker != .operator {
            let status = try await erase(body, fixture, as: asker).status
            #expect(status == .unauthorized || status == .forbidden)
        }
        #expect(try await erase(#"{"reason":"x","records":[999]}"#, fixture).status == .notFound)
    }
}
