// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage
import LogTesting
import Testing
import TransparencyLog

@testable import LogServer

@Suite struct RecordLookupsTests {
    private static let hasher = LookupHasher(5, 6)

    /// Any of a few values.
    private static func value(_ random: inout SeededGenerator, _ name: String) -> String {
        "\(name)-\(random.next() % 3)"
    }

    private static let types = [
        "tool.call", "tool.result", "tool", "x.acme.tool.call", "auth.failure",
    ]

    private static func record(_ random: inout SeededGenerator) -> [UInt8] {
        var members: [JSONValue.Member] = [.init("v", "1")]
        func add(_ name: String, _ value: JSONValue) {
            if random.next() % 3 > 0 { members.append(.init(name, value)) }
        }
        func text(_ name: String) -> JSONValue { .string(value(&random, name)) }
        func object(_ names: [String]) -> JSONValue {
            .object(names.map { JSONValue.Member($0, text($0)) })
        }
        for name in ["action", "outcome", "reason", "tenant", "id"] { add(name, text(name)) }
        add("type", .string(types[Int(random.next() % 5)]))
        add("actor", object(["id", "type"]))
        add("agent", object(["id"]))
        add("model", object(["name"]))
        add("tool", object(["name"]))
        add("approval", object(["status"]))
        add("policy", object(["rule_id"]))
        add("source", object(["ip"]))
        add("trace", object(["trace_id", "session_id", "run_id", "cycle_id", "parent_id"]))
        add("producer", object(["id", "component"]))
        add("imported", object(["system", "original_id"]))
        add("target", .array([object(["id", "type"]), object(["id"])]))
        add("data_classes", .array([text("class"), text("class")]))
        add("severity", .integer(1 + random.next() % 6))
        for name in ["time", "received"] {
            let time = Timestamp(microseconds: Int64(random.next() % 20_000) - 4_000)
            add(name, .string(time?.description ?? ""))
        }
        return JSONValue.object(members).canonical
    }

    private static func filter(
        _ random: inout SeededGenerator, near record: RecordTerms
    ) -> RecordFilter {
        var filter = RecordFilter()
        for field in FilterField.allCases where random.next() % 12 == 0 {
            var values = record.values(of: field).prefix(Int(random.next() % 3)).map(\.self)
            if random.next() % 2 == 0 { values.append(value(&random, "id")) }
            if field == .type, random.next() % 2 == 0 {
                let prefixes = ["tool.*", "x.acme.*", "auth.failure.*", "x.*"]
                values.append(prefixes[Int(random.next() % 4)])
            }
            filter.terms[field] = values
        }
        if random.next() % 4 == 0 { filter.severityMin = Int(random.next() % 7) }
        if random.next() % 4 == 0 {
            filter.since = Timestamp(microseconds: Int64(random.next() % 20_000) - 4_000)
        }
        if random.next() % 4 == 0 {
            filter.until = Timestamp(microseconds: Int64(random.next() % 20_000) - 4_000)
        }
        if random.next() % 2 == 0 { filter.timeBasis = .received }
        return filter
    }

    @Test("What a filter lets pass has the keys that it is looked up by, and nothing else has")
    func keysAgree() throws {
        var random = SeededGenerator(seed: 31)
        var passed = 0
        for _ in 0..<6_000 {
            let canonical = Self.record(&random)
            let terms = try RecordTerms.read(canonical: canonical)
            let filter = Self.filter(&random, near: terms)
            let query = RecordLookups.query(filter, scope: .all)
            let keys = Set(RecordLookups.keys(of: canonical, Self.hasher))
            let hasKeys = query.keys.allSatisfy { set in
                set.contains { keys.contains(Self.hasher.key($0.field, $0.text)) }
            }
            let time = query.span.flatMap { span in
                keys.first { $0.field == span.field }
                    .map { $0.rawValue & LookupKey.mostMilliseconds }
            }
            if filter.matches(terms) {
                passed += 1
                let isInOuter = query.span.map { span in time.map(span.outer.contains) ?? false }
                #expect(hasKeys && !query.isEmpty && isInOuter != false)
            } else if !query.isEmpty {
                let isInInner = query.span.map { span in
                    time.map { span.inner?.contains($0) ?? false } ?? false
                }
                #expect(!hasKeys || isInInner == false)
            }
        }
        #expect(passed > 500)
    }

    @Test("Every field has keys of its own, and a record without it has none")
    func fieldsDiffer() {
        let query = { (field: FilterField) in
            var filter = RecordFilter()
            filter.terms = [field: ["x"]]
            return RecordLookups.query(filter, scope: .all).keys
        }
        #expect(Set(FilterField.allCases.map(query)).count == FilterField.allCases.count)
        #expect(RecordLookups.keys(of: Array(#"{"v":"1"}"#.utf8), Self.hasher).isEmpty)
        #expect(RecordLookups.keys(of: Array("{".utf8), Self.hasher).isEmpty)
    }
}
