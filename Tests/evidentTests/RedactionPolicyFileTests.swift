// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Foundation
import LogCrypto
import Testing

@testable import evident

@Suite("Redaction policy files")
struct RedactionPolicyFileTests {
    /// The blocks of docs/redaction.md that are marked as tested.
    static let examples: [String] = {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let file = root.appending(path: "docs/redaction.md")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.components(separatedBy: "<!-- tested -->\n```yaml\n").dropFirst().map {
            $0.components(separatedBy: "```")[0]
        }
    }()

    private func redactor(_ text: String) throws -> Redactor {
        let policy = try RedactionSection.parse(text, path: "p.yaml")
        return try RedactionSection.redactor(
            policy, tokenKey: SHA256.hash([1]), path: "p.yaml")
    }

    @Test("Every example of the documentation compiles")
    func documentation() throws {
        #expect(Self.examples.count == 3)
        for example in Self.examples { _ = try redactor(example) }
    }

    @Test("The documentation's policy does what it says")
    func behaviour() throws {
        let redactor = try redactor(try #require(Self.examples.first))
        #expect(redactor.identity.id == "acme" && redactor.identity.version == 3)
        let text = { redactor.redact(text: $0, at: "details.x", tenant: $1) }
        #expect(text("4111 1111 1111 1111", "t") == "****1111")
        #expect(text("192.0.2.7", "t") == "192.0.2.0/24")
        #expect(text("192.0.2.7", "eu-1") == "<redacted:ipv4>")
        #expect(text("12345678Z", "t") == "12345678Z")
        #expect(text("12345678Z", "eu-1") == "<redacted:es_nif>")
        #expect(text("employee E123456", "t").hasPrefix("employee tok_acmeemployee_"))
        #expect(text("db.prod.internal", "t") == "db.prod.internal")
        let preview = try redactor.preview(
            Array(
                #"{"details":{"command":"ls","internal_note":1,"badge_number":7,"cookie":"c"}}"#
                    .utf8),
            tenant: "t")
        let record = String(decoding: preview.record, as: UTF8.self)
        #expect(
            record.wholeMatch(
                of:
                    /\{"details":\{"badge_number":"<redacted:key_name>","command":"dig_field_\w+",.*"c"\}\}/
            ) != nil, "\(record)")
    }

    @Test("JSON is a policy, too, and an empty file is the default")
    func forms() throws {
        let json = #"{"id": "j", "packs": ["us"], "fields": {"a.b": {"whole": "mask"}}}"#
        let policy = try RedactionSection.parse(json, path: "p")
        #expect(policy.id == "j" && policy.packs == [.us] && policy.fields["a.b"] == .whole(.mask))
        let empty = try RedactionSection.parse("# nothing\n", path: "p")
        #expect(empty.packs == RedactionPack.standard)
    }

    @Test(
        "What is not known or makes no sense is refused with its place",
        arguments: [
            ("pack: [us]", "pack is not a key"), ("packs: us", "packs is a list"),
            ("packs: [usa]", "packs is one of core-secrets"),
            ("version: two", "version is a whole"),
            ("fields:\n  a: {keep: x}", "fields.a.keep is one of hex16"),
            ("fields:\n  a: gone", "fields.a is scan, drop"),
            ("fields:\n  a: {keep: uuid, whole: mask}", "has one of keep"),
            ("strategies: {pan: last4}", "strategies.pan is one of replace"),
            ("rules:\n  - id: a", "rules[1] needs an id and a pattern"),
            ("rules:\n  - id: a\n    patern: b", "rules[1].patern is not a key"),
            ("rules:\n  - id: a\n    pattern: b\n    positive: [1]", "is a list of texts"),
            ("names: {except: [nothing]}", "names nothing, which is not denied"),
            ("tenants:\n  t: {limits: {}}", "tenants.t.limits is not a key"),
            ("limits: {bytes: 1}", "limits.bytes is not a key"),
            ("id: a\nid: b", "p:2: id stands here twice"), ("id:", "p:1: id has no value"),
            ("id: a\n\tversion: 1", "p:2: indent with spaces"),
            ("id: *a", "p:1: not a value"), ("id: a\n  version: 1", "p:2: this line's indent"),
            ("packs: [us", "p:1: not a value"), ("- a", "a policy is a mapping"),
            ("id: 'a", "p:1: not a value"), ("just text", "p:1: not of the form"),
        ])
    func refusals(_ text: String, _ message: String) {
        let error = #expect(throws: CommandFailure.self) {
            _ = try RedactionSection.parse(text, path: "p")
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(error?.status == .usage)
    }

    @Test("A policy whose samples fail is refused, and the samples are not shown")
    func samples() {
        let text = """
            rules:
              - {id: badge, pattern: 'B[0-9]{4}', positive: ['B1234', 'C1234'], negative: ['B12']}
            """
        let error = #expect(throws: CommandFailure.self) { _ = try redactor(text) }
        #expect(error?.message == "p.yaml: badge: nothing is found in positive sample 2")
    }

    @Test("Quotes, comments and lists of every spelling are read as YAML reads them")
    func scalars() throws {
        let text = """
            ---
            id: "quoted"   # a comment
            version: 2
            disable:
              - phone
              - 'us_ssn'
            rules:
              -
                id: one
                pattern: 'it''s #\\d+'
                positive: ["it's #1"]
                negative: [ "its #1" ]
                priority: 5
              - id: two
                pattern: "a\\\\.b"

                negative: ['axb']
                positive: ['a.b']
            """
        let policy = try RedactionSection.parse(text, path: "p")
        #expect(policy.id == "quoted" && policy.version == 2)
        #expect(policy.disabled == ["phone", "us_ssn"])
        #expect(policy.rules.map(\.pattern) == [#"it's #\d+"#, #"a\.b"#])
        #expect(policy.rules[0].priority == 5)
        _ = try redactor(text)
    }
}
