// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Testing

@testable import AuditRecords

struct KernoTests {
    private static let lines = Samples.lines("kerno-v1.ndjson")

    private func stored(
        _ line: [UInt8], number: UInt64 = 1, redactor: Redactor? = nil
    ) throws -> (event: ImportedEvent, record: JSONValue) {
        let event = try EventAdapter.kerno.record(from: line, number: number)
        let bench = try Bench(redactor: redactor)
        let prepared = try bench.prepare(String(decoding: event.record.canonical, as: UTF8.self))
        return (event, try JSONValue.parse(prepared.canonical, limits: .disclosed))
    }

    private func standard() throws -> Redactor {
        try Redactor(.standard, tokenKey: SHA256.hash([7]))
    }

    @Test("Every line is a record that the log takes, and comes back byte for byte")
    func roundTrip() throws {
        let redactor = try standard()
        for (place, line) in Self.lines.enumerated() {
            let (event, record) = try stored(line, number: UInt64(place + 1), redactor: redactor)
            #expect(event.isExact == true, "line \(place + 1)")
            #expect(
                String(decoding: KernoLine.encode(record), as: UTF8.self)
                    == String(decoding: line, as: UTF8.self))
            #expect(record["redactions"] == nil, "line \(place + 1)")
            #expect(record["imported"]?["system"]?.text == "kerno")
            #expect(record["id"]?.text == event.id)
            #expect(record["received"]?.text == "2026-06-01T12:00:00.000000Z", "never back-dated")
        }
        #expect(Set(Self.lines.compactMap { try? stored($0).record["type"]?.text }).count >= 9)
    }

    @Test("All eight types are in the sample")
    func types() throws {
        let types = try Self.lines.map { try JSONValue.event($0)["type"]?.text }
        for type in KernoType.allCases { #expect(types.contains(type.rawValue)) }
    }

    @Test("What a line says lies where queries look for it")
    func mapping() throws {
        let call = try #require(Self.lines.first { $0.contains("claude") })
        let record = try stored(call).record
        #expect(record["type"]?.text == "model.call")
        #expect(record["model"] == ["name": "claude-sonnet-4-20250514", "provider": "anthropic"])
        #expect(record["duration_us"]?.unsigned == 854_000)
        #expect(record["usage"] == ["total": 412])
        #expect(record["result"] == ["prompt_size": 1024, "response_size": 380])
        #expect(record["details"] == ["redactions": ["ip": 1, "path": 0, "pid": 3]])
        #expect(record["producer"] == ["component": "ai/analyzer"])
        #expect(record["time"]?.text == "2026-05-10T14:32:01.123456Z")
        #expect(record["imported"]?["original_time"]?.text == "2026-05-10T14:32:01.123456789Z")
        let cached = try #require(Self.lines.first { $0.contains("\"cached\"") })
        #expect(try stored(cached).record["labels"] == ["cache": "hit"])
        #expect(try stored(cached).record["model"]?["name"] == nil)
        let finding = try #require(Self.lines.first { $0.contains("CRITICAL") })
        #expect(try stored(finding).record["severity"]?.unsigned == 5)
        #expect(try stored(finding).record["details"] == ["legacy_fnv": "a1b2c3d4e5f60708"])
        #expect(try stored(finding).record["trace"]?["cycle_id"]?.text == "cycle-20260510-143200")
        let reload = try #require(Self.lines.first { $0.contains("fsync_p99_critical") })
        #expect(try stored(reload).record["actor"] == ["id": "0", "type": "os_user"])
    }

    @Test("A line that redaction changes comes back changed, and still a line")
    func redacted() throws {
        let text =
            #"{ "v":"1","ts":"2026-05-10T15:00:00Z","type":"bpf.load","actor":"bpf/loader","#
            + #""details":{"error":"mail to eve@example.com","program":"p","success":false}}"#
        let line = Array(text.utf8)
        let (event, record) = try stored(line, redactor: standard())
        #expect(event.isExact == true)
        let back = String(decoding: KernoLine.encode(record), as: UTF8.self)
        #expect(!back.contains("eve@") && back.contains("redacted"), "\(back)")
        #expect(back.hasPrefix(#"{ "v":"1","ts""#), "the layout is kept: \(back)")
    }

    @Test("A layout holds no value, and lies in the member whose form it is")
    func layoutHoldsNothing() throws {
        let line = Array(
            (#"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"bpf.load","actor":"a","details":{"#
                + #""success":true,"program":"hunter2-secret","password":"tr\u0075e"}}"#).utf8)
        let event = try EventAdapter.kerno.record(from: line, number: 1)
        #expect(event.isExact == false, "an escape that no style has")
        #expect(event.record["details"]?["kerno_layout"] == nil)
        let other = Array(
            (#"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"bpf.load","actor":"a","details":{"#
                + #""success":true,"program":"hunter2-secret"}}"#).utf8)
        let layout = try EventAdapter.kerno.record(from: other, number: 1)
            .record["details"]?["kerno_layout"]?.text
        #expect(layout?.contains("hunter2") == false)
    }

    @Test("Lines that are not of this format are refused with a path, and never echoed")
    func refusals() throws {
        let cases: [(String, RecordError.Code)] = [
            ("[]", .invalidJSON), ("{}", .unsupportedVersion),
            (
                #"{"v":"2","ts":"2026-05-10T15:00:00Z","type":"a","actor":"a","details":{}}"#,
                .unsupportedVersion
            ),
            (#"{"v":"1","ts":"yesterday","type":"a","actor":"a","details":{}}"#, .invalidField),
            (#"{"v":"1","ts":"2026-05-10T15:00:00Z","actor":"a","details":{}}"#, .missingField),
            (
                #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"Ä secret","actor":"a","details":{}}"#,
                .invalidField
            ),
            (
                #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"a","actor":"","details":{}}"#,
                .invalidField
            ),
            (#"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"a","actor":"a"}"#, .missingField),
            (
                #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"a","actor":"a","details":{},"secret":1}"#,
                .unknownField
            ),
            (
                #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"ai.call","actor":"a","details":"secret"}"#,
                .invalidField
            ),
            (
                #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"a","actor":"a","details":{"kerno_layout":"~"}}"#,
                .invalidField
            ),
        ]
        for (text, code) in cases {
            let error = #expect(throws: RecordError.self) {
                try EventAdapter.kerno.record(from: Array(text.utf8), number: 1)
            }
            #expect(error?.code == code, "\(text): \(String(describing: error))")
            #expect(!"\(String(describing: error))".contains("secret"))
        }
    }

    @Test("Identifiers follow from line and place alone")
    func identifiers() throws {
        let ids = try Self.lines.enumerated().map { place, line in
            try EventAdapter.kerno.record(from: line, number: UInt64(place)).id
        }
        #expect(Set(ids).count == Self.lines.count)
        let again = try EventAdapter.kerno.record(from: Self.lines[3], number: 3).id
        #expect(again == ids[3] && again?.utf8.count == 36)
        #expect(try EventAdapter.kerno.record(from: Self.lines[3], number: 4).id != again)
    }

    @Test("Any other record is a line of exactly five members, with nothing left out")
    func otherRecords() throws {
        for text in Fixtures.all {
            let canonical = try Bench().prepare(text).canonical
            let record = try JSONValue.parse(canonical, limits: .disclosed)
            let line = KernoLine.encode(record)
            let value = try JSONValue.event(line)
            #expect(value.members?.map(\.name) == ["actor", "details", "ts", "type", "v"])
            let told = String(decoding: line, as: UTF8.self)
            for member in record.members ?? []
            where !["v", "time", "type", "details"].contains(member.name) {
                #expect(told.contains("\"\(member.name)\""), "\(member.name) in \(told)")
            }
        }
    }

    @Test("A changed byte of a line never comes back as the line before")
    func mutations() throws {
        let line = try #require(Self.lines.first { $0.contains("claude") })
        var kept = 0
        for place in line.indices {
            var changed = line
            changed[place] ^= 1
            guard let event = try? EventAdapter.kerno.record(from: changed, number: 1) else {
                continue
            }
            kept += 1
            if event.isExact == true { #expect(KernoLine.encode(event.record) == changed) }
        }
        #expect(kept > 50)
        for count in line.indices {
            #expect(throws: RecordError.self) {
                try EventAdapter.kerno.record(from: Array(line[..<count]), number: 1)
            }
        }
    }
}

extension [UInt8] {
    fileprivate func contains(_ text: String) -> Bool {
        String(decoding: self, as: UTF8.self).contains(text)
    }
}
