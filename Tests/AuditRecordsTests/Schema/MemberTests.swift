// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Testing

@testable import AuditRecords

@Suite("The members of a record")
struct MemberTests {
    let bench: Bench

    init() throws {
        bench = try Bench(limits: RecordLimits(fieldByteCount: 64 << 10))
    }

    /// Members that producers send, but for those that say whose record it is.
    static let free = SchemaMember.allCases.filter { member in
        !member.isStamp && ![.type, .tenant, .v].contains(member)
    }

    @Test("Every member takes its values, at the edges of its limits too", arguments: free)
    func good(member: SchemaMember) {
        for value in RuleValues.good(member.entry.rule) {
            // An outcome that an intent may have too.
            let outcome: [(String, JSONValue)] = member == .phase ? [("outcome", "unknown")] : []
            let refusal = bench.refusal(outcome + [("\(member.name)", value)])
            #expect(refusal == nil, "\(member.name)")
        }
    }

    @Test("Every member refuses other values, and says where", arguments: free)
    func bad(member: SchemaMember) {
        for value in RuleValues.bad(member.entry.rule) {
            let refusal = bench.refusal([("\(member.name)", value)])
            #expect(refusal?.code == .invalidField, "\(member.name)")
            #expect(refusal?.path?.hasPrefix("\(member.name)") == true)
        }
    }

    /// All objects, and the path of one in a record.
    private static let objects: [(String, ObjectRule)] = free.compactMap { member in
        switch member.entry.rule {
        case .object(let object): ("\(member.name)", object)
        case .array(.object(let object), _): ("\(member.name)[1]", object)
        default: nil
        }
    }

    @Test("Every member of an object is checked, and others are kept")
    func objects() {
        for (path, object) in Self.objects {
            let name = String(path.prefix { $0 != "[" })
            // Only the second element is wrong: the first one must not be blamed.
            let whole = RuleValues.good(.object(object))[0]
            let send = { (value: JSONValue) -> RecordError? in
                let wrapped = path == name ? value : [whole, value]
                return bench.refusal([(name, wrapped)])
            }
            #expect(send(whole.setting("Zu satz", ["a": .null])) == nil, "\(path)")
            for member in object.members {
                let at = member.name.text
                for value in RuleValues.good(member.rule) where !object.hasCondition(on: at) {
                    #expect(send(whole.setting(at, value)) == nil, "\(path).\(at)")
                }
                for value in RuleValues.bad(member.rule) {
                    let refusal = send(whole.setting(at, value))
                    #expect(refusal?.code == .invalidField, "\(path).\(at)")
                    #expect(refusal?.path?.hasPrefix("\(path).\(at)") == true)
                }
                guard member.isRequired else { continue }
                let refusal = send(whole.setting(at, nil))
                #expect(refusal?.code == .missingField && refusal?.path == "\(path).\(at)")
            }
        }
    }

