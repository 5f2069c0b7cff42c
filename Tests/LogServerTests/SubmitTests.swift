// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogClient
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Submitting records")
struct SubmitTests {
    private static func id(_ number: Int) -> String {
        "018f0000-0000-7000-8000-" + String(number + 1_000_000_000_000).dropFirst()
    }

    /// Reads a receipt as a client would, and verifies it against the log's key.
    private static func verify(_ receipt: Receipt, _ fixture: ServerFixture) throws
        -> VerifiedReceipt
    {
        try receipt.verify(by: PinnedLog(keys: [fixture.log.keys.signer.verifierKey]))
    }

    @Test("A new record is 201 and a repeat 200, with the same place; other content is 409")
    func idempotency() async throws {
        let fixture = try await ServerFixture()
        let record = ServerFixture.record(id: Self.id(1))
        let first = try await fixture.submit(record)
        let second = try await fixture.submit(record)
        let other = try await fixture.submit(ServerFixture.record("y", id: Self.id(1)))
        #expect(first.status == .created && second.status == .ok && other.status == .conflict)
        let receipts = try [first, second].map {
            try Receipt(parsing: Array($0.body.readableBytesView))
        }
        #expect(receipts[0].leaf == receipts[1].leaf && receipts[0].index == receipts[1].index)
        for receipt in receipts { _ = try Self.verify(receipt, fixture) }
        #expect(try other.code() == "idempotency_conflict")
        #expect(try other.json()["indexes"] as? [Int] == [1])
    }

