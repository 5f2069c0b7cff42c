// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

@Suite("Redaction: the corpus")
struct RedactionCorpusTests {
    /// The ways in which a sample comes in a record.
    enum Context: String, CaseIterable {
        case plain, value, name, url, header, trace, csv, markdown, fullWidth, split, base64, json

        func record(_ text: String) -> String {
            switch self {
            case .plain: RedactionBench.record(value: "then \(text) was seen")
            case .value: RedactionBench.record(value: text)
            case .name: RedactionBench.record("x", name: text)
            case .url:
                RedactionBench.record(
                    value: "https://host.test/find?q=\(Self.percentEncoded(text))&n=1")
            case .header: RedactionBench.record(value: "Accept: */*\r\nX-Data: \(text)\r\nA: b")
            case .trace:
                RedactionBench.record(
                    value: "Error: cannot use \(text)\n    at run (app.js:10:5)\n    at main")
            case .csv: RedactionBench.record(value: "id,name,ok\n7,\(text),true\n8,none,false\n")
            case .markdown:
                RedactionBench.record(value: "| a | b |\n|---|---|\n| 1 | **\(text)** |")
            case .fullWidth: RedactionBench.record(value: "value \(Self.fullWidth(text)) end")
            case .split:
                RedactionBench.record(value: "see \(text.dropLast(3))\n\(text.suffix(3)), end")
            case .base64:
                RedactionBench.record(
                    value: "data=\(Base64.encode(Array("the value is \(text), really".utf8)))")
            case .json:
                RedactionBench.record(
                    value: String(
                        decoding: (["deep": ["n": 1, "x": .string(text)]] as JSONValue).canonical,
                        as: UTF8.self))
            }
        }

        /// Rules that a context takes out of reach, as docs/redaction.md says.
        func isBeyondReach(_ sample: RedactionSample) -> Bool {
            switch self {
            case .split:
                // A line break ends these, or what is before it is found alone.
                ["bearer", "uri_cred", "kv_secret", "phone", "pid", "username", "hostname"]
                    .contains(sample.rule) || RedactionPack.host.ruleIDs.contains(sample.rule)
            default: false
            }
        }

        private static func percentEncoded(_ text: String) -> String {
            text.utf8.map { byte in
                if byte.isAlphanumeric { return String(Unicode.Scalar(byte)) }
                let digits = String(byte, radix: 16, uppercase: true)
                return "%" + (digits.count < 2 ? "0" : "") + digits
            }.joined()
        }

        private static func fullWidth(_ text: String) -> String {
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map { scalar in
                        guard ("0"..."9").contains(scalar) else { return scalar }
                        return Unicode.Scalar(0xFF10 + scalar.value - 0x30) ?? scalar
                    }))
        }
    }

    @Test("Every sample is found in every context, and nothing of it is left")
    func recall() throws {
        let bench = try RedactionBench(RedactionBench.everything)
        var cases: [String: (found: Int, all: Int)] = [:]
        for sample in RedactionSample.all {
            for context in Context.allCases where !context.isBeyondReach(sample) {
                let result = try bench.redact(context.record(sample.text))
                let isFound = result.counts[sample.rule] != nil
                cases[sample.rule, default: (0, 0)].all += 1
                if isFound { cases[sample.rule, default: (0, 0)].found += 1 }
                #expect(
                    isFound,
                    "\(sample.rule) in \(context.rawValue): \(sample.text): \(result.counts)")
                #expect(
                    !Self.survives(sample.value, in: Self.withoutPlaceholders(result.text)),
                    "\(sample.rule) in \(context.rawValue): \(result.text)")
            }
        }
        let rules = Set(RedactionPack.allCases.flatMap(\.ruleIDs))
        #expect(Set(cases.keys) == rules, "a rule without samples")
        let alarms = try Self.falseAlarms(bench)
        let sum = cases.values.reduce(0) { $0 + $1.all }
        print("redaction corpus: \(sum) positive cases of \(cases.count) rules")
        for (rule, count) in cases.sorted(by: { $0.key < $1.key }) {
            let wrong = alarms[rule] ?? 0
            print(
                "  \(rule): recall \(count.found) of \(count.all), precision \(count.found) of "
                    + "\(count.found + wrong)")
        }
    }

    /// How often each rule finds something where nothing is.
    private static func falseAlarms(_ bench: RedactionBench) throws -> [String: Int] {
        var alarms: [String: Int] = [:]
        var sum = 0
        for text in RedactionNegativeTests.anywhere {
            for context in Context.allCases where context != .split && context != .fullWidth {
                let result = try bench.redact(context.record(text))
                sum += 1
                for rule in result.counts.keys { alarms[rule, default: 0] += 1 }
                #expect(result.counts.isEmpty, "\(text) in \(context.rawValue): \(result.counts)")
            }
        }
        print("redaction corpus: \(sum) negative cases")
        return alarms
    }

    static func withoutPlaceholders(_ text: String) -> String {
        RedactionPack.allCases.flatMap(\.ruleIDs).reduce(text) {
            $0.replacing("<redacted:\($1)>", with: "<>")
        }
    }

    /// Whether six bytes in a row of the value stand in the text.
    static func survives(_ value: String, in text: String) -> Bool {
        let bytes = Array(value.utf8)
        guard bytes.count >= 6 else { return text.contains(value) }
        return (0...bytes.count - 6).contains {
            text.contains(String(decoding: bytes[$0..<$0 + 6], as: UTF8.self))
        }
    }

    @Test("Each sample of a default rule is found by the default policy alone")
    func standard() throws {
        let bench = try RedactionBench()
        let rules = Set(RedactionPack.standard.flatMap(\.ruleIDs))
        #expect(rules.count == 25)
        for sample in RedactionSample.all where rules.contains(sample.rule) {
            #expect(try bench.value(sample.text).counts == [sample.rule: 1], "\(sample.text)")
        }
    }
}