    @Test(
        "Conditions between members of one object",
        arguments: [
            (#""producer":{"seq":1}"#, .missingField, "producer.id"),
            (#""producer":{"id":"a","epoch":1}"#, .missingField, "producer.seq"),
            (#""producer":{"id":"a","epoch":1,"seq":0}"#, nil, nil),
            (#""producer":{"id":"a"}"#, nil, nil),
            (#""changes":[{"field":"k","secret":true}]"#, nil, nil),
            (#""changes":[{"field":"k","secret":false,"before":"a","after":"b"}]"#, nil, nil),
            (
                #""changes":[{"field":"j"},{"field":"k","secret":true,"after":"b"}]"#,
                .invalidField, "changes[1].after"
            ),
            (
                #""changes":[{"field":"k","before":1,"secret":true}]"#, .invalidField,
                "changes[0].before"
            ),
        ] as [(String, RecordError.Code?, String?)])
    func conditions(more: String, code: RecordError.Code?, path: String?) {
        let refusal = bench.refusal(
            #"{"type":"a.b","actor":{"id":"x","type":"human"},"# + more + "}")
        #expect(refusal?.code == code && refusal?.path == path)
    }

    @Test(
        "A path names the schema's own names, and places of all others",
        arguments: [
            (#""labels":{"k":1,"\#(String(repeating: "k", count: 41))":1}"#, "labels.#1"),
            (#""labels":{"b":1,"a":"\#(String(repeating: "v", count: 201))"}"#, "labels.#1"),
            (#""target":[{"id":"a"},{"x":1,"id":7}]"#, "target[1].id"),
            (#""approval":{"approver":{"id":"x","type":"Human"}}"#, "approval.approver.type"),
            (#""severity":7"#, "severity"),
            (#""changes":[{"x":[1,2],"field":"a"},[]]"#, "changes[1]"),
        ])
    func paths(more: String, path: String) {
        let refusal = bench.refusal(
            #"{"type":"a.b","actor":{"id":"x","type":"system"},"# + more + "}")
        #expect(refusal?.code == .invalidField && refusal?.path == path)
    }

    @Test("A place is where the wrong value begins")
    func offset() {
        let head = #"{"type":"a.b","actor":{"id":"x","type":"human","roles":["a", "#
        let refusal = bench.refusal(head + "null]}}")
        #expect(refusal?.path == "actor.roles[1]" && refusal?.offset == head.utf8.count)
    }

    @Test("Every value of the closed lists, by hand")
    func closedLists() {
        let lists: [(String, [String])] = [
            (
                "outcome",
                ["success", "failure", "denied", "timeout", "cancelled", "partial", "unknown"]
            ),
            ("phase", ["outcome", "single"]),
            ("actor.type", ["human", "service", "agent", "os_user", "anonymous", "system"]),
            ("approval.status", ["requested", "approved", "rejected", "expired", "bypassed"]),
            ("policy.decision", ["allow", "deny", "ask"]), ("policy.mode", ["enforce", "observe"]),
        ]
        for (path, values) in lists {
            let names = path.split(separator: ".").map(String.init)
            let whole = Bench.record([("outcome", "success")])
            for value in values {
                let text = whole.setting(names, .string(value)).canonical
                #expect(bench.refusal(Bench.text(text)) == nil, "\(path)")
            }
            for value in values {
                let text = whole.setting(names, .string(value + "s")).canonical
                #expect(bench.refusal(Bench.text(text))?.path == path)
            }
        }
    }

    @Test("Limits, by hand")
    func limits() {
        let table: [(String, Int, (Int) -> JSONValue)] = [
            ("labels", 20, { count in .object((0..<count).map { .init("k\($0)", 1) }) }),
            ("target", 16, { .array(Array(repeating: ["id": "a"], count: $0)) }),
            ("changes", 64, { .array(Array(repeating: ["field": "a"], count: $0)) }),
            ("data_classes", 16, { .array(Array(repeating: "pii", count: $0)) }),
            ("action", 128, { .text($0) }), ("reason", 64, { .text($0) }),
            ("severity", 6, { .integer($0) }),
        ]
        for (name, limit, value) in table {
            #expect(bench.refusal([(name, value(limit))]) == nil, "\(name)")
            #expect(bench.refusal([(name, value(limit + 1))])?.path == name)
        }
    }

    @Test("Every name of the record is known, in canonical order")
    func names() {
        let names = SchemaMember.allCases.map { "\($0.name)" }
        #expect(names == names.sorted() && Set(names).count == 33)
        let design = """
            v id type time received tenant actor action phase outcome reason severity agent model \
            tool arguments result approval policy target source trace producer usage duration_us \
            error changes data_classes labels details redactions redaction_policy imported
            """
        #expect(Set(names) == Set(design.split(separator: " ").map(String.init)))
    }
}

extension ObjectRule {
    /// Whether a value alone does not decide about that member.
    func hasCondition(on name: String) -> Bool {
        conditions.contains { condition in
            switch condition {
            case .needs(let first, _): first.text == name
            case .hides(let flag, _): flag.text == name
            }
        }
    }
}
