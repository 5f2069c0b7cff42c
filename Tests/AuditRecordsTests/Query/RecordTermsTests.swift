// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Testing

@Suite struct RecordTermsTests {
    private static let full = #"""
        {"action":"chat","actor":{"email":"e","id":"a\n\"1","type":"human"},"agent":{"id":"g"},
        "approval":{"status":"approved"},"data_classes":["pii","pci"],
        "details":{"action":"no","type":"no"},"id":"0190","imported":{"original_id":"o","system":"s"},
        "model":{"name":"m"},"outcome":"denied","policy":{"rule_id":"r"},
        "producer":{"component":"c","id":"p","seq":3},"reason":"why",
        "received":"2026-06-01T09:00:27.000000Z","severity":4,"source":{"ip":"10.0.0.0/24"},
        "target":[{"id":"t1","type":"task"},{"id":"t2"},5,{"type":"file"}],"tenant":"acme",
        "time":"2026-06-01T09:00:26.684929Z","tool":{"name":"grep"},
        "trace":{"cycle_id":"cy","parent_id":"pa","run_id":"ru","session_id":"se","span_id":"no",
        "trace_id":"tr"},"type":"tool.call","usage":{"id":1},"v":"1"}
        """#

    private static let values: [(FilterField, [String])] = [
        (.type, ["tool.call"]), (.category, ["tool"]), (.action, ["chat"]),
        (.outcome, ["denied"]), (.reason, ["why"]), (.tenant, ["acme"]), (.actor, ["a\n\"1"]),
        (.actorType, ["human"]), (.agent, ["g"]), (.model, ["m"]), (.tool, ["grep"]),
        (.approvalStatus, ["approved"]), (.rule, ["r"]), (.target, ["t1", "t2"]),
        (.targetType, ["task", "file"]), (.sourceIP, ["10.0.0.0/24"]), (.traceID, ["tr"]),
        (.sessionID, ["se"]), (.runID, ["ru"]), (.cycleID, ["cy"]), (.parentID, ["pa"]),
        (.dataClass, ["pii", "pci"]), (.producer, ["c", "p"]), (.imported, ["o", "s"]),
    ]

    private static func terms(_ text: String) throws -> RecordTerms {
        try RecordTerms.read(canonical: try JSONValue.parse(Array(text.utf8)).canonical)
    }

    @Test("Every field is found where the schema has it, and nowhere else", arguments: values)
    func field(_ field: FilterField, _ want: [String]) throws {
        let terms = try Self.terms(Self.full)
        #expect(terms.values(of: field) == want)
        var filter = RecordFilter()
        for value in want {
            filter.terms = [field: ["other", value]]
            #expect(filter.matches(terms))
        }
        filter.terms = [field: ["other", want[0] + "x", String(want[0].dropLast())]]
        #expect(!filter.matches(terms))
        filter.terms = [field: []]
        #expect(!filter.matches(terms))
        #expect(try Self.terms(#"{"details":{}}"#).values(of: field).isEmpty)
    }

    @Test("Every field has a test and a name of its own")
    func names() {
        #expect(Set(Self.values.map(\.0)) == Set(FilterField.allCases))
        for field in FilterField.allCases { #expect(FilterField(name: field.name) == field) }
        #expect(FilterField(name: "emitter") == nil && FilterField(name: "") == nil)
    }

    @Test("Id, times and severity are read")
    func numbers() throws {
        let terms = try Self.terms(Self.full)
        #expect(terms.id == "0190" && terms.tenant == "acme" && terms.severity == 4)
        #expect(terms.time?.description == "2026-06-01T09:00:26.684929Z")
        #expect(terms.received?.description == "2026-06-01T09:00:27.000000Z")
        let none = try Self.terms(#"{"severity":"4","time":5,"received":"yesterday"}"#)
        #expect(none.time == nil && none.received == nil && none.severity == nil)
        #expect(none.id.isEmpty && none.tenant.isEmpty)
    }

    @Test("What is no record is refused", arguments: ["", "{", "[]", "5", #"{"a":1"#])
    func refused(text: String) {
        #expect(throws: RecordError.self) { try RecordTerms.read(canonical: Array(text.utf8)) }
    }

    @Test("A type's prefix ends at a dot")
    func prefix() throws {
        let terms = try Self.terms(Self.full)
        for (value, want) in [
            ("tool.*", true), ("tool.call.*", false), ("too.*", false), ("tool", false),
            (".*", false), ("*", false), ("tool.call", true),
        ] {
            var filter = RecordFilter()
            filter.terms = [.type: [value]]
            #expect(filter.matches(terms) == want, "\(value)")
        }
    }

    @Test("Ranges are half open, on either clock")
    func times() throws {
        let terms = try Self.terms(Self.full)
        let (time, received) = (try #require(terms.time), try #require(terms.received))
        let after = try #require(Timestamp(microseconds: time.microseconds + 1))
        for (since, until, want) in [
            (time, nil, true), (after, nil, false), (nil, time, false), (nil, after, true),
            (time, after, true), (received, nil, false),
        ] as [(Timestamp?, Timestamp?, Bool)] {
            var filter = RecordFilter()
            (filter.since, filter.until) = (since, until)
            #expect(filter.matches(terms) == want)
            filter.timeBasis = .received
            #expect(filter.matches(terms) == (until == nil))
        }
    }

    @Test("A severity is enough or not, and none is not")
    func severity() throws {
        var filter = RecordFilter()
        filter.severityMin = 4
        #expect(filter.matches(try Self.terms(Self.full)))
        filter.severityMin = 5
        #expect(!filter.matches(try Self.terms(Self.full)))
        filter.severityMin = 1
        #expect(!filter.matches(try Self.terms(#"{"type":"a.b"}"#)))
    }

    @Test("All of a filter must be satisfied")
    func conjunction() throws {
        var filter = RecordFilter()
        filter.terms = [.actor: ["a\n\"1"], .outcome: ["denied", "failure"]]
        #expect(filter.matches(try Self.terms(Self.full)))
        filter.terms[.tool] = ["sed"]
        #expect(!filter.matches(try Self.terms(Self.full)))
    }
}
