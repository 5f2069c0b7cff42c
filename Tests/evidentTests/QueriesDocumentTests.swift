// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Runs what `docs/queries.md` shows, line for line, against a log with a few records.
struct QueriesDocumentTests {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "docs/queries.md")

    private static func examples() throws -> [String] {
        let text = try String(contentsOf: file, encoding: .utf8)
        return text.matches(of: /```sh example\n((?s:.*?))```/).map { String($0.1) }
    }

    private static let record =
        #"{"type":"tool.call","actor":{"id":"agent-7","type":"agent"},"outcome":"denied","#
        + #""reason":"policy","phase":"single","tool":{"name":"send_mail","call_id":"c"},"#
        + #""severity":4,"time":"2026-06-01T08:00:00Z"}"#

    @Test("Every example of the document runs, and shows something")
    func examples() throws {
        let log = try TestLog()
        let made = try log.run("token", "create", "--data", "data", "--role", "auditor")
        let token = try #require(made.lines.last)
        let server = try log.serve()
        let lines = (0..<5).map { _ in Self.record + "\n" }.joined()
        try log.folder.file("events.ndjson", lines)
        let done = try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--batch", "1")
        try #require(done.status == 0, "\(done.output)\(done.errors)")
        let examples = try Self.examples()
        #expect(examples.count >= 6)
        for example in examples {
            let script = Process()
            let output = Pipe()
            script.executableURL = URL(fileURLWithPath: "/bin/sh")
            script.arguments = ["-ec", "evident() { '\(Program.path)' \"$@\"; }\n\(example)"]
            script.currentDirectoryURL = URL(fileURLWithPath: log.folder.path)
            script.environment = Program.base.merging([
                "EVIDENT_URL": server.url, "EVIDENT_TOKEN": token,
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
        #expect(try log.folder.text("records.ndjson").contains("send_mail"))
        #expect(try log.folder.text("with-receipts.json").contains("\"receipt\":\"evident/v1\""))
    }
}
