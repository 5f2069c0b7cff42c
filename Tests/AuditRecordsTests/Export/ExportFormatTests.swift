// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Records in the formats of others")
struct ExportFormatTests {
    private static func exported(
        _ members: String, erased: [(name: String, by: UInt64)] = []
    ) throws -> ExportedRecord {
        let value = try JSONValue.parse(Array("{\(members)}".utf8))
        return ExportedRecord(
            origin: try Origin("log.example.com/test"), index: 7,
            leaf: Leaf(timestampMS: 1_780_000_000_123, commitment: .zero, mac: .zero),
            canonical: value.canonical, erased: erased)
    }

    private static func event(
        _ format: ExportFormat, _ members: String, erased: [(name: String, by: UInt64)] = []
    ) throws -> JSONValue {
        let line = try format.line(of: exported(members, erased: erased))
        #expect(line.last == 0x0a && line.count { $0 == 0x0a } == 1, "one line")
        return try JSONValue.parse(
            Array(line.dropLast()), limits: JSONLimits(byteCount: 1 << 20, depth: 40))
    }

    private static let base =
        #""v":"1","id":"0198c0de-0000-7000-8000-000000000001","tenant":"acme","#
        + #""received":"2026-06-01T08:00:02.000500Z","time":"2026-06-01T08:00:01.250000Z","#
        + #""actor":{"id":"alice","type":"human","email":"alice@example.com","x":1}"#

    @Test("Our own line is the record byte for byte, with its leaf")
    func own() throws {
        let record = try Self.exported(Self.base + #","type":"x.a.b","details":"é\n€""#)
        let line = String(decoding: try ExportFormat.ndjson.line(of: record), as: UTF8.self)
        let zeros = String(repeating: "0", count: 64)
        #expect(
            line == "{\"index\":7,\"timestamp_ms\":1780000000123,\"commitment\":\"\(zeros)\","
                + "\"record_hash\":\"\(zeros)\",\"record\":"
                + "\(String(decoding: record.canonical, as: UTF8.self))}\n")
        let erased = try Self.exported(Self.base, erased: [("details", 9), ("target", 12)])
        #expect(
            String(decoding: try ExportFormat.ndjson.line(of: erased), as: UTF8.self)
                .hasSuffix(#","erased":[["details",9],["target",12]]}"# + "\n"))
    }

    /// Every type of the registry, and some that it does not have, with its class and activity.
    @Test(
        "Types have their OCSF class and activity",
        arguments: [
            ("tool.call", 600_399), ("model.call", 600_399), ("data.access", 600_302),
            ("data.change", 600_303), ("data.delete", 600_304), ("policy.decision", 600_399),
            ("auth.success", 300_201), ("auth.failure", 300_201),
            ("account.token.created", 300_403), ("config.reload", 300_403),
            ("agent.skill.learned", 300_403), ("agent.trust.changed", 300_403),
            ("daemon.start", 600_203), ("daemon.stop", 600_204), ("daemon.restart", 600_205),
            ("daemon.panic", 600_299), ("finding.emit", 200_401), ("guardrail.fired", 200_401),
            ("audit.export", 100_803), ("audit.access", 100_899), ("retention.prune", 100_802),
            ("erasure.complete", 100_802), ("log.created", 100_806), ("log.frozen", 100_807),
            ("x.vendor.thing", 600_399), ("unheard.of", 600_399), ("bpf.load", 600_399),
        ])
    func classes(_ type: String, _ uid: UInt64) throws {
        let event = try Self.event(.ocsf, Self.base + ",\"type\":\"\(type)\"")
        #expect(event["type_uid"]?.unsigned == uid)
        #expect(event["class_uid"]?.unsigned == uid / 100)
        #expect(event["activity_id"]?.unsigned == uid % 100)
        #expect(event["category_uid"]?.unsigned == uid / 100_000)
        #expect(event["metadata"]?["version"]?.text == "1.8.0")
        #expect(event["time"]?.unsigned == 1_780_300_801_250)
    }

    @Test("Nothing of a record is lost, and what has a place is not repeated")
    func unmapped() throws {
        let event = try Self.event(
            .ocsf,
            Self.base
                + #","type":"tool.result","tool":{"name":"t","call_id":"c","is_error":true},"#
                + #""outcome":"denied","reason":"quota","labels":{"a":"b"},"severity":5,"#
                + #""duration_us":1999,"source":{"ip":"192.0.2.7","port":443,"ua":"curl"},"#
                + #""policy":{"id":"p","rule_id":"r","decision":"deny"},"#
                + #""target":[{"type":"file","id":"/etc/x"}],"trace":{"trace_id":"t1","run_id":"r1"}"#,
            erased: [("arguments", 11)])
        #expect(event["status_id"]?.unsigned == 2 && event["status_code"]?.text == "quota")
        #expect(event["severity_id"]?.unsigned == 5)
        #expect(event["action_id"]?.unsigned == 2 && event["disposition_id"]?.unsigned == 2)
        #expect(event["duration"]?.unsigned == 1)
        #expect(event["src_endpoint"]?["ip"]?.text == "192.0.2.7")
        #expect(event["resources"] == [["type": "file", "uid": "/etc/x"]])
        let rest = event["unmapped"]
        #expect(
            rest?["record"] == [
                "actor": ["x": 1],
                "duration_us": 1999, "labels": ["a": "b"], "outcome": "denied",
                "policy": ["decision": "deny"], "received": "2026-06-01T08:00:02.000500Z",
                "source": ["ua": "curl"], "tool": ["is_error": true], "trace": ["run_id": "r1"],
            ])
        #expect(rest?["erased"] == [["arguments", 11]])
        #expect(rest?["index"]?.unsigned == 7)
    }

