// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import evident

@Suite("evident redact")
struct RedactCommandTests {
    private static let records = """
        {"type":"a.b","actor":{"id":"dora@example.org","type":"human"},"details":{"n":4111111111111111}}
        {"type":"a.b","actor":{"id":"agent-7","type":"agent"}}

        {"broken":
        """

    @Test("It names rules and places, and shows nothing of what was found")
    func findings() throws {
        let folder = try Folder()
        let file = try folder.file("events.ndjson", Self.records)
        let ending = try Program.run(["redact", file], in: folder)
        #expect(ending.status == 2)
        #expect(ending.lines == ["line 1: actor.id: email × 1", "line 1: details.n: pan × 1"])
        #expect(ending.errors.contains("1 of 4 lines would change: email 1, pan 1"))
        #expect(ending.errors.contains("line 4 is no record"))
        for text in [ending.output, ending.errors] {
            #expect(!text.contains("dora") && !text.contains("4111") && !text.contains("broken"))
        }
    }

    @Test("It writes the records as a log would take them")
    func output() throws {
        let folder = try Folder()
        let ending = try Program.run(
            ["redact", "-", "--output", "-"], in: folder,
            input: Self.records.split(separator: "\n").dropLast().joined(separator: "\n"))
        #expect(ending.status == 0)
        #expect(ending.lines.count == 2)
        #expect(ending.lines[0].contains(#""details":{"n":"<redacted:pan>"}"#))
        #expect(ending.lines[0].contains(#""id":"tok_email_"#))
        #expect(ending.lines[1] == #"{"type":"a.b","actor":{"id":"agent-7","type":"agent"}}"#)
    }

    @Test("A policy is checked without records; a bad one is wrong usage")
    func check() throws {
        let folder = try Folder()
        let good = try folder.file("good.yaml", "packs: [core-secrets, us]\n")
        let bad = try folder.file("bad.yaml", "packs: [everything]\n")
        #expect(try Program.run(["redact", "--policy", good, "--check"], in: folder).status == 0)
        let ending = try Program.run(["redact", "--policy", bad, "--check"], in: folder)
        #expect(ending.status == 3)
        #expect(ending.errors.contains("packs is one of core-secrets"))
        #expect(try Program.run(["redact"], in: folder).status == 3)
        #expect(try Program.run(["redact", "absent.ndjson"], in: folder).status == 4)
    }
}
