// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import Testing

@testable import AuditRecords

@Suite("What the documentation says of the schema")
struct SchemaDocumentTests {
    private static let docs = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs")

    /// With `EVIDENT_WRITE_SPEC` set the file is written instead of compared.
    @Test("docs/audit-schema.md is what the registry says")
    func schema() throws {
        let file = Self.docs.appending(path: "audit-schema.md")
        let text = SchemaDocument().text
        if ProcessInfo.processInfo.environment["EVIDENT_WRITE_SPEC"] != nil {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    /// One fenced block of the guide: what its first line says after the fence, and its text.
    private struct Example {
        let marks: [String]
        let text: String
    }

    /// Blocks marked `json`, with what comes after that word.
    private static func examples() throws -> [Example] {
        let guide = try String(
            contentsOf: docs.appending(path: "reviewers-guide.md"), encoding: .utf8)
        var examples: [Example] = []
        var marks: [String]?
        var lines: [Substring] = []
        for line in guide.split(separator: "\n", omittingEmptySubsequences: false) {
            if let open = marks, line == "```" {
                examples.append(Example(marks: open, text: lines.joined(separator: "\n")))
                (marks, lines) = (nil, [])
            } else if marks != nil {
                lines.append(line)
            } else if line.hasPrefix("```json") {
                marks = line.dropFirst(7).split(separator: " ").map(String.init)
            }
        }
        #expect(marks == nil, "a block is open")
        return examples
    }

    @Test("Every example of the guide does what the guide says")
    func guide() throws {
        let bench = try Bench(limits: RecordLimits(record: JSONLimits(byteCount: 1 << 20)))
        let examples = try Self.examples()
        #expect(examples.count > 12)
        for example in examples {
            let note = Comment(rawValue: example.text)
            switch example.marks.first {
            case "taken": #expect(bench.refusal(example.text) == nil, note)
            case "refused":
                let refusal = bench.refusal(example.text)
                #expect(refusal?.code.rawValue == example.marks[1], note)
                #expect(refusal?.path == example.marks[2], note)
            case "stored":
                // A stored record, laid out for reading: it is one, and what was sent makes it.
                let value = try JSONValue.parse(Array(example.text.utf8))
                _ = try CanonicalRecord(verifying: value.canonical)
                let sent = ["received", "redactions", "redaction_policy"]
                    .reduce(value) { $0.setting($1, nil) }
                #expect(bench.refusal(Bench.text(sent.canonical)) == nil, note)
            default: Issue.record("a block without a mark: \(example.text)")
            }
        }
    }

    @Test("The guide's runs have no gap and no open intent but those that it names")
    func reports() throws {
        var gaps = GapReport(isFromStart: true)
        var pairs = PairReport()
        var found: [GapReport.Finding] = []
        var alone: [PairReport.Finding] = []
        let bench = try Bench()
        let taken = try Self.examples().filter { $0.marks == ["taken", "run"] }
        for (index, example) in taken.enumerated() {
            let record = try bench.prepare(example.text).canonical
            if let position = try ProducerPosition.read(canonical: record) {
                found += gaps.add(position, index: UInt64(index)).map(\.finding)
            }
            if let end = try PairEnd.read(canonical: record) {
                alone += [pairs.add(end, index: UInt64(index))].compactMap { $0 }
            }
        }
        found += gaps.finish().map(\.finding)
        alone += pairs.finish()
        #expect(found == [.missing(4...4, epoch: 1, before: 3)])
        #expect(alone.count == 1)
        guard case .open(let key, _)? = alone.first else {
            Issue.record("\(alone)")
            return
        }
        #expect(key.kind == .run && key.id == "run-7")
    }
}
