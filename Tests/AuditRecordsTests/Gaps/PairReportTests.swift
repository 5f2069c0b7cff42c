// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Testing

@testable import AuditRecords

@Suite("Intents and outcomes")
struct PairReportTests {
    private static func key(_ id: String, scope: String = "") -> PairEnd.Key {
        PairEnd.Key(tenant: "acme", kind: .tool, scope: scope, id: id)
    }

    /// Ends as `+a` (intent) and `-a` (outcome); the index is the place.
    private func findings(_ ends: String, capacity: Int = 100) -> [PairReport.Finding] {
        var report = PairReport(capacity: capacity)
        var found: [PairReport.Finding] = []
        for (index, end) in ends.split(separator: " ").enumerated() {
            let side: PairEnd.Side = end.first == "+" ? .intent : .outcome
            let key = end.count > 1 ? Self.key(String(end.dropFirst())) : nil
            if let finding = report.add(
                PairEnd(side: side, kind: .tool, key: key), index: UInt64(index))
            {
                found.append(finding)
            }
        }
        return found + report.finish()
    }

    @Test("Whole pairs show nothing, in any nesting")
    func whole() {
        #expect(findings("+a -a") == [])
        #expect(findings("+a +b -b -a") == [])
        #expect(findings("+a +b -a -b +a -a") == [])
        #expect(findings("") == [])
    }

    @Test("What is alone is told, once")
    func alone() {
        #expect(findings("+a +b -a") == [.open(Self.key("b"), index: 1)])
        #expect(
            findings("-a +a") == [
                .unannounced(Self.key("a"), index: 0), .open(Self.key("a"), index: 1),
            ])
        #expect(findings("+a -a -a") == [.unannounced(Self.key("a"), index: 2)])
        #expect(findings("+a +a -a") == [.repeated(Self.key("a"), index: 1, first: 0)])
        #expect(
            findings("+ -") == [
                .unnamed(.intent, .tool, index: 0), .unnamed(.outcome, .tool, index: 1),
            ])
    }

    @Test("Memory is bounded: the oldest open intent is given up")
    func bounded() {
        #expect(
            findings("+a +b +c -b -a", capacity: 2)
                == [
                    .givenUp(Self.key("a"), index: 0), .unannounced(Self.key("a"), index: 4),
                    .open(Self.key("c"), index: 2),
                ])
        var report = PairReport(capacity: 10)
        for index in 0..<10_000 as Range<UInt64> {
            let key = Self.key("\(index)")
            #expect(report.add(PairEnd(side: .intent, kind: .tool, key: key), index: index) == nil)
            #expect(report.add(PairEnd(side: .outcome, kind: .tool, key: key), index: index) == nil)
        }
        #expect(report.pairs == 10_000 && report.intents == 10_000 && report.outcomes == 10_000)
        #expect(report.finish() == [])
    }

    private static let ends: [(String, String?)] = [
        (#""type":"tool.call","tool":{"name":"t","call_id":"c"}"#, "+ tool  c"),
        (
            #""type":"tool.call","tool":{"name":"t","call_id":"c"}"#
                + #","phase":"intent","trace":{"run_id":"r","session_id":"s"}"#,
            "+ tool r c"
        ),
        (
            #""type":"tool.result","tool":{"name":"t","call_id":"c"}"#
                + #","outcome":"denied","trace":{"session_id":"s"}"#,
            "- tool s c"
        ),
        (#""type":"tool.orphaned","tool":{"name":"t","call_id":"c"}"#, "- tool  c"),
        (#""type":"tool.call","tool":{"name":"t"}"#, "+ tool"),
        (#""type":"tool.call","tool":{"name":"t","call_id":"c"},"outcome":"success""#, nil),
        (#""type":"tool.call","tool":{"name":"t","call_id":"c"},"phase":"single""#, nil),
        (#""type":"approval.requested","approval":{"request_id":"q"}"#, "+ approval  q"),
        (
            #""type":"approval.decided","approval":{"request_id":"q""#
                + #","bound":1,"status":"expired"}"#,
            "- approval  q"
        ),
        (#""type":"agent.run.start","trace":{"run_id":"r"}"#, "+ run  r"),
        (#""type":"agent.run.end","outcome":"success","trace":{"run_id":"r"}"#, "- run  r"),
        (#""type":"agent.run.cancelled","trace":{"run_id":"r"}"#, "- run  r"),
        (
            #""type":"data.delete","phase":"intent","target":[{"id":"d"}]"#
                + #","trace":{"request_id":"q"}"#,
            "+ phase data.delete q"
        ),
        (
            #""type":"x.acme.pay","phase":"outcome","outcome":"success""#
                + #","trace":{"span_id":"p","request_id":"q"}"#,
            "- phase x.acme.pay p"
        ),
        (#""type":"model.call","model":{}"#, nil),
    ]

    @Test("Which end a record is, and what it is paired by", arguments: ends)
    func read(members: String, expected: String?) throws {
        let bench = try Bench()
        let body = #"{"actor":{"id":"x","type":"agent"},"# + members + "}"
        let end = try PairEnd.read(canonical: bench.prepare(body).canonical)
        let text = end.map { end in
            let side = end.side == .intent ? "+" : "-"
            let key = end.key.map { " \($0.scope) \($0.id)" } ?? ""
            #expect(end.key == nil || end.key?.tenant == "acme" && end.key?.kind == end.kind)
            return "\(side) \(end.kind.rawValue)\(key)"
        }
        #expect(text == expected)
    }
}
