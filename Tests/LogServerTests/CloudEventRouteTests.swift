// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import HummingbirdTesting
import LogClient
import LogCrypto
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Submitting CloudEvents")
struct CloudEventRouteTests {
    private static func event(_ id: String = "e-1", _ more: String = "") -> String {
        #"{"specversion":"1.0","id":"\#(id)","source":"urn:example:billing","#
            + #""type":"com.example.paid","data":{"invoice":4711}\#(more)}"#
    }

    private static func fields(
        _ id: String = "e-1", _ more: [String: String] = [:], type: String? = "application/json"
    ) throws -> HTTPFields {
        var headers = HTTPFields()
        headers[.contentType] = type
        let all = [
            "ce-specversion": "1.0", "ce-id": id, "ce-source": "urn:example:billing",
            "CE-Type": "com.example.paid",
        ].merging(more) { $1 }
        for (name, value) in all { headers[try HTTPField.Name(name).unwrap()] = value }
        return headers
    }

    private static func binary(
        _ fixture: ServerFixture, _ headers: HTTPFields, _ body: String? = #"{"invoice":4711}"#,
        as asker: ServerFixture.Asker = .producer, query: String = ""
    ) async throws -> TestResponse {
        try await fixture.send(
            .post, "/v1/audit\(query)", as: asker, headers: headers, body: body)
    }

    private static func structured(
        _ fixture: ServerFixture, _ body: String, as asker: ServerFixture.Asker = .producer,
        query: String = "", batch: Bool = false
    ) async throws -> TestResponse {
        try await fixture.submit(
            body, as: asker, query: query,
            type: batch ? MediaTypes.cloudEvents : MediaTypes.cloudEvent)
    }

    private static func record(_ fixture: ServerFixture, _ index: Int) async throws -> JSONValue {
        let response = try await fixture.send(.get, "/v1/audit/\(index)", as: .auditor)
        return try JSONValue.parse(Array(response.body.readableBytesView))
    }

    @Test("An event is one record in whatever mode it comes, again and again")
    func modes() async throws {
        let fixture = try await ServerFixture()
        let first = try await Self.structured(fixture, Self.event())
        #expect(first.status == .created)
        let receipt = try Receipt(parsing: Array(first.body.readableBytesView))
        _ = try receipt.verify(by: PinnedLog(keys: [fixture.log.keys.signer.verifierKey]))
        let same = Self.event("e-1", #","datacontenttype":"application/json""#)
        #expect(try await Self.structured(fixture, Self.event()).status == .ok)
        #expect(try await Self.structured(fixture, same).status == .conflict)
        let untyped = try Self.fields(type: nil)
        #expect(try await Self.binary(fixture, untyped).status == .ok)
        #expect(try await Self.binary(fixture, untyped, "{}").status == .conflict)
        let batch = try await Self.structured(
            fixture, "[\(Self.event()),\(Self.event("e-2"))]", batch: true)
        let results = try (try batch.json()["results"] as? [[String: Any]]).unwrap()
        #expect(results.map { $0["status"] as? Int } == [200, 201])
        #expect(fixture.size == 3)
        let stored = try await Self.record(fixture, 1)
        #expect(stored["type"]?.text == "x.ce.com.example.paid")
        #expect(stored["tenant"]?.text == "acme")
        #expect(stored["details"] == ["invoice": 4711])
        #expect(stored["imported"]?["original_id"]?.text == "e-1")
        #expect(stored["imported"]?["system"]?.text == "urn:example:billing")
    }

    @Test("An import of the same event makes the same record")
    func asImported() async throws {
        let fixture = try await ServerFixture()
        let event = Array(Self.event().utf8)
        let imported = try EventAdapter.cloudEvents.record(from: event, number: 9)
        let text = String(decoding: imported.record.canonical, as: UTF8.self)
        #expect(try await fixture.submit(text).status == .created)
        #expect(try await Self.structured(fixture, Self.event()).status == .ok)
        #expect(
            try await Self.structured(fixture, Self.event(), as: .otherProducer).status == .created)
    }