    @Test("What stands for an address, a token or a network, is not called one")
    func addresses() throws {
        for ip in ["<ipv4:ab12>", "192.0.2.0/24", "not an address"] {
            let members = Self.base + ",\"type\":\"tool.call\",\"source\":{\"ip\":\"\(ip)\"}"
            let event = try Self.event(.ocsf, members)
            #expect(event["src_endpoint"]?["ip"] == nil)
            #expect(event["src_endpoint"]?["name"]?.text == ip)
            #expect(event["unmapped"]?["record"]?["source"]?["ip"]?.text == ip)
            let document = try Self.event(.ecs, members)
            #expect(document["source"] == ["address": .string(ip)])
        }
        let none = try Self.event(.ocsf, Self.base + #","type":"tool.call""#)
        #expect(none["src_endpoint"]?["name"]?.text == "unknown")
    }

    @Test("A record of which only the name is left is written in every format")
    func bare() throws {
        let members =
            #""v":"1","id":"x","type":"tool.call","tenant":"acme","#
            + #""received":"2026-06-01T08:00:02.000500Z""#
        for format in ExportFormat.allCases where format != .csv {
            _ = try Self.event(format, members, erased: [("actor", 3)])
        }
        let event = try Self.event(.ocsf, members)
        #expect(event["actor"]?["user"]?["name"]?.text == "unknown")
        #expect(event["time"]?.unsigned == 1_780_300_802_000)
    }

    @Test("A CloudEvent has the record as data, and attributes that its rules allow")
    func cloudEvent() throws {
        let record = try Self.exported(
            Self.base + #","type":"tool.call","severity":4,"target":[{"id":"a\nb"}],"action":"go","#
                + #""trace":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331"}"#
        )
        let line = String(decoding: try ExportFormat.cloudevents.line(of: record), as: UTF8.self)
        #expect(
            line.contains(",\"data\":\(String(decoding: record.canonical, as: UTF8.self))}\n"))
        let event = try JSONValue.parse(Array(line.utf8))
        #expect(event["type"]?.text == "audit.tool.call")
        #expect(event["source"]?.text == "https://log.example.com/test/acme")
        #expect(event["sequence"]?.text == "00000000000000000007")
        #expect(event["severitynumber"]?.unsigned == 17)
        #expect(event["subject"] == nil, "no control character in an attribute")
        #expect(
            event["traceparent"]?.text
                == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
        for name in event.members?.map(\.name) ?? [] {
            #expect(
                name.utf8.allSatisfy { 0x61...0x7a ~= $0 || 0x30...0x39 ~= $0 } && name.count <= 20)
        }
    }

    @Test("A number that no JSON number can hold in another unit is left out, not wrong")
    func largeNumbers() throws {
        let members = Self.base + #","type":"model.call","duration_us":9007199254740991"#
        #expect(try Self.event(.ecs, members)["event"]?["duration"] == nil)
        #expect(try Self.event(.ocsf, members)["duration"]?.unsigned == 9_007_199_254_740)
    }
}
