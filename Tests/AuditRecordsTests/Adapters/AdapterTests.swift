// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

struct AdapterTests {
    private func stored(_ event: ImportedEvent) throws -> JSONValue {
        let prepared = try Bench().prepare(String(decoding: event.record.canonical, as: UTF8.self))
        return try JSONValue.parse(prepared.canonical, limits: .disclosed)
    }

    // MARK: weaver

    @Test("Stored and exported ActionTraces are records that the log takes")
    func weaver() throws {
        let records = try Samples.lines("weaver-store.jsonl").map { line in
            try stored(EventAdapter.weaver.record(from: line, number: 1))
        }
        #expect(
            records.map { $0["type"]?.text } == [
                "tool.call", "data.access", "policy.decision", "tool.call",
            ])
        #expect(
            records.map { $0["outcome"]?.text } == ["success", "success", "denied", "failure"])
        #expect(records[0]["actor"]?["id"]?.text == "u-17")
        #expect(
            records[0]["actor"]?["credential_id"]?.text
                == "sha256:" + SHA256.hash(Array("tok-abc".utf8)).hex)
        #expect(records[0]["imported"]?["original_id"]?.text == "act-1")
        #expect(
            records[1]["imported"]?["original_integrity"]?["record_hash"]?.text
                == String(repeating: "b2", count: 32))
        #expect(records[0]["data_classes"] == ["pii"] && records[1]["data_classes"] == nil)
        #expect(records[2]["reason"]?.text == "missing_role")
        #expect(records[1]["target"] == [["id": "h-1", "type": "handle"]])
        #expect(records[3]["time"] == records[3]["received"], "without an offset it dates nothing")
        #expect(records[3]["imported"]?["original_time"]?.text == "2026-06-01T08:00:09")
        #expect(records[3]["details"]?["correction"]?["note"]?.text == "retried by hand")
        #expect(records.allSatisfy { $0["details"]?["token_id"] == nil })
    }

    @Test(
        "A trace that lacks what a record needs is refused",
        arguments: ["action_id", "principal_id", "capability_id"])
    func weaverRefusals(name: String) throws {
        let trace = try #require(
            JSONValue.event(Samples.lines("weaver-store.jsonl")[0])["trace"]?.members)
        let less = JSONValue.object(trace.filter { $0.name != name })
        let error = #expect(throws: RecordError.self) {
            try EventAdapter.weaver.record(from: less.canonical, number: 1)
        }
        #expect(error?.path == name)
    }

    // MARK: CloudEvents

    private static var cloudEvents: [JSONValue] {
        get throws {
            let text = Array(#"{"a":"#.utf8) + Samples.data("cloudevents.json") + Array("}".utf8)
            return try JSONValue.event(text)["a"]?.elements ?? []
        }
    }

    @Test("CloudEvents are records that the log takes")
    func cloudEvents() throws {
        let records = try Self.cloudEvents.map { event in
            try stored(EventAdapter.cloudEvents.record(from: event.canonical, number: 1))
        }
        #expect(
            records.map { $0["type"]?.text } == [
                "x.ce.com.github.pull_request.opened", "x.ce.com.example.invoice.paid",
                "x.ce.no-data-at-all",
            ])
        #expect(records[0]["details"] == ["data": "<much wow=\"xml\"/>"])
        #expect(
            records[0]["labels"] == ["comexampleextension1": "value", "comexampleothervalue": 5])
        #expect(records[0]["target"] == [["id": "123", "type": "subject"]])
        #expect(records[1]["actor"] == ["id": "u-77", "type": "human"])
        #expect(records[1]["trace"]?["trace_id"]?.text == "0af7651916cd43dd8448eb211c80319c")
        #expect(records[1]["trace"]?["request_id"]?.text == "c-9")
        #expect(records[1]["data_classes"] == ["pii", "pci"])
        #expect(records[1]["producer"] == ["id": "urn:example:billing", "seq": 41])
        #expect(records[1]["severity"]?.unsigned == 4)
        #expect(records[1]["time"]?.text == "2026-06-01T06:00:00.500000Z")
        #expect(records[1]["imported"]?["original_type"]?.text == "com.example.Invoice.Paid")
        #expect(records[2]["details"] == ["data_base64": "AAEC"])
    }

    @Test("Source and id alone make a CloudEvent's identifier")
    func cloudEventIdentity() throws {
        let event = try #require(Self.cloudEvents.first?.members)
        func id(_ name: String, _ value: JSONValue) throws -> String? {
            let members = event.filter { $0.name != name } + [.init(name, value)]
            return try EventAdapter.cloudEvents.record(
                from: JSONValue.object(members).canonical, number: 9
            ).id
        }
        let own = try id("data", "x")
        #expect(try id("data", "y") == own)
        #expect(try id("id", "other") != own && id("source", "other") != own)
    }

    @Test("An event that a record was exported as is that record again, imported")
    func exportedRecord() throws {
        let event = #"""
            {"specversion":"1.0","id":"7","source":"//log.example.com/a","type":"audit.tool.call",
             "data":{"type":"tool.call","actor":{"id":"a","type":"agent"},"tool":{"name":"t"},
             "received":"2026-06-01T08:00:00.000000Z","v":"1","tenant":"other"}}
            """#
        let record = try stored(EventAdapter.cloudEvents.record(from: Array(event.utf8), number: 1))
        #expect(record["type"]?.text == "tool.call" && record["tenant"]?.text == "acme")
        #expect(record["tool"] == ["name": "t"])
        #expect(record["imported"]?["system"]?.text == "//log.example.com/a")
    }

    @Test("What is no CloudEvent is refused")
    func cloudEventRefusals() throws {
        let event = try #require(Self.cloudEvents.last?.members)
        let changes: [(String, JSONValue?, String)] = [
            ("specversion", "0.3", "specversion"), ("id", nil, "id"), ("source", "", "source"),
            ("type", 5, "type"), ("time", "2026-06-01", "time"), ("Upper", 1, "#0"),
            ("extension", ["a": 1], "#1"), ("data_base64", "***", "data_base64"),
            ("data", 1, "data_base64"),
        ]
        for (name, value, path) in changes {
            var members = event.filter { $0.name != name }
            if let value { members.append(.init(name, value)) }
            let error = #expect(throws: RecordError.self) {
                try EventAdapter.cloudEvents.record(
                    from: JSONValue.object(members).canonical, number: 1)
            }
            #expect(error?.path == path, "\(name)")
        }
    }

    // MARK: Mappings

    private static let mapping: JSONValue = [
        "mapping": 1, "system": "legacy", "original_id": "uuid",
        "constants": ["actor.type": "human"],
        "members": [
            "type": [
                "from": "event", "map": ["login": "auth.success"], "else": "x.legacy.other",
            ],
            "actor.id": ["from": "user.name", "else": "unknown"],
            "time": ["from": "ts", "as": "epoch_ms", "required": true],
            "duration_us": ["from": "ms", "as": "ms_to_us"],
            "target.0.id": "/objects/0/a.b",
            "target.0.type": ["from": "none", "else": "thing"],
        ],
        "cases": [
            [
                "when": ["event": "fail"],
                "constants": ["type": "auth.failure", "outcome": "failure"],
                "members": ["details.why": "reason"],
            ]
        ],
        "rest": "details.other",
    ]

    private func mapped(_ event: String, _ mapping: JSONValue = mapping) throws -> JSONValue {
        let adapter = EventAdapter.mapped(try FieldMapping(mapping), source: "file.ndjson")
        return try stored(adapter.record(from: Array(event.utf8), number: 3))
    }

    @Test("A mapping puts members where it says, and keeps the rest")
    func mapping() throws {
        let record = try mapped(
            #"""
            {"uuid":"u-1","event":"login","ts":1780300800123,"ms":12,"user":{"name":"ann","age":5},
             "objects":[{"a.b":"o-1","c":2}],"extra":[1]}
            """#)
        #expect(record["type"]?.text == "auth.success")
        #expect(record["actor"] == ["id": "ann", "type": "human"])
        #expect(record["time"]?.text == "2026-06-01T08:00:00.123000Z")
        #expect(record["imported"]?["original_time"]?.text == "1780300800123")
        #expect(record["imported"]?["original_id"]?.text == "u-1")
        #expect(record["imported"]?["source"]?.text == "file.ndjson")
        #expect(record["duration_us"]?.unsigned == 12_000)
        #expect(record["target"] == [["id": "o-1", "type": "thing"]])
        #expect(
            record["details"]
                == [
                    "other": [
                        "extra": [1], "objects": [["a.b": "o-1", "c": 2]], "user": ["age": 5],
                    ]
                ])
        let failed = try mapped(#"{"uuid":"u-2","event":"fail","ts":0,"reason":"no","user":{}}"#)
        #expect(failed["type"]?.text == "auth.failure" && failed["outcome"]?.text == "failure")
        #expect(failed["details"]?["why"]?.text == "no")
        #expect(failed["actor"]?["id"]?.text == "unknown")
    }

    @Test("Events that a mapping cannot place are refused, with the rule's name")
    func mappingRefusals() throws {
        for (event, path) in [
            (#"{"uuid":"u","event":"login"}"#, "time"),
            (#"{"uuid":"u","event":"login","ts":"soon"}"#, "time"),
            (#"{"event":"login","ts":1}"#, "original_id"),
            (#"{"uuid":"u","event":"login","ts":1,"ms":-1}"#, "duration_us"),
        ] {
            let error = #expect(throws: RecordError.self) { try mapped(event) }
            #expect(error?.path == path, "\(event)")
        }
    }

    @Test("A mapping with a mistake is refused before any event, with the key's name")
    func mappingMistakes() throws {
        let changes: [(String, JSONValue?, String)] = [
            ("mapping", 2, "mapping"), ("system", nil, "system"), ("sytem", "x", "sytem"),
            ("members", ["id": "uuid"], "members.id"),
            ("members", ["received": "ts"], "members.received"),
            ("members", ["type": ["from": "a", "as": "float"]], "members.type.as"),
            ("members", ["type": ["form": "a"]], "members.type.form"),
            ("members", ["type": ["as": "text"]], "members.type.from"),
            ("members", ["type": ["from": "a", "map": [:]]], "members.type.map"),
            ("members", ["Type": "a"], "members.Type"),
            ("members", ["type": "a..b"], "members.type"),
            ("members", ["actor": "a", "actor.id": "b"], "members.actor.id"),
            ("cases", [["when": [:]]], "cases[0].when"),
            ("cases", ["a": 1], "cases"), ("rest", nil, "rest"),
            ("rest", "details", "members.details"),
        ]
        for (name, value, key) in changes {
            var members = (Self.mapping.members ?? []).filter { $0.name != name }
            if let value { members.append(.init(name, value)) }
            let error = #expect(throws: MappingError.self) {
                _ = try FieldMapping(.object(members))
            }
            #expect(error?.key == key, "\(name): \(String(describing: error))")
        }
    }
}
