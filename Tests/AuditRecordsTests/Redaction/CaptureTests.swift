// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Capture modes")
struct CaptureTests {
    private static let secret = "AKIAIOSFODNN7EXAMPLE"

    private static func bench(
        _ capture: [String: CaptureMode], tenants: [String: TenantRedaction] = [:]
    ) throws -> Bench {
        let policy = RedactionPolicy(
            id: "test",
            rules: [
                RedactionRule(
                    id: "badge", pattern: "BADGE-[0-9]+", positives: ["BADGE-1"],
                    negatives: ["BADGE"])
            ],
            capture: capture, tenants: tenants)
        return try Bench(redactor: try Redactor(policy, tokenKey: SHA256.hash([7])))
    }

    private static func record(type: String, _ more: String = "") -> String {
        #"{"type":"\#(type)","actor":{"id":"svc","type":"service"},"tool":{"name":"t"},"#
            + #""outcome":"success","labels":{"team":"ops"},"usage":{"n":1}\#(more),"#
            + #""arguments":{"to":"dora@example.org","key":"\#(secret)","badge":"BADGE-7","#
            + #""json":"{\"a\":[\"eve@example.org\",\"\#(secret)\"]}"},"#
            + #""result":null,"details":"plain"}"#
    }

    private func prepare(
        _ mode: CaptureMode, type: String = "tool.result", _ more: String = ""
    ) throws -> (record: PreparedRecord, value: JSONValue) {
        let record = try Self.bench(["*": mode]).prepare(Self.record(type: type, more))
        _ = try CanonicalRecord(verifying: record.canonical)
        return (record, try JSONValue.parse(canonical: record.canonical))
    }

    @Test("Whatever the mode, who did what is kept", arguments: CaptureMode.allCases)
    func metadata(mode: CaptureMode) throws {
        let (_, value) = try prepare(mode)
        for name in ["type", "actor", "tool", "outcome", "labels", "usage"] {
            #expect(value[name] != nil, "\(name)")
        }
        #expect(value["labels"] == ["team": "ops"] && value["usage"] == ["n": 1])
        #expect(!Bench.text(value.canonical).contains(Self.secret))
    }

    @Test("full keeps personal data of the payload, and there alone; no secret, and no own rule's")
    func full() throws {
        let (_, value) = try prepare(.full, type: "tool.result", #","action":"to eve@example.org""#)
        #expect(value["arguments"]?["to"]?.text == "dora@example.org")
        #expect(value["arguments"]?["badge"]?.text == "<redacted:badge>")
        #expect(value["arguments"]?["key"]?.text == "<redacted:aws_key_id>")
        #expect(
            value["arguments"]?["json"]?.text
                == #"{"a":["eve@example.org","<redacted:aws_key_id>"]}"#)
        #expect(value["action"]?.text == "to <redacted:email>")
        #expect(value["redactions"] == ["aws_key_id": 2, "badge": 1, "email": 1])
    }

    @Test("hash_only keeps size and digest of what redaction leaves")
    func hashOnly() throws {
        let (record, value) = try prepare(.hashOnly)
        let (plain, redacted) = try prepare(.redacted)
        let wanted = try #require(redacted["arguments"]).canonical
        let digest = wanted.withUnsafeBytes {
            RecordText.digest(of: $0, seed: SHA256.hash([1])).hex
        }
        #expect(
            value["arguments"]
                == [
                    "digest": .string(digest), "size": .integer(wanted.count), "truncated": true,
                ])
        #expect(value["details"]?["size"]?.unsigned == 7)
        guard case .null? = value["result"] else {
            Issue.record("null holds nothing to hash")
            return
        }
        #expect(value["redactions"]?["capture"]?.unsigned == 2)
        #expect(!Bench.text(record.canonical).contains("plain"))
        // Whether a repeated submission says the same is a matter of what was said.
        #expect(record.form == plain.form)
    }

    @Test("metadata_only keeps nothing of it, a vendor's own members included")
    func metadataOnly() throws {
        let (record, value) = try prepare(.metadataOnly, type: "x.acme.event", #","rods":[1,2]"#)
        for name in ["arguments", "result", "details", "rods"] {
            #expect(value[name] == nil, "\(name)")
        }
        #expect(value["redactions"]?["capture"]?.unsigned == 4)
        #expect(!Bench.text(record.form).contains("plain"))
        let quiet = try Self.bench(["*": .metadataOnly]).prepare(Fixtures.minimal)
        #expect(try JSONValue.parse(canonical: quiet.canonical)["redactions"] == nil)
    }

    @Test("Many small values are each replaced by a larger digest")
    func growth() throws {
        let members = (0..<200).map { ",\"m\($0)\":0" }.joined()
        let (_, value) = try prepare(.hashOnly, type: "x.acme.event", members)
        #expect(value["m199"]?["size"]?.unsigned == 1)
    }

    @Test(
        "The most exact entry counts",
        arguments: [
            ("tool.call", .full), ("tool.result", .hashOnly), ("tool.a.b", .hashOnly),
            ("tool.a.b.c", .metadataOnly), ("model.call", .redacted), ("toolbox.call", .redacted),
            ("x.acme.event", .redacted), ("tool", .redacted),
        ] as [(String, CaptureMode)])
    func patterns(type: String, mode: CaptureMode) {
        let modes = CaptureModes([
            "tool.call": .full, "tool.*": .hashOnly, "tool.a.b.*": .metadataOnly,
        ])
        #expect(modes.mode(of: type) == mode)
        let all = CaptureModes(["*": .metadataOnly, "tool.call": .full])
        #expect(all.mode(of: type) == (type == "tool.call" ? .full : .metadataOnly))
    }

    @Test(
        "What is no type, family or * is refused",
        arguments: ["", "tool*", "*.call", "Tool.call", "tool..*", ".*", "tool.*.call"])
    func refused(pattern: String) {
        #expect(throws: RedactionPolicyError.invalidCapture(pattern)) {
            try Redactor(
                RedactionPolicy(id: "test", capture: [pattern: .hashOnly]), tokenKey: .zero)
        }
    }

    @Test("A tenant may keep less and never more")
    func tenants() throws {
        let stricter = try Self.bench(
            ["*": .redacted], tenants: ["acme": TenantRedaction(capture: ["*": .metadataOnly])])
        let record = try stricter.prepare(Self.record(type: "tool.call"))
        #expect(try JSONValue.parse(canonical: record.canonical)["arguments"] == nil)
        for capture: [String: CaptureMode] in [["*": .redacted], ["tool.call": .full]] {
            #expect(throws: RedactionPolicyError.self) {
                try Self.bench(
                    ["*": .hashOnly], tenants: ["acme": TenantRedaction(capture: capture)])
            }
        }
    }

    @Test("The digest covers modes, and is what it was where there are none")
    func digest() throws {
        func digest(_ capture: [String: CaptureMode]) throws -> String {
            let policy = RedactionPolicy(id: "test", capture: capture)
            return try Redactor(policy, tokenKey: .zero).identity.digest
        }
        let all = try [
            digest([:]), digest(["*": .full]), digest(["*": .hashOnly]), digest(["a.*": .full]),
        ]
        #expect(Set(all).count == 4)
    }

    @Test("A preview shows what a mode takes")
    func preview() throws {
        let redactor = try #require(
            try Self.bench(["tool.*": .metadataOnly]).preparer.redactor)
        let preview = try redactor.preview(
            Array(Self.record(type: "tool.call").utf8), tenant: "acme")
        #expect(preview.findings.filter { $0.rule == "capture" }.count == 3)
        #expect(!Bench.text(preview.record).contains("plain"))
    }
}
