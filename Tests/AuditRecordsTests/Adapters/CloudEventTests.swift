// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

/// CloudEvents by the structured and the binary mode, and those that records were exported as.
struct CloudEventTests {
    private static let attributes = [
        (name: "specversion", value: "1.0"), (name: "id", value: "e-1"),
        (name: "source", value: "urn:example:billing"), (name: "type", value: "com.example.paid"),
    ]

    private func stored(_ event: ImportedEvent) throws -> JSONValue {
        let prepared = try Bench().prepare(String(decoding: event.record.canonical, as: UTF8.self))
        return try JSONValue.parse(prepared.canonical, limits: .disclosed)
    }

    private func structured(_ event: JSONValue) throws(RecordError) -> ImportedEvent {
        try EventAdapter.cloudEvents.record(from: event.canonical, number: 0)
    }

    private func binary(
        _ more: [(name: String, value: String)] = [], type: String? = nil, _ body: String = ""
    ) throws(RecordError) -> ImportedEvent {
        let fields = Self.attributes.filter { old in !more.contains { $0.name == old.name } } + more
        return try Array(body.utf8).withUnsafeBufferPointer { bytes throws(RecordError) in
            try BinaryCloudEvent(fields, contentType: type)
                .record(of: UnsafeRawBufferPointer(bytes))
        }
    }

    private func event(_ more: (String, JSONValue)...) -> JSONValue {
        .object(
            Self.attributes.map { .init($0.name, .string($0.value)) } + more.map { .init($0, $1) })
    }

    // MARK: Modes