    @Test("A bad event of a batch hides no other, and its attribute is named")
    func batch() async throws {
        let fixture = try await ServerFixture()
        let items = [
            Self.event(), #"{"specversion":"1.0","id":"x","source":"s"}"#, "{",
            Self.event("e-3", #","time":"today""#), Self.event("e-4"),
        ]
        let answer = try await Self.structured(
            fixture, "[\(items.joined(separator: ","))]", batch: true)
        #expect(answer.status == .badRequest, "its brackets do not close")
        let whole = try await Self.structured(
            fixture, "[\(items.filter { $0 != "{" }.joined(separator: ","))]", batch: true)
        #expect(whole.status == .ok)
        let results = try (try whole.json()["results"] as? [[String: Any]]).unwrap()
        #expect(results.map { $0["status"] as? Int } == [201, 400, 400, 201])
        let paths = results.map { ($0["error"] as? [String: Any])?["path"] as? String }
        #expect(paths == [nil, "type", "time", nil])
        let empty = try await Self.structured(fixture, " [ ] ", batch: true)
        #expect(empty.status == .ok)
        #expect((try empty.json()["results"] as? [Any])?.isEmpty == true)
        #expect(try empty.json()["checkpoint"] is String)
        #expect(try await fixture.submit("[]").status != .ok)
        #expect(try await Self.structured(fixture, Self.event(), batch: true).status == .badRequest)
        #expect(try await Self.structured(fixture, "[\(Self.event())]").status == .badRequest)
    }

    @Test("A head that says something else than its body is refused")
    func heads() async throws {
        let fixture = try await ServerFixture()
        for type in [
            "application/cloudevents", "application/cloudevents+avro",
            "application/cloudevents+xml",
            "application/cloudevents-batch+protobuf",
            "application/cloudevents+json; charset=utf-16",
        ] {
            let answer = try await fixture.submit(Self.event(), type: type)
            #expect(answer.status == .unsupportedMediaType, "\(type)")
            // An event format that is not known is no data of an event either.
            #expect(
                try await Self.binary(fixture, Self.fields(type: type)).status
                    == .unsupportedMediaType)
        }
        for type in ["application/CloudEvents+JSON;charset=UTF-8"] {
            #expect(try await fixture.submit(Self.event(), type: type).status == .created)
        }
        let copies = try Self.fields("other", type: MediaTypes.cloudEvent)
        #expect(try await Self.binary(fixture, copies, Self.event()).status == .ok)
        let whole = ServerFixture.record()
        let half: HTTPFields = [
            .contentType: "application/json", try HTTPField.Name("ce-id").unwrap(): "1",
        ]
        let missing = try await Self.binary(fixture, half, whole)
        #expect(missing.status == .badRequest)
        #expect(try missing.json()["path"] as? String == "specversion")
        var twice = try Self.fields()
        twice.append(HTTPField(name: try HTTPField.Name("ce-source").unwrap(), value: "s"))
        #expect(try await Self.binary(fixture, twice).json()["path"] as? String == "source")
        #expect(try await Self.binary(fixture, Self.fields("e-9"), nil).status == .created)
        #expect(fixture.size == 3)
    }

    @Test("Tenants hold for events as for records")
    func tenants() async throws {
        let fixture = try await ServerFixture()
        func path(_ response: TestResponse) throws -> [String?] {
            [try response.code(), try response.json()["path"] as? String]
        }
        let named = Self.event("e-1", #","evidenttenant":"globex""#)
        let other = try await Self.structured(fixture, named)
        #expect(try path(other) == ["tenant_mismatch", "evidenttenant"])
        let none = try await Self.structured(fixture, Self.event(), as: .manyProducer)
        #expect(try path(none) == ["tenant_required", "evidenttenant"])
        #expect(try await Self.structured(fixture, named, as: .manyProducer).status == .created)
        let headers = try Self.fields("e-2", ["ce-evidenttenant": "initech"])
        #expect(try await Self.binary(fixture, headers, as: .manyProducer).status == .created)
        #expect(try await Self.record(fixture, 1)["tenant"]?.text == "globex")
        #expect(try await Self.record(fixture, 2)["tenant"]?.text == "initech")
        let log = try Self.fields("e-3", ["ce-evidenttenant": "_log"])
        #expect(
            try path(await Self.binary(fixture, log, as: .manyProducer))
                == ["reserved_tenant", "evidenttenant"])
        let asked = try await Self.structured(
            fixture, Self.event("e-3"), as: .manyProducer, query: "?tenant=globex")
        let index = try (try asked.json()["index"] as? Int).unwrap()
        #expect(try await Self.record(fixture, index)["tenant"]?.text == "globex")
    }

    @Test("The query's tenant is that of every record, and one that the credential may write for")
    func queryTenant() async throws {
        let fixture = try await ServerFixture()
        let items = [nil, "acme", "globex"].map { ServerFixture.record(tenant: $0) }
        let batch = items.joined(separator: "\n")
        let answer = try await fixture.submit(
            batch, as: .manyProducer, query: "?tenant=acme", type: "application/x-ndjson")
        let statuses = answer.text.split(separator: "\n").dropLast().map {
            try? JSONValue.parse(Array($0.utf8))["status"]?.unsigned
        }
        #expect(statuses == [201, 201, 403])
        let record = ServerFixture.record()
        #expect(try await fixture.submit(record, query: "?tenant=acme").status == .created)
        let foreign = try await fixture.submit(record, query: "?tenant=globex")
        #expect(try foreign.code() == "not_authorized")
        for bad in ["_log", "", "A", "a%20b", "*"] {
            let answer = try await fixture.submit(
                record, as: .manyProducer, query: "?tenant=\(bad)")
            #expect(try answer.code() == "invalid_parameter", "\(bad)")
        }
        #expect(fixture.size == 4)
    }

    @Test("An event is redacted, limited and opened as a record is")
    func asRecords() async throws {
        var settings = LogSettings()
        settings.redactor = try Redactor(.standard, tokenKey: .zero)
        let fixture = try await ServerFixture(
            limits: RecordLimits(fieldByteCount: 300), settings: settings)
        let secret = #"{"note":"mail eve@example.com"}"#
        let opened = try await Self.binary(
            fixture, Self.fields(), secret, query: "?opening=1")
        #expect(opened.status == .created && opened.text.contains("redacted"))
        #expect(!opened.text.contains("eve@example.com"))
        let large = try await Self.binary(
            fixture, Self.fields("e-2", type: "text/plain"), String(repeating: "x", count: 400))
        #expect(try large.code() == "oversize")
        #expect(try large.json()["path"] as? String == "data")
    }

    @Test("What a query answers as CloudEvents is taken by another log, member for member")
    func fromLogToLog() async throws {
        let one = try await ServerFixture()
        let two = try await ServerFixture()
        let record =
            #"{"type":"tool.call","actor":{"id":"a","type":"agent"},"tool":{"name":"t"},"phase":"#
            + #""intent","labels":{"team":"x"},"trace":{"run_id":"r"},"severity":3,"#
            + #""data_classes":["pii"],"details":{"n":1.5},"time":"2026-06-01T08:00:00Z"}"#
        #expect(try await one.submit(record).status == .created)
        let page = try await one.send(
            .get, "/v1/audit?tenant=acme", as: .auditor,
            headers: [.accept: MediaTypes.cloudEvents])
        #expect(page.headers[.contentType] == MediaTypes.cloudEvents)
        for status in [201, 200] {
            let answer = try await Self.structured(two, page.text, batch: true)
            let results = try (try answer.json()["results"] as? [[String: Any]]).unwrap()
            #expect(results.map { $0["status"] as? Int } == [status])
        }
        let before = try await Self.record(one, 1)
        let after = try await Self.record(two, 1)
        let stamps = ["id", "received", "imported"]
        for member in (before.members ?? []) where !stamps.contains(member.name) {
            #expect(after[member.name] == member.value, "\(member.name)")
        }
        #expect(after["imported"]?["original_id"] == before["id"])
    }
}
