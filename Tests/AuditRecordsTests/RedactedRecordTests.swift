// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Records that are redacted")
struct RedactedRecordTests {
    let redactor: Redactor
    let bench: Bench

    init() throws {
        redactor = try Redactor(.standard, tokenKey: SHA256.hash([7]))
        bench = try Bench(redactor: redactor)
    }

    private static let mail = "dora@example.org"

    private func policy() -> JSONValue {
        [
            "digest": .string(redactor.identity.digest), "id": "standard",
            "version": .integer(redactor.identity.version),
        ]
    }

    @Test("What is found goes before anything is kept, and is counted by rule")
    func redacted() throws {
        let text = #"""
            {"type":"a.b","actor":{"id":"svc","type":"service"},"action":"mail dora@example.org",
            "details":{"dora@example.org":["to dora@example.org"]},"usage":{"n":1}}
            """#
        let record = try bench.prepare(text)
        let value = try JSONValue.parse(canonical: record.canonical)
        #expect(!Bench.text(record.canonical).contains("dora"))
        #expect(!Bench.text(record.form).contains("dora"))
        #expect(value["redactions"] == ["email": 3])
        #expect(value["redaction_policy"] == policy())
        #expect(
            value.members?.map(\.name) == [
                "action", "actor", "details", "id", "received", "redaction_policy", "redactions",
                "tenant", "time", "type", "usage", "v",
            ])
        let form = try JSONValue.parse(canonical: record.form)
        #expect(form.members?.map(\.name) == ["action", "actor", "details", "type", "usage"])
        #expect(form["details"] == value["details"])
    }

    @Test("A record in which nothing is found names the policy and counts nothing")
    func clean() throws {
        let record = try bench.prepare(Fixtures.minimal)
        let value = try JSONValue.parse(canonical: record.canonical)
        #expect(value["redactions"] == nil && value["redaction_policy"] == policy())
        let plain = try Bench().prepare(Fixtures.minimal)
        #expect(record.form == plain.form)
        _ = try CanonicalRecord(verifying: record.canonical)
    }

    @Test("The log's own records are not redacted and name no policy")
    func governance() throws {
        let record = GovernanceRecord(
            type: "audit.access", details: ["credential": "a@example.org"])
        let prepared = try bench.preparer.prepare(
            record, received: bench.received, seed: bench.seed, id: Bench.newID)
        let value = try JSONValue.parse(canonical: prepared.canonical)
        #expect(value["details"]?["credential"] == "a@example.org")
        #expect(value["redaction_policy"] == nil)
    }

    @Test("A retry says the same, whatever was redacted in it")
    func retry() throws {
        let text = #"{"type":"a.b","actor":{"id":"dora@example.org","type":"human"},"v":"1"}"#
        let first = try bench.prepare(text)
        var later = bench
        later.seed = SHA256.hash([9])
        #expect(try later.prepare(text).form == first.form)
        #expect(first.actorID?.hasPrefix("tok_email_") == true)
    }

    @Test("Counts of redaction and of numbers as text stand together")
    func together() throws {
        let both = try Bench(options: RecordOptions(numbersAsText: true), redactor: redactor)
        let text = #"""
            {"type":"a.b","actor":{"id":"svc","type":"service"},
            "details":[12345678901234567890,"dora@example.org"]}
            """#
        let value = try JSONValue.parse(canonical: both.prepare(text).canonical)
        #expect(value["redactions"] == ["email": 1, "number_as_text": 1])
        #expect(value["details"]?.elements?.first == "12345678901234567890")
    }

    @Test("What is too large is redacted first, and cut then")
    func cut() throws {
        let cutting = try Bench(
            limits: RecordLimits(fieldByteCount: 256),
            options: RecordOptions(onOversize: .truncate), redactor: redactor)
        let filler = String(repeating: "dora@example.org ", count: 40)
        let text = #"{"type":"a.b","actor":{"id":"s","type":"service"},"details":"\#(filler)"}"#
        let record = try cutting.prepare(text)
        let value = try JSONValue.parse(canonical: record.canonical)
        #expect(value["details"]?["truncated"] == true)
        #expect(value["redactions"] == ["email": 40])
        #expect(!Bench.text(record.form).contains("dora"))
    }

    @Test("A policy that breaks the schema's rules loses no record")
    func broken() throws {
        let policy = RedactionPolicy(
            id: "strict",
            fields: [
                "outcome": .whole(.replace), "severity": .whole(.replace), "tool": .drop,
                "target.type": .drop,
            ])
        let strict = try Bench(redactor: Redactor(policy, tokenKey: .zero))
        let text = #"""
            {"type":"tool.result","actor":{"id":"svc","type":"service"},"outcome":"success",
            "severity":3,"tool":{"name":"t"},"target":[{"type":"a"}]}
            """#
        let record = try strict.prepare(text)
        let value = try JSONValue.parse(canonical: record.canonical)
        #expect(value["tool"] == nil && value["target"]?.elements?.first?["type"] == nil)
        #expect(value["severity"]?.text?.contains("redacted") == true)
        #expect(value["outcome"]?.text?.contains("redacted") == true)
        _ = try CanonicalRecord(verifying: record.canonical)
    }

    @Test("A rule that finds something in what the log goes by refuses the record")
    func header() throws {
        let rule = RedactionRule(
            id: "beast", pattern: "zebra", positives: ["a zebra"], negatives: ["a horse"])
        let strict = try Bench(
            redactor: Redactor(RedactionPolicy(id: "strict", rules: [rule]), tokenKey: .zero))
        let refusal = strict.refusal(
            #"{"type":"x.acme.zebra","actor":{"id":"x","type":"agent"},"details":"zebra"}"#)
        #expect(refusal?.code == .invalidField && refusal?.path == "type")
        #expect(refusal?.offset == nil)
        let vendor = try strict.prepare(
            #"{"type":"x.acme.a","actor":{"id":"x","type":"agent"},"a_zebra":1,"b_zebra":2}"#)
        #expect(!Bench.text(vendor.canonical).contains("zebra"))
        _ = try CanonicalRecord(verifying: vendor.canonical)
    }

    @Test("A refusal holds nothing of the content, redacted or not")
    func refusals() {
        let text =
            #"{"type":"a.b","actor":{"id":"x","type":"agent"},"severity":"dora@example.org"}"#
        guard let refusal = bench.refusal(text) else {
            Issue.record("taken")
            return
        }
        var dumped = ""
        dump(refusal, to: &dumped)
        #expect(refusal.path == "severity" && !dumped.contains("dora"))
    }
}
