// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct QueryTests {
    /// A log with records of two kinds, a server for it, and an auditor's token in `auditor`.
    private static func served() throws -> (log: TestLog, server: RunningServer) {
        let log = try TestLog()
        let made = try log.run("token", "create", "--data", "data", "--role", "auditor")
        try #require(made.status == 0, "\(made.errors)")
        try log.folder.file("auditor", try #require(made.lines.last))
        let server = try log.serve()
        try log.folder.file("events.ndjson", records(0..<30))
        let done = try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token")
        try #require(done.status == 0, "\(done.errors)")
        return (log, server)
    }

    static func records(_ range: Range<Int>) -> String {
        range.map { number in
            let outcome = number.isMultiple(of: 3) ? "denied" : "success"
            return #"{"type":"x.test.event","actor":{"id":"agent-\#(number % 2)","type":"agent"},"#
                + #""outcome":"\#(outcome)","time":"2026-06-01T08:00:\#(number % 50 + 10)Z","#
                + #""action":"step \#(number)"}"# + "\n"
        }.joined()
    }

    private static func query(
        _ log: TestLog, _ server: RunningServer, _ arguments: String...
    ) throws -> Program.Ending {
        try Program.run(
            ["query", "--url", server.url, "--token-file", "auditor"] + arguments, in: log.folder)
    }

    @Test("A table has a line for each record, and says when more match")
    func table() throws {
        let (log, server) = try Self.served()
        let some = try Self.query(log, server, "--outcome", "denied", "--limit", "4")
        #expect(some.status == 0, "\(some.errors)")
        #expect(some.lines.count == 5)
        #expect(some.lines[0].contains("TIME (UTC)") && some.lines[0].hasSuffix("WHAT"))
        #expect(some.lines[1].contains("2026-06-01 08:00:10  "))
        #expect(some.lines[1].contains("denied") && some.lines[1].hasSuffix("step 0"))
        #expect(!some.output.contains("\u{1B}"), "no colours in a file")
        #expect(some.errors.contains("more records match"))
        let none = try Self.query(log, server, "--actor", "nobody")
        #expect(none.status == 0 && none.output.isEmpty && none.errors.contains("no record"))
    }

    @Test("All records come over many pages, in every form, in both orders")
    func all() throws {
        let (log, server) = try Self.served()
        let more = (0..<12).map { _ in Self.records(0..<100) }.joined()
        try log.folder.file("more.ndjson", more)
        let done = try log.run(
            "submit", "more.ndjson", "--url", server.url, "--token-file", "token")
        try #require(done.status == 0)
        let lines = try Self.query(log, server, "--type", "x.test.*", "--all", "--ndjson")
        #expect(lines.lines.count == 1_230, "\(lines.errors)")
        #expect(lines.lines.allSatisfy { $0.hasPrefix("{\"index\":") && $0.hasSuffix("}}") })
        let json = try Self.query(
            log, server, "--type", "x.test.*", "--all", "--json", "--newest")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let records = try #require(object["records"] as? [[String: Any]])
        let indexes = records.compactMap { $0["index"] as? Int }
        #expect(indexes.count == 1_230 && indexes == indexes.sorted(by: >))
        #expect(object["has_more"] as? Bool == false)
        #expect(object["origin"] as? String == TestLog.origin)
        let table = try Self.query(log, server, "--type", "x.test.*", "--all", "--csv")
        #expect(table.output.components(separatedBy: "\r\n").count == 1_232)
        #expect(table.output.hasPrefix("index,time,received,id,"))
    }

    @Test("Ranges of time take RFC 3339 with an offset, and ages")
    func times() throws {
        let (log, server) = try Self.served()
        let range = try Self.query(
            log, server, "--since", "2026-06-01T10:00:12+02:00", "--until",
            "2026-06-01T08:00:15Z", "--ndjson")
        #expect(range.lines.count == 3, "\(range.errors)")
        let recent = try Self.query(
            log, server, "--type", "x.*", "--since", "1h", "--received", "--ndjson")
        #expect(recent.lines.count == 30)
        for text in ["yesterday", "2026-06-01T08:00:00", "0h", "5w"] {
            #expect(try Self.query(log, server, "--since", text).status == 3, "\(text)")
        }
    }

    @Test("A token that may not read is refused, and a query without one")
    func refused() throws {
        let (log, server) = try Self.served()
        let producer = try log.run("query", "--url", server.url, "--token-file", "token")
        #expect(producer.status == 2 && producer.output.isEmpty)
        #expect(try log.run("query", "--url", server.url).status == 2)
        #expect(try Self.query(log, server, "--json", "--csv").status == 3)
        #expect(try Self.query(log, server, "--receipts").status == 3)
    }

    @Test("Receipts that come along verify by themselves")
    func receipts() throws {
        let (log, server) = try Self.served()
        let page = try Self.query(
            log, server, "--from-index", "5", "--to-index", "6", "--ndjson", "--receipts")
        let line = try #require(page.lines.first)
        let item = try #require(
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let receipt = try JSONSerialization.data(
            withJSONObject: try #require(item["receipt"]), options: [.withoutEscapingSlashes])
        try log.folder.file("receipt.json", String(decoding: receipt, as: UTF8.self))
        let verified = try log.run("verify", "receipt", "receipt.json", "--vkey", log.vkey)
        #expect(verified.status == 0, "\(verified.errors)")
    }

    @Test("Tail goes on where it was when the server has been started again")
    func tail() throws {
        let (log, server) = try Self.served()
        let port = try #require(server.url.split(separator: ":").last)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = [
            "tail", "--url", server.url, "--token-file", "auditor", "--type", "x.test.*",
            "--from", "25", "--limit", "46", "--ndjson",
        ]
        process.currentDirectoryURL = URL(fileURLWithPath: log.folder.path)
        process.environment = Program.base
        process.standardOutput = FileHandle(
            forWritingAtPath: try log.folder.file("tail.out", ""))
        process.standardError = FileHandle(
            forWritingAtPath: try log.folder.file("tail.err", ""))
        try process.run()
        defer { if process.isRunning { process.terminate() } }
        for _ in 0..<6_000 where try log.folder.text("tail.out").isEmpty { usleep(10_000) }
        #expect(server.stop() == 0)
        let again = try RunningServer(
            ["--data", "data", "--listen", "127.0.0.1:\(port)"], in: log.folder)
        try log.folder.file("more.ndjson", Self.records(30..<70))
        let done = try log.run(
            "submit", "more.ndjson", "--url", again.url, "--token-file", "token")
        #expect(done.status == 0, "\(done.errors)")
        process.waitWithDeadline()
        #expect(process.terminationStatus == 0)
        let indexes = try log.folder.text("tail.out").split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^{"index":([0-9]+),/).flatMap { Int($0.1) }
        }
        #expect(indexes.count == 46 && indexes == indexes.sorted())
        #expect(Set(indexes).count == 46 && indexes.prefix(6) == [25, 26, 27, 28, 29, 30])
    }

    @Test("Tail for people is a table that goes on")
    func tailTable() throws {
        let (log, server) = try Self.served()
        let tail = try log.run(
            "tail", "--url", server.url, "--token-file", "auditor", "--from", "3", "--type",
            "x.test.event", "--limit", "2")
        #expect(tail.status == 0, "\(tail.errors)")
        #expect(tail.lines.count == 3 && tail.lines[0].contains("TIME (UTC)"))
        let refused = try log.run("tail", "--url", server.url, "--token-file", "token")
        #expect(refused.status == 2)
    }
}
