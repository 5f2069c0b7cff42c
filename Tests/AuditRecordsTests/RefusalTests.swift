// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

@Suite struct RefusalTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
    }

    /// A record with more members, or none of the usual ones.
    private func record(_ more: String) -> String {
        #"{"type":"tool.poll","actor":{"id":"x","type":"service"},"# + more + "}"
    }

    @Test(
        "A member's refusal has a code, a path and a place",
        arguments: [
            (#""received":"2026-06-01T08:00:00.000000Z""#, .stampedField, "received", 56),
            (#""redactions":{"email":1}"#, .stampedField, "redactions", 56),
            (#""redaction_policy":{}"#, .stampedField, "redaction_policy", 56),
            (#""v":1"#, .unsupportedVersion, "v", 60), (#""v":"2""#, .unsupportedVersion, "v", 60),
            (#""id":"evt-1""#, .invalidField, "id", 61),
            (#""id":"01976000-0000-7000-8000-00000000000A""#, .invalidField, "id", 61),
            (#""id":"01976000-0000-7000-8000-00000000000a0""#, .invalidField, "id", 61),
            (#""id":"{1976000-0000-7000-8000-00000000000a""#, .invalidField, "id", 61),
            (#""id":null"#, .invalidField, "id", 61),
            (#""time":1780300800"#, .invalidField, "time", 63),
            (#""time":"2026-06-01T08:00:60Z""#, .invalidField, "time", 63),
            (#""time":"2026-06-01T08:00:00""#, .invalidField, "time", 63),
            (#""tenant":"other""#, .tenantMismatch, "tenant", 65),
            (#""tenant":"_log""#, .reservedTenant, "tenant", 65),
            (#""tenant":"Acme""#, .invalidField, "tenant", 65),
            (#""tenant":7"#, .invalidField, "tenant", 65),
            (#""foo":1"#, .unknownField, "#2", 56), (#""v":"1","Type":1"#, .unknownField, "#3", 64),
            (#""redaction_policy_":1"#, .unknownField, "#2", 56),
            (#""é":1"#, .unknownField, "#2", 56),
        ] as [(String, RecordError.Code, String, Int)])
    func member(more: String, code: RecordError.Code, path: String, offset: Int) {
        let refusal = bench.refusal(record(more))
        #expect(refusal?.code == code && refusal?.path == path && refusal?.offset == offset)
        #expect(refusal?.reason == nil && refusal?.message.isEmpty == false)
    }

    @Test(
        "Type and actor are required and of their form",
        arguments: [
            (#"{}"#, .missingField, "type"), (#"{"type":"a.b"}"#, .missingField, "actor"),
            (#"{"type":1,"actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"a..b","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"a.","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":".a","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"A.b","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"a b","actor":{"id":"x","type":"system"}}"#, .invalidField, "type"),
            (#"{"type":"a.b","actor":"x"}"#, .invalidField, "actor"),
            (#"{"type":"a.b","actor":null}"#, .invalidField, "actor"),
            (#"{"type":"a.b","actor":{}}"#, .missingField, "actor.id"),
            (#"{"type":"a.b","actor":{"id":"x"}}"#, .missingField, "actor.type"),
            (#"{"type":"a.b","actor":{"id":"","type":"system"}}"#, .invalidField, "actor.id"),
            (#"{"type":"a.b","actor":{"id":7,"type":"system"}}"#, .invalidField, "actor.id"),
            (#"{"type":"a.b","actor":{"id":"x","type":null}}"#, .invalidField, "actor.type"),
        ] as [(String, RecordError.Code, String)])
    func required(text: String, code: RecordError.Code, path: String) {
        let refusal = bench.refusal(text)
        #expect(refusal?.code == code && refusal?.path == path)
    }

    @Test("A type has up to 64 characters")
    func typeLength() {
        func text(_ count: Int) -> String {
            let type = String(repeating: "a", count: count)
            return #"{"type":"\#(type)","actor":{"id":"x","type":"system"}}"#
        }
        #expect(bench.refusal(text(64)) == nil)
        #expect(bench.refusal(text(65))?.path == "type")
    }

    @Test(
        "Vendor types bring names of their own, within the grammar of names",
        arguments: [
            ("x.acme.reactor", "rods", nil), ("x.acme", "rods", .unknownField),
            ("xx.acme.reactor", "rods", .unknownField), ("x.acme.reactor", "Rods", .invalidField),
            ("x.acme.reactor", "redactions", .stampedField), ("x.acme.reactor", "", .invalidField),
        ] as [(String, String, RecordError.Code?)])
    func vendor(type: String, name: String, code: RecordError.Code?) {
        let text = #"{"type":"\#(type)","actor":{"id":"x","type":"system"},"\#(name)":1}"#
        #expect(bench.refusal(text)?.code == code)
    }

    @Test("Who may write for which tenant")
    func tenants() throws {
        var any = bench
        any.grant = .any
        #expect(any.refusal(record(#""v":"1""#))?.code == .tenantRequired)
        #expect(try any.prepare(record(#""tenant":"b.2_c-d""#)).tenant == "b.2_c-d")
        #expect(any.refusal(record(#""tenant":"_log""#))?.code == .reservedTenant)
        #expect(any.refusal(record(#""tenant":"\u005flog""#))?.code == .reservedTenant)
        #expect(any.refusal(record(#""tenant":"a\"b""#))?.code == .invalidField)
        #expect(try bench.prepare(record(#""tenant":"acme""#)).tenant == "acme")
        var log = bench
        log.grant = .only("_log")
        #expect(log.refusal(record(#""v":"1""#))?.code == .reservedTenant)
    }

    @Test(
        "Tenant names",
        arguments: [
            ("acme", true), ("a", true), ("0-a.b_c", true), ("", false), ("_log", false),
            ("Acme", false), ("a b", false), ("é", false), ("a/b", false),
            (String(repeating: "a", count: 64), true), (String(repeating: "a", count: 65), false),
        ])
    func tenantNames(name: String, isValid: Bool) {
        #expect(TenantGrant.isValid(tenant: name) == isValid)
    }

    @Test("Every refusal of the JSON layer comes through with its rule and place")
    func json() throws {
        let refusal = bench.refusal(record(#""details":{"a":1,"a":2}"#))
        #expect(refusal?.code == .invalidJSON && refusal?.reason == .duplicateMember)
        #expect(refusal?.offset == 73 && refusal?.path == nil)
        let small = try Bench(limits: RecordLimits(record: JSONLimits(byteCount: 20)))
        #expect(small.refusal(Fixtures.minimal)?.code == .oversize)
        #expect(bench.refusal("[]")?.reason == .notAnObject)
    }

    @Test("Refusals are equal in code only where they are the same, and each has advice")
    func advice() {
        for code in JSONError.Code.allCases {
            #expect(code.advice.hasSuffix(".") && code.advice.utf8.count < 100)
        }
    }

    @Test("No prefix of a record is taken")
    func prefixes() {
        for text in Fixtures.all {
            for prefix in everyPrefix(of: Array(text.utf8)) {
                #expect(throws: RecordError.self) {
                    try bench.preparer.prepare(
                        prefix, tenant: .only("acme"), received: bench.received, seed: .zero,
                        newID: { Bench.newID })
                }
            }
        }
    }

    @Test("Nothing of the content is ever in a refusal")
    func canaries() {
        let canary = "c4nary"
        let texts = [
            record("\"\(canary)\":1"), record(#""id":"\#(canary)""#),
            record(#""time":"\#(canary)""#),
            record(#""tenant":"\#(canary)""#), record(#""v":"\#(canary)""#),
            record(#""details":{"\#(canary)":1,"\#(canary)":2}"#), record(#""details":\#(canary)"#),
            #"{"type":"\#(canary)!","actor":{"id":"x","type":"system"}}"#,
            #"{"type":"a.b","actor":"\#(canary)"}"#, #"{"\#(canary)":"#,
            #"{"type":"x.a.b","actor":{"id":"x","type":"system"},"C-\#(canary)":1}"#,
            #"{"type":"a.b","actor":{"id":["\#(canary)"],"type":"system"}}"#,
        ]
        for text in texts {
            guard let refusal = bench.refusal(text) else {
                Issue.record("taken: \(text)")
                continue
            }
            var dumped = ""
            dump(refusal, to: &dumped)
            #expect(!dumped.contains(canary) && !refusal.description.contains(canary))
        }
    }

    @Test("Damaged records are refused or prepared, never worse", arguments: 0..<8)
    func fuzz(round: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        var taken = 0
        for _ in 0..<1_000 {
            var bytes = Array((Fixtures.all.randomElement(using: &generator) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: bytes.indices, using: &generator)
                bytes[place] = UInt8.random(in: 0x20...0x7E, using: &generator)
            }
            guard let record = try? bench.prepare(Bench.text(bytes)) else { continue }
            taken += 1
            #expect(throws: Never.self, "seed \(seed)") {
                try CanonicalRecord(verifying: record.canonical)
            }
        }
        #expect(taken > 0, "seed \(seed)")
    }
}
