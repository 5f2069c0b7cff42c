// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogStorage
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Verification by the server")
struct VerifyTests {
    private static func fixture(records: Int = 20) async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        for number in 0..<records {
            _ = try await fixture.submit(ServerFixture.record("\(number)"))
        }
        return fixture
    }

    private static func lines(_ response: TestResponse) throws -> [JSONValue] {
        try response.text.split(separator: "\n").map {
            try JSONValue.parse(Array($0.utf8), limits: JSONLimits(byteCount: 1 << 20))
        }
    }

    private static func verify(
        _ fixture: ServerFixture, _ body: String = ""
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, "/v1/audit/verify", as: .auditor, headers: [.contentType: "application/json"],
            body: body)
    }

    @Test("A sound log is verified, and the report is the last line")
    func sound() async throws {
        let fixture = try await Self.fixture()
        let answer = try await Self.verify(fixture)
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == "application/x-ndjson")
        let report = try #require(try Self.lines(answer).last?["report"])
        #expect(report["result"]?.text == "verified" && report["kind"]?.text == "ok")
        // The record of this verification was there before the first byte.
        #expect(report["tree_size"]?.unsigned == 22)
        #expect(report["records_checked"]?.unsigned == 22)
        #expect(report["payloads_opened"]?.unsigned == 22)
        #expect(report["headline"]?.text?.contains("not checked") ?? false)
    }

    @Test("A verification is a record of the log, and names its range")
    func recorded() async throws {
        let fixture = try await Self.fixture(records: 3)
        _ = try await Self.verify(fixture, #"{"from":1,"to":3,"deep":false}"#)
        let content = try #require(try await fixture.log.content(at: fixture.size - 1))
        let record = try JSONValue.parse(content.record)
        #expect(record["type"]?.text == "audit.verify" && record["tenant"]?.text == "_log")
        #expect(record["details"]?["from"]?.unsigned == 1)
        #expect(record["details"]?["to"]?.unsigned == 3)
        #expect(record["details"]?["credential"]?.text == "auditor")
    }

    @Test("A checkpoint that was kept is compared")
    func checkpoint() async throws {
        let fixture = try await Self.fixture(records: 5)
        let note = fixture.log.published.note
        _ = try await fixture.submit(ServerFixture.record("later"))
        let body = JSONValue.object([.init("checkpoint", .string(note))]).canonical
        let answer = try await Self.verify(fixture, String(decoding: body, as: UTF8.self))
        let report = try #require(try Self.lines(answer).last?["report"])
        #expect(report["result"]?.text == "verified")
        let given = report["checkpoints"]?.elements?.first { $0["source"]?.text == "given" }
        #expect(given?["size"]?.unsigned == 6)
        guard case .bool(true)? = given?["met"] else {
            Issue.record("the checkpoint was not met")
            return
        }
    }

    @Test(
        "What cannot be asked for is refused before anything is recorded",
        arguments: [
            #"{"from":1,"to":0}"#, #"{"form":1}"#, #"{"from":"1"}"#, "[]", #"{"deep":1}"#,
        ])
    func refused(body: String) async throws {
        let fixture = try await Self.fixture(records: 1)
        let size = fixture.size
        #expect(try await Self.verify(fixture, body).code() == "invalid_parameter")
        #expect(try await Self.verify(fixture, #"{"from":99}"#).code() == "beyond_tree")
        #expect(fixture.size == size)
    }

    @Test("Auditors alone", arguments: ServerFixture.Asker.allCases)
    func roles(asker: ServerFixture.Asker) async throws {
        let fixture = try await Self.fixture(records: 1)
        let answer = try await fixture.send(.post, "/v1/audit/verify", as: asker)
        let isKnown = asker != .nobody && asker != .stranger
        #expect(answer.status.code == (asker == .auditor ? 200 : isKnown ? 403 : 401))
    }

    @Test("One at a time, and the next one may begin when it has ended")
    func turns() async throws {
        let slot = VerificationSlot()
        var first: VerificationSlot.Turn? = try slot.take()
        #expect(throws: Problem(.verificationRunning)) { try slot.take() }
        #expect(Problem(.verificationRunning).fields.contains { $0.name == "retry-after" })
        withExtendedLifetime(first) {}
        first = nil
        _ = try slot.take()
        // Requests that follow one another never meet.
        let fixture = try await Self.fixture(records: 1)
        for _ in 0..<3 { #expect(try await Self.verify(fixture).status == .ok) }
    }
}

@Suite("What a verification reads of records")
struct StoredRecordsTests {
    private func summary(_ text: String) throws -> RecordSummary {
        StoredRecords().summary(of: try CanonicalRecord(verifying: Array(text.utf8)))
    }

    @Test("Tenant and import are read from any record, facts from the log's own alone")
    func summaries() throws {
        let plain = try summary(
            #"{"details":{"erased":[[1]]},"imported":{},"tenant":"acme","type":"erasure.request"}"#)
        #expect(plain.tenant == "acme" && plain.isImported && plain.fact == nil)
        let erasure = try summary(
            #"{"details":{"erased":[[1],[2,"actor"]]},"tenant":"_log","type":"erasure.request"}"#)
        #expect(
            erasure.fact == .removed([.init(index: 1), .init(index: 2, names: ["actor"])]))
        let rotation = try summary(
            #"{"details":{"epoch":1,"kcv":"0102"},"tenant":"_log","type":"key.rotate"}"#)
        #expect(rotation.fact == .rotated(epoch: 1, checkValue: [1, 2]))
    }

    @Test(
        "A list that is not of its form explains nothing",
        arguments: [
            #"[["1"]]"#, "[[1.5]]", "[[-1]]", "[1]", #"[[1,2]]"#, "{}",
        ])
    func malformed(list: String) throws {
        let text = #"{"details":{"erased":\#(list)},"tenant":"_log","type":"erasure.request"}"#
        #expect(try summary(text).fact == nil)
    }
}
