// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogTesting
import Testing

@testable import AuditRecords

@Suite("The schema as JSON Schema")
struct JSONSchemaTests {
    @Test("Every type has a schema of its own, which takes what the log takes")
    func types() throws {
        for (type, members) in TypeTests.complete {
            let registered = try #require(RecordType.registered(type))
            let schema = JSONSchema.record(of: registered)
            #expect(schema["$id"]?.text == "urn:evident:schema:v1:\(type)@1")
            #expect(SchemaValidator.accepts(Bench.record(type: type, members), schema), "\(type)")
            #expect(!SchemaValidator.accepts(Bench.record(type: type, []), schema), "\(type)")
            #expect(!SchemaValidator.accepts(Bench.record(type: "a.b", members), schema))
        }
        for type in RecordType.all where type.name.hasSuffix(".*") {
            let schema = JSONSchema.record(of: type)
            let name = type.name.replacing(".*", with: ".some.thing")
            #expect(SchemaValidator.accepts(Bench.record(type: name, []), schema), "\(name)")
            #expect(!SchemaValidator.accepts(Bench.record(type: "tool.call", []), schema))
        }
    }

    @Test("The index lists every type with what is derived from it")
    func index() {
        let types = JSONSchema.index["types"]?.elements ?? []
        #expect(types.compactMap { $0["type"]?.text } == RecordType.all.map(\.name))
        #expect(
            types.contains([
                "category": "tool", "schema": "tool.call@1", "type": "tool.call", "verb": "x",
                "version": 1, "summary": "A tool is about to be called: the intent.",
            ]))
        #expect(JSONSchema.index["record"]?["properties"]?.members?.count == 33)
        let stamps = JSONSchema.record["properties"]?.members?.filter {
            $0.value["readOnly"] == true
        }
        #expect(stamps?.map(\.name) == ["received", "redaction_policy", "redactions"])
    }

    @Test("The log and its JSON Schema agree on generated records", arguments: 0..<8)
    func agreement(round: Int) throws {
        let bench = try Bench(limits: RecordLimits(fieldByteCount: 64 << 10))
        let seed = UInt64.random(in: .min ... .max)
        var generator = RecordGenerator(seed: seed)
        var taken = 0
        for _ in 0..<400 {
            let record = generator.record()
            let text = Bench.text(record.canonical)
            guard text.utf8.count <= 64 << 10 else { continue }
            let type = record["type"]?.text ?? ""
            let schema = RecordType.registered(type).map(JSONSchema.record) ?? JSONSchema.record
            let refusal = bench.refusal(text)
            taken += refusal == nil ? 1 : 0
            #expect(
                SchemaValidator.accepts(record, schema) == (refusal == nil),
                "seed \(seed): \(text.prefix(400)): \(refusal?.description ?? "taken")")
            guard refusal == nil else { continue }
            let prepared = try bench.prepare(text)
            _ = try CanonicalRecord(verifying: prepared.canonical)
            #expect(Bench.text(prepared.form) == text, "seed \(seed)")
        }
        #expect(taken > 100 && taken < 399, "seed \(seed): \(taken)")
    }
}

/// Records of registered types with random members, most of them right.
struct RecordGenerator {
    private var generator: SeededGenerator
    /// A checker of times would have to be written for the validator too.
    private static let members = MemberTests.free.filter { ![.actor, .time].contains($0) }

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    mutating func record() -> JSONValue {
        var record = base()
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            guard let member = Self.members.randomElement(using: &generator) else { continue }
            let isGood = Int.random(in: 0..<20, using: &generator) > 0
            let rule = member.entry.rule
            let values = (isGood ? RuleValues.good(rule) : RuleValues.bad(rule))
                .filter { $0.canonical.count < 12_000 && !Self.hasTime($0) }
            guard let value = values.randomElement(using: &generator) else { continue }
            record = record.setting("\(member.name)", value)
        }
        if Int.random(in: 0..<20, using: &generator) == 0 {
            record = record.setting(Self.pick(["rods", "Rods", "tools"], &generator), 1)
        }
        return record
    }

    private mutating func base() -> JSONValue {
        let (type, members) = Self.pick(TypeTests.complete, &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: return Bench.record(type: type, members)
        case 1: return Bench.record(type: type, Array(members.dropLast()))
        case 2: return Bench.record(type: "x.acme.reactor", members)
        default: return Bench.record(members)
        }
    }

    private static func pick<T>(_ values: [T], _ generator: inout SeededGenerator) -> T {
        values[Int.random(in: values.indices, using: &generator)]
    }

    private static func hasTime(_ value: JSONValue) -> Bool {
        value["decided_at"] != nil || value["expires_at"] != nil
    }
}
