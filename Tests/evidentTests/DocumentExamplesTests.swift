// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs what texts in `docs` show, line for line, against a log with a few records.
struct DocumentExamplesTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs")

    private static func examples(_ name: String) throws -> [String] {
        let file = folder.appending(path: name)
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.matches(of: /```sh example\n((?s:.*?))```/).map { String($0.1) }
    }

    private static let record =
        #"{"type":"tool.call","actor":{"id":"agent-7","type":"agent"},"outcome":"denied","#
        + #""reason":"policy","phase":"single","tool":{"name":"send_mail","call_id":"c"},"#
        + #""severity":4,"time":"2026-06-01T08:00:00Z"}"#

    @Test(
        "Every example of the document runs, and shows something",
        arguments: [
            ("queries.md", 6, ["records.ndjson", "with-receipts.json"]),
            ("evidence.md", 4, ["june.set", "all.set", "denied.json"]),
            ("export.md", 1, ["tools.ndjson"]), ("cloudevents.md", 3, []),
        ])
    func examples(name: String, count: Int, files: [String]) throws {
        let log = try TestLog()
        let made = try log.run("token", "create", "--data", "data", "--role", "auditor")
        let token = try #require(made.lines.last)
        let server = try log.serve()
        let lines = (0..<5).map { _ in Self.record + "\n" }.joined()
        try log.folder.file("events.ndjson", lines)
        let done = try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--batch", "1")
        try #require(done.status == 0, "\(done.output)\(done.errors)")
        try log.folder.file("auditor-token", token)
        let examples = try Self.examples(name)
        #expect(examples.count >= count)
        for example in examples {
            let script = Process()
            let output = Pipe()
            script.executableURL = URL(fileURLWithPath: "/bin/sh")
            script.arguments = ["-ec", "evident() { '\(Program.path)' \"$@\"; }\n\(example)"]
            script.currentDirectoryURL = URL(fileURLWithPath: log.folder.path)
            script.environment = Program.base.merging([
                "EVIDENT_URL": server.url, "EVIDENT_TOKEN": token, "EVIDENT_VKEY": log.vkey,
            ]) { $1 }
            script.standardOutput = output
            try script.run()
            let said = String(
                decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            script.waitUntilExit()
            #expect(script.terminationStatus == 0, "\(example)\n\(said)")
            let isFile = example.contains(" > ")
            #expect(isFile || !said.isEmpty, "\(example)")
        }
        for file in files { #expect(try log.folder.text(file).contains("tool.call")) }
        if name == "queries.md" {
            let receipts = try log.folder.text("with-receipts.json")
            #expect(receipts.contains("\"receipt\":\"evident/v1\""))
        }
    }
}