    @Test("An event is the same record in both modes")
    func modes() throws {
        let data: JSONValue = ["a": [1, "é", true]]
        let text = String(decoding: data.canonical, as: UTF8.self)
        #expect(try binary([], text).record == structured(event(("data", data))).record)
        for type in ["application/json", "application/vnd.x+json; charset=utf-8", "text/json"] {
            let expected = try structured(
                event(("data", data), ("datacontenttype", .string(type)))
            ).record
            #expect(try binary([], type: type, " \(text)\n").record == expected)
        }
        #expect(
            try binary([], type: "text/xml", "<a/>").record
                == structured(event(("data", "<a/>"), ("datacontenttype", "text/xml"))).record)
        #expect(
            try binary([], type: "application/octet-stream", "abc").record
                == structured(
                    event(
                        ("data_base64", "YWJj"), ("datacontenttype", "application/octet-stream"))
                ).record)
        #expect(
            try binary([(name: "subject", value: "s")]).record
                == structured(event(("subject", "s"))).record)
        #expect(
            try binary([(name: "severitynumber", value: "17")]).record
                == structured(event(("severitynumber", 17))).record)
        for body in ["1", "\"x\"", "null", "[{}]"] { _ = try binary([], body) }
    }

    @Test("Header fields are taken out of quotes and percent-decoded, once")
    func fields() throws {
        let cases: [(String, String?)] = [
            ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"), ("%41%2541", "A%41"), ("a b", "a b"),
            (#""a \"b\" %e2%82%ac""#, #"a "b" €"#), ("", ""), ("%C0%A0", nil), ("%4", nil),
            ("%zz", nil), ("%", nil), ("é", nil), ("a\tb", nil), (#""a"#, nil), (#""a"b"#, nil),
            (#"a"b"#, nil), (#""a\"#, nil), (#"""#, nil), (#""""#, ""),
        ]
        for (sent, text) in cases {
            #expect(BinaryCloudEvent.decode(sent) == text, "\(sent)")
        }
        let record = try stored(binary([(name: "subject", value: "f%C3%BCr")]))
        #expect(record["target"] == [["id": "für", "type": "subject"]])
    }

    @Test("What is wrong in binary mode is named")
    func binaryRefusals() throws {
        let cases: [((name: String, value: String), String?, String, RecordError.Code, String)] = [
            ((name: "id", value: "%"), nil, "", .invalidField, "id"),
            ((name: "id", value: ""), nil, "", .invalidField, "id"),
            ((name: "type", value: "%00"), nil, "", .invalidField, "type"),
            ((name: "time", value: "today"), nil, "", .invalidField, "time"),
            ((name: "specversion", value: "0.3"), nil, "", .unsupportedVersion, "specversion"),
            ((name: "datacontenttype", value: "a/b"), nil, "", .unknownField, "datacontenttype"),
            ((name: "data", value: "1"), nil, "", .unknownField, "data"),
            ((name: "some_name", value: "1"), nil, "", .unknownField, "#1"),
            ((name: "x", value: "1"), nil, "{", .invalidJSON, "data"),
            ((name: "x", value: "1"), nil, #"1,"id":"other""#, .invalidJSON, "data"),
            ((name: "x", value: "1"), nil, #"1,"data":2"#, .invalidJSON, "data"),
            ((name: "x", value: "1"), nil, #"1}"#, .invalidJSON, "data"),
            ((name: "x", value: "1"), nil, " ", .invalidJSON, "data"),
            ((name: "x", value: "1"), nil, "1e400", .invalidJSON, "data"),
            ((name: "x", value: "1"), "a\u{1}b", "1", .invalidField, "datacontenttype"),
        ]
        for (field, type, body, code, path) in cases {
            let error = #expect(throws: RecordError.self) { try binary([field], type: type, body) }
            #expect(error?.code == code && error?.path == path, "\(field) \(body): \(error as Any)")
        }
        let twice = #expect(throws: RecordError.self) {
            try BinaryCloudEvent(Self.attributes + [Self.attributes[1]], contentType: nil)
        }
        #expect(twice?.path == "id")
        for missing in Self.attributes {
            let error = #expect(throws: RecordError.self) {
                try BinaryCloudEvent(
                    Self.attributes.filter { $0.name != missing.name }, contentType: nil
                ).record(of: UnsafeRawBufferPointer(start: nil, count: 0))
            }
            #expect(error?.code == .missingField && error?.path == missing.name)
        }
        let long = String(repeating: "x", count: 1 << 20)
        let size = #expect(throws: RecordError.self) {
            try binary([], type: "text/plain", long + "x")
        }
        #expect(size?.code == .oversize)
    }

    @Test("Attributes are what the specification lets them be")
    func attributes() throws {
        for value: JSONValue in [1, true, "x", "", .integer(Int32.min)] {
            #expect(throws: Never.self) { try structured(event(("extension", value))) }
        }
        let wrong: [JSONValue] = [
            .number(1.5), .integer(Int64(1) << 31), "a\u{1}", "\u{85}", [:], [],
        ]
        for value in wrong {
            let error = #expect(throws: RecordError.self) {
                try structured(event(("extension", value)))
            }
            #expect(error?.path == "#0", "\(value)")
        }
        for name in ["subject", "datacontenttype", "dataschema", "time"] {
            for value: JSONValue in ["", 1, true] {
                let error = #expect(throws: RecordError.self) {
                    try structured(event((name, value)))
                }
                #expect(error?.path == name)
            }
        }
    }

    @Test("More extensions than a record has labels for are kept with the event's marks")
    func manyExtensions() throws {
        let more = (0..<900).map { (name: "e\($0)", value: "v\($0)") }
        let record = try stored(binary(more))
        #expect(record["labels"]?.members?.count == 20)
        #expect(record["imported"]?["extensions"]?.members?.count == 880)
    }

    @Test("Every prefix and changed byte of an event is read or refused, and nothing else")
    func mutations() throws {
        let text = event(
            ("time", "2026-06-01T08:00:00Z"), ("subject", "s"), ("data", ["a": "\u{e9}"]),
            ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        ).canonical
        var taken = 0
        for changed in Array(everyPrefix(of: text)) + Array(everyFlippedBit(of: text)) {
            guard let event = try? EventAdapter.cloudEvents.record(from: changed, number: 0) else {
                continue
            }
            taken += 1
            _ = try? stored(event)
        }
        #expect(taken > 100)
    }

    // MARK: Records that were exported

    private func exported(_ record: JSONValue, erased: [String] = []) throws -> JSONValue {
        let exported = ExportedRecord(
            origin: try Origin("log.example.com/one"), index: 41,
            leaf: Leaf(timestampMS: 1_780_300_802_000, commitment: .zero, mac: .zero),
            canonical: record.canonical, erased: erased.map { ($0, 99) })
        return try JSONValue.parse(
            ExportFormat.cloudevents.line(of: exported).dropLast(),
            limits: JSONLimits(byteCount: 1 << 20, depth: 40, memberCount: 2_000))
    }

    /// What every log says for itself, and not the producer.
    private static let stamps = [
        "id", "tenant", "received", "redactions", "redaction_policy", "imported",
    ]

    @Test("An exported record comes back with every member as it was", arguments: Fixtures.all)
    func roundTrip(text: String) throws {
        let first = try JSONValue.parse(Bench().prepare(text).canonical, limits: .disclosed)
        let second = try stored(structured(exported(first)))
        let members = { (record: JSONValue) in
            JSONValue.object((record.members ?? []).filter { !Self.stamps.contains($0.name) })
        }
        #expect(members(second) == members(first))
        #expect(second["id"] != first["id"])
        let marks = try #require(second["imported"])
        #expect(marks["original_id"] == first["id"])
        #expect(marks["system"]?.text == "https://log.example.com/one/acme")
        #expect(marks["original_stamps"]?["received"] == first["received"])
        #expect(marks["original_stamps"]?["tenant"]?.text == "acme")
        #expect(marks["original_integrity"]?["commitment"]?.text == Digest.zero.hex)
        #expect(marks["original_integrity"]?["index"]?.text?.hasSuffix("41") == true)
        #expect(marks["extensions"] == nil)
    }

    @Test("A record that was imported before keeps what it said of that")
    func twiceImported() throws {
        let before = try stored(structured(event()))
        let after = try stored(structured(exported(before)))
        #expect(after["imported"]?["original_stamps"]?["imported"] == before["imported"])
        #expect(after["type"] == before["type"] && after["actor"] == before["actor"])
    }

    @Test("What was erased before the export is said, an actor's place is taken")
    func erasedBefore() throws {
        let first = try JSONValue.parse(
            Bench().prepare(Fixtures.toolCall).canonical, limits: .disclosed)
        let left = (first.members ?? []).filter { !["actor", "arguments"].contains($0.name) }
        let record = try stored(
            structured(exported(.object(left), erased: ["actor", "arguments"])))
        #expect(record["type"]?.text == "tool.call")
        #expect(record["actor"] == ["id": "erased", "type": "anonymous"])
        #expect(record["arguments"] == nil)
        #expect(record["imported"]?["erased"] == ["actor", "arguments"])
    }

    @Test("What came to an exported event on its way is no part of the record")
    func forwarded() throws {
        let first = try JSONValue.parse(
            Bench().prepare(Fixtures.modelCall).canonical, limits: .disclosed)
        let members = try #require(exported(first).members)
        let record = try stored(
            structured(.object(members + [.init("knativearrivaltime", "2026-06-01T09:00:00Z")])))
        #expect(record["labels"] == first["labels"])
        #expect(
            record["imported"]?["extensions"] == ["knativearrivaltime": "2026-06-01T09:00:00Z"])
    }

    @Test("The largest record's event is no deeper and longer than an event may be")
    func largest() throws {
        var deep: JSONValue = 1
        for _ in 0..<31 { deep = [deep] }
        let wide = JSONValue.object((0..<980).map { .init("n\($0)", 1) })
        for details in [deep, wide] {
            let first = try JSONValue.parse(
                Bench().prepare(
                    String(
                        decoding: JSONValue.object([
                            .init("type", "x.a.b"), .init("details", details),
                            .init("actor", ["id": "a", "type": "agent"]),
                        ]).canonical, as: UTF8.self)
                ).canonical, limits: .disclosed)
            #expect(throws: Never.self) { try structured(exported(first)) }
        }
    }

    // MARK: Refusals of the record

    @Test("A refusal of the record is told of the event")
    func places() throws {
        func refusal(_ event: ImportedEvent, _ grant: TenantGrant = .only("acme")) throws
            -> RecordError
        {
            var bench = try Bench(limits: RecordLimits(fieldByteCount: 256))
            bench.grant = grant
            let text = String(decoding: event.record.canonical, as: UTF8.self)
            let error = #expect(throws: RecordError.self) { try bench.prepare(text) }
            return event.refusal(try #require(error))
        }
        let long = JSONValue.string(String(repeating: "x", count: 300))
        #expect(try refusal(structured(event(("data", ["a": long])))).path == "data")
        let tenant = try structured(event(("evidenttenant", "other")))
        #expect(try refusal(tenant).code == .tenantMismatch)
        #expect(try refusal(tenant).path == "evidenttenant")
        let none = try refusal(structured(event()), .any)
        #expect(none.code == .tenantRequired)
        #expect(none.message.hasSuffix("name one in evidenttenant."))
        let log = try refusal(structured(event(("evidenttenant", "_log"))), .any)
        #expect(log.code == .reservedTenant && log.path == "evidenttenant")
        let own = JSONValue.object([
            .init("specversion", "1.0"), .init("id", "1"), .init("source", "s"),
            .init("type", "audit.tool.call"),
            .init(
                "data",
                [
                    "type": "tool.call", "actor": ["id": "a", "type": "agent"], "tool": ["name": 1],
                ]),
        ])
        let inner = try refusal(structured(own))
        #expect(inner.path == "data.tool.name" && inner.offset == nil)
        let version = #expect(throws: RecordError.self) {
            try structured(
                .object(
                    (own.members ?? []).filter { $0.name != "data" } + [
                        .init(
                            "data",
                            [
                                "type": "tool.call", "v": "2",
                                "actor": ["id": "a", "type": "agent"],
                            ])
                    ]))
        }
        #expect(version?.code == .unsupportedVersion && version?.path == "data.v")
    }
}