    @Test("A header's key stands for a record without an id, and an id goes before it")
    func headerKey() async throws {
        let fixture = try await ServerFixture()
        #expect(try await fixture.submit(ServerFixture.record(), key: "k").status == .created)
        #expect(try await fixture.submit(ServerFixture.record(), key: "k").status == .ok)
        #expect(try await fixture.submit(ServerFixture.record("y"), key: "k").status == .conflict)
        #expect(
            try await fixture.submit(ServerFixture.record("y", id: Self.id(1)), key: "k").status
                == .created)
        #expect(
            try await fixture.submit(ServerFixture.record(), as: .otherProducer, key: "k").status
                == .created)
    }

    @Test("Records without any key are new each time")
    func noKey() async throws {
        let fixture = try await ServerFixture()
        for _ in 0..<2 {
            #expect(try await fixture.submit(ServerFixture.record()).status == .created)
        }
    }

    @Test("A bad item hides no other, in an array and in NDJSON")
    func batch() async throws {
        let fixture = try await ServerFixture()
        let items = [
            ServerFixture.record(id: Self.id(1)), "{\"type\":1}",
            ServerFixture.record(id: Self.id(2)),
            ServerFixture.record("other", id: Self.id(1)), ServerFixture.record(id: Self.id(2)),
        ]
        let array = try await fixture.submit("[\(items.joined(separator: ","))]")
        #expect(array.status == .ok)
        let body = try array.json()
        let results = try (body["results"] as? [[String: Any]]).unwrap()
        #expect(results.map { $0["status"] as? Int } == [201, 400, 201, 409, 200])
        let lines = try await fixture.submit(
            items.joined(separator: "\n"), type: "application/x-ndjson")
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        let rows = lines.text.split(separator: "\n")
        #expect(rows.count == items.count + 1)
        #expect(rows[0].hasPrefix("{\"status\":200,\"receipt\":{\"receipt\":\"evident/v1\","))
        let checkpoint = try JSONValue.parse(Array(rows[5].utf8))["checkpoint"]?.text
        for row in [rows[0], rows[2], rows[4]] {
            let item = try JSONValue.parse(Array(row.utf8))["receipt"].unwrap()
            let receipt = try Receipt(item: item, checkpoint: checkpoint.unwrap())
            _ = try Self.verify(receipt, fixture)
        }
    }

    @Test("Old and new receipts of one batch are under one checkpoint")
    func sharedCheckpoint() async throws {
        let fixture = try await ServerFixture()
        for number in 0..<5 {
            _ = try await fixture.submit(ServerFixture.record(id: Self.id(number)))
        }
        let items = (3..<8).map { ServerFixture.record(id: Self.id($0)) }
        let body = try await fixture.submit("[\(items.joined(separator: ","))]")
        let answer = try JSONValue.parse(Array(body.body.readableBytesView), limits: .disclosed)
        let checkpoint = try (answer["checkpoint"]?.text).unwrap()
        let results = try (answer["results"]?.elements).unwrap()
        #expect(results.map { $0["status"]?.unsigned } == [200, 200, 201, 201, 201])
        for result in results {
            let receipt = try Receipt(item: result["receipt"].unwrap(), checkpoint: checkpoint)
            _ = try Self.verify(receipt, fixture)
        }
    }

    @Test("A batch's header key is key#n for item n, in large batches too")
    func batchKeys() async throws {
        let fixture = try await ServerFixture()
        let items = (0..<300).map { ServerFixture.record("\($0)") }
        let batch = "[\(items.joined(separator: ","))]"
        _ = try await fixture.submit(batch, key: "b")
        let again = try await fixture.submit(batch, key: "b")
        let results = try (try again.json()["results"] as? [[String: Any]]).unwrap()
        #expect(results.allSatisfy { $0["status"] as? Int == 200 })
        let indexes = results.compactMap { ($0["receipt"] as? [String: Any])?["index"] as? Int }
        #expect(indexes == Array(1...300))
        #expect(try await fixture.submit(items[7], key: "b#7").status == .ok)
        #expect(try await fixture.submit(items[8], key: "b#7").status == .conflict)
    }

    @Test("An opening shows the record to its producer, and is a record itself")
    func opening() async throws {
        let fixture = try await ServerFixture()
        let response = try await fixture.submit(
            ServerFixture.record(id: Self.id(1)), query: "?opening=1")
        let receipt = try Receipt(parsing: Array(response.body.readableBytesView))
        let verified = try Self.verify(receipt, fixture)
        #expect(verified.record != nil)
        #expect(fixture.size == 3)
        let record = try await fixture.send(.get, "/v1/audit/2", as: .auditor).json()
        #expect(record["tenant"] as? String == "_log")
        #expect((record["details"] as? [String: Any])?["indexes"] as? [Int] == [1])
        #expect((record["details"] as? [String: Any])?["credential"] as? String == "producer")
    }

    @Test("A batch's openings are one record of the log for each tenant")
    func batchOpening() async throws {
        let fixture = try await ServerFixture()
        let items = ["acme", "globex", "acme"].map { ServerFixture.record(tenant: $0) }
        let response = try await fixture.submit(
            items.joined(separator: "\n"), as: .manyProducer, query: "?opening=1",
            type: "application/x-ndjson")
        #expect(response.text.matches(of: #/"opening":/#).count == 3)
        #expect(fixture.size == 6)
    }

    @Test("The answer is byte for byte what the receipt's own writer makes")
    func receiptBytes() async throws {
        let fixture = try await ServerFixture()
        let response = try await fixture.submit(ServerFixture.record(), query: "?opening=1")
        let bytes = Array(response.body.readableBytesView)
        #expect(try Receipt(parsing: bytes).json == bytes)
    }

    @Test("wait=published means nothing here, and wait=witnessed is refused")
    func wait() async throws {
        let fixture = try await ServerFixture()
        #expect(
            try await fixture.submit(ServerFixture.record(), query: "?wait=published").status
                == .created)
        let refused = try await fixture.submit(ServerFixture.record(), query: "?wait=witnessed")
        #expect(refused.status == .badRequest)
        #expect(try refused.code() == "witnesses_not_configured")
        #expect(fixture.size == 2)
    }

    @Test("A tenant comes from the token, and a body may only repeat it")
    func tenants() async throws {
        let fixture = try await ServerFixture()
        #expect(
            try await fixture.submit(ServerFixture.record(tenant: "acme")).status == .created)
        let foreign = try await fixture.submit(ServerFixture.record(tenant: "globex"))
        #expect(foreign.status == .forbidden)
        #expect(try foreign.code() == "tenant_mismatch")
        let none = try await fixture.submit(ServerFixture.record(), as: .manyProducer)
        #expect(try none.code() == "tenant_required")
        let log = try await fixture.submit(
            ServerFixture.record(tenant: "_log"), as: .manyProducer)
        #expect(log.status == .forbidden)
    }

    @Test(
        "Media types other than the two are refused",
        arguments: [
            nil, "text/plain", "application/json; charset=latin1", "application/jsonx",
            "application/json, application/json",
        ])
    func mediaTypes(_ type: String?) async throws {
        let fixture = try await ServerFixture()
        var headers: HTTPFields = [:]
        if let type { headers[.contentType] = type }
        let response = try await fixture.send(
            .post, "/v1/audit", as: .producer, headers: headers, body: ServerFixture.record())
        #expect(response.status == .unsupportedMediaType)
        #expect(
            try await fixture.submit(
                ServerFixture.record(), type: "Application/JSON; charset=\"UTF-8\""
            ).status
                == .created)
    }

    @Test("Errors of records say where, and never what")
    func recordErrors() async throws {
        let fixture = try await ServerFixture()
        let cases: [(body: String, status: Int, code: String)] = [
            (
                "{\"type\":\"a.b\",\"actor\":{\"id\":\"a\",\"type\":\"human\"},\"c4n4ry\":1}", 400,
                "unknown_field"
            ),
            ("{\"c4n4ry\":1,\"c4n4ry\":1}", 400, "invalid_json"),
            ("c4n4ry", 400, "invalid_json"), ("", 400, "invalid_json"),
            (
                "{\"type\":\"c4n4ry c4n4ry\",\"actor\":{\"id\":\"a\",\"type\":\"human\"}}", 400,
                "invalid_field"
            ),
            (ServerFixture.record(String(repeating: "c4n4ry", count: 12_000)), 413, "oversize"),
            (
                "[\(Array(repeating: "1", count: 1_001).joined(separator: ","))]", 413,
                "too_many_items"
            ),
            ("[]", 400, "empty_batch"), ("[1,", 400, "invalid_json"),
        ]
        for (body, status, code) in cases {
            let response = try await fixture.submit(body)
            #expect(response.status.code == status, "\(code): \(response.text)")
            #expect(try response.code() == code, "\(body.prefix(60)): \(response.text)")
            #expect(!response.text.contains("c4n4ry"))
            #expect(response.headers[.contentType] == "application/problem+json")
        }
        #expect(fixture.size == 1)
    }

    @Test(
        "Idempotency keys are 1 to 255 visible ASCII characters",
        arguments: ["", "a b", String(repeating: "a", count: 256)])
    func invalidKeys(_ key: String) async throws {
        let fixture = try await ServerFixture()
        let response = try await fixture.submit(ServerFixture.record(), key: key)
        #expect(try response.code() == "invalid_idempotency_key")
    }
}
