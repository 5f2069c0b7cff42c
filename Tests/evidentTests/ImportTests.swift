// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

struct ImportTests {
    private func size(_ log: TestLog, _ server: RunningServer) throws -> Int? {
        let note = try log.run("get", "--checkpoint", "--url", server.url)
        return note.lines.count > 1 ? Int(note.lines[1]) : nil
    }

    private func importing(
        _ log: TestLog, _ server: RunningServer, _ file: String, _ more: String...
    ) throws -> Program.Ending {
        try Program.run(
            [
                "import", file, "--url", server.url, "--token-file", "token", "--vkey", log.vkey,
            ] + more, in: log.folder)
    }

    private func sample(_ name: String, in log: TestLog) throws {
        try log.folder.file(name, String(decoding: Samples.data(name), as: UTF8.self))
    }

    @Test("A file is imported once, however often, in whatever batches, and without its state")
    func once() throws {
        let log = try TestLog()
        let server = try log.serve()
        try sample("kerno-v1.ndjson", in: log)
        let first = try importing(log, server, "kerno-v1.ndjson", "--format", "kerno")
        #expect(first.status == 0, "\(first.errors)")
        #expect(first.output.hasPrefix("28 accepted, 0 replayed, 0 refused"), "\(first.output)")
        #expect(try size(log, server) == 29)
        let again = try importing(log, server, "kerno-v1.ndjson", "--format", "kerno")
        #expect(again.output.contains("28 done before"), "\(again.output)")
        for batch in ["1", "7", "1000"] {
            let fresh = try importing(
                log, server, "kerno-v1.ndjson", "--format", "kerno", "--batch", batch, "--state",
                "state-\(batch)")
            #expect(fresh.status == 0, "\(fresh.errors)")
            #expect(fresh.output.hasPrefix("0 accepted, 28 replayed"), "\(fresh.output)")
        }
        #expect(try size(log, server) == 29)
        #expect(server.stop() == 0)
        #expect(try log.run("fsck", "--data", "data").status == 0)
    }

    @Test("Refused lines hide no other, and are kept with their reasons where that is asked for")
    func rejects() throws {
        let log = try TestLog()
        let server = try log.serve()
        let good = Samples.lines("kerno-v1.ndjson").prefix(3).map {
            String(decoding: $0, as: UTF8.self)
        }
        let file = [good[0], #"{"v":"3","secret":1}"#, good[1], "not json", good[2]]
        try log.folder.file("mixed.ndjson", file.joined(separator: "\n"))
        let done = try importing(
            log, server, "mixed.ndjson", "--format", "kerno", "--rejects", "rejects.ndjson")
        #expect(done.status == 2 && done.output.hasPrefix("3 accepted, 0 replayed, 2 refused"))
        #expect(done.errors.contains("line 2: unsupported_version"), "\(done.errors)")
        #expect(!done.errors.contains("secret") && !done.errors.contains("not json"))
        #expect(log.folder.mode("rejects.ndjson") == 0o600)
        let lines = try log.folder.text("rejects.ndjson").split(separator: "\n")
        #expect(lines.count == 2 && lines[1].contains(#""event":"not json","line":4"#), "\(lines)")
        let again = try importing(
            log, server, "mixed.ndjson", "--format", "kerno", "--rejects", "rejects.ndjson")
        #expect(again.status == 3, "a file of refused lines is not written over")
        #expect(try size(log, server) == 4)
    }

    @Test("A dry run asks no log, and shows nothing that redaction takes out")
    func dryRun() throws {
        let log = try TestLog()
        let line =
            #"{"v":"1","ts":"2026-05-10T15:00:00Z","type":"bpf.load","actor":"b","details":{"#
            + #""program":"p","success":false,"error":"mail eve@example.com"}}"#
        try log.folder.file("events.ndjson", "\(line)\n{}\n")
        let done = try log.run("import", "events.ndjson", "--format", "kerno", "--dry-run")
        #expect(done.status == 2 && done.lines.count == 1)
        #expect(done.output.contains(#""type":"bpf.load""#) && !done.output.contains("eve@"))
        #expect(done.errors.contains("2 events: 1 would be records, 1 would be refused"))
        #expect(done.errors.contains("email 1"), "\(done.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: log.folder.path)
        #expect(!names.contains { $0.hasSuffix(".evident-import") })
    }

    @Test(
        "Files of one JSON text, lines, and mapped objects",
        arguments: [
            ("weaver-store.jsonl", ["--format", "weaver"], 4),
            ("weaver-export.json", ["--format", "weaver"], 4),
            ("cloudevents.json", ["--format", "cloudevents"], 3),
            (
                "fips-agents.ndjson",
                ["--format", "ndjson", "--mapping", "fips-agents.yaml", "--source", "run-1"], 17
            ),
        ])
    func formats(name: String, options: [String], count: Int) throws {
        let log = try TestLog()
        let server = try log.serve()
        try sample(name, in: log)
        if name.hasPrefix("fips") { try sample("fips-agents.yaml", in: log) }
        for state in ["one", "two"] {
            let done = try Program.run(
                [
                    "import", name, "--url", server.url, "--token-file", "token", "--state", state,
                ] + options, in: log.folder)
            #expect(done.status == 0, "\(done.output) \(done.errors)")
            let counts = state == "one" ? "\(count) accepted, 0" : "0 accepted, \(count)"
            #expect(done.output.hasPrefix(counts), "\(done.output)")
        }
        #expect(try size(log, server) == count + 1)
    }

    @Test("What was imported says so in the log, and is dated by the log alone")
    func marks() throws {
        let log = try TestLog()
        let made = try log.run("token", "create", "--data", "data", "--role", "auditor")
        try log.folder.file("auditor", try #require(made.lines.last))
        let server = try log.serve()
        let begun = Date().addingTimeInterval(-1).formatted(.iso8601)
        for (name, format) in [
            ("kerno-v1.ndjson", "kerno"), ("weaver-store.jsonl", "weaver"),
            ("cloudevents.json", "cloudevents"),
        ] {
            try sample(name, in: log)
            let done = try importing(log, server, name, "--format", format)
            #expect(done.status == 0, "\(done.errors)")
        }
        let found = try log.run(
            "query", "--url", server.url, "--token-file", "auditor", "--tenant", "default", "--all",
            "--ndjson")
        #expect(found.lines.count == 35, "\(found.errors)")
        for line in found.lines {
            let parsed = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            let record = try #require(parsed?["record"] as? [String: Any])
            let marks = try #require(record["imported"] as? [String: Any], "\(line)")
            #expect(marks["system"] is String && marks["format"] is String)
            // Both are RFC 3339 in UTC, so that they compare as texts.
            let received = try #require(record["received"] as? String)
            #expect(received > begun, "\(line)")
            let time = try #require(record["time"] as? String)
            #expect(time == received || marks["original_time"] is String, "\(line)")
        }
        let times = found.output.matches(of: /"time":"(2018|2026-0[1-6])/)
        #expect(times.count > 20, "most of them say when it happened")
        #expect(server.stop() == 0)
        let verified = try log.run("verify", "chain", "--data", "data")
        #expect(verified.output.contains("35 imported"), "\(verified.output)")
    }

    @Test("A token for many tenants says whose records they are, of imports and of plain lines")
    func manyTenants() throws {
        let log = try TestLog()
        for (role, more) in [("producer", ["--tenant", "*"]), ("auditor", [])] {
            let made = try Program.run(
                ["token", "create", "--data", "data", "--role", role] + more, in: log.folder)
            try log.folder.file("any-\(role)", try #require(made.lines.last))
        }
        let server = try log.serve()
        try sample("cloudevents.json", in: log)
        let line = #"{"type":"x.a.b","actor":{"id":"a","type":"agent"}"#
        try log.folder.file(
            "lines.ndjson", "\(line)}\n\(line),\"tenant\":\"globex\"}\n\(line)}\n")
        let calls: [([String], String)] = [
            (["import", "cloudevents.json", "--format", "cloudevents"], "3"),
            (["submit", "lines.ndjson"], "2"), (["submit", "lines.ndjson", "--batch", "1"], "2"),
        ]
        for (place, (call, count)) in calls.enumerated() {
            func run(_ state: String, _ more: String...) throws -> Program.Ending {
                try Program.run(
                    call + [
                        "--url", server.url, "--token-file", "any-producer", "--state",
                        "\(state)-\(place)",
                    ] + more, in: log.folder)
            }
            let none = try run("none")
            #expect(none.status == 2 && none.errors.contains("tenant_required"), "\(none.errors)")
            let named = try run("named", "--tenant", "acme")
            #expect(named.output.hasPrefix("\(count) accepted"), "\(named.output)\(named.errors)")
            // A line that names another tenant is refused, and not taken for that one's.
            #expect(named.errors.contains("tenant_mismatch") == (place > 0), "\(named.errors)")
            #expect(try run("log", "--tenant", "_log").status == 3)
        }
        let query = ["query", "--url", server.url, "--token-file", "any-auditor", "--ndjson"]
        for (tenant, count) in [("acme", 7), ("globex", 2)] {
            let found = try Program.run(query + ["--tenant", tenant], in: log.folder)
            #expect(found.lines.count == count, "\(tenant): \(found.output)\(found.errors)")
        }
    }

    @Test("Mistakes in a mapping and in the options end it before anything is sent")
    func mistakes() throws {
        let log = try TestLog()
        try log.folder.file("events.ndjson", "{}\n")
        try log.folder.file("bad.yaml", "mapping: 1\nsystem: s\nmembers:\n\ttype: a\n")
        try log.folder.file("worse.yaml", "mapping: 1\nsystem: s\nmembers: {id: a}\n")
        let calls: [([String], String)] = [
            (["--format", "ndjson"], "--mapping"),
            (["--format", "kerno", "--mapping", "bad.yaml"], "--mapping"),
            (["--format", "ndjson", "--mapping", "bad.yaml"], "bad.yaml:4:"),
            (["--format", "ndjson", "--mapping", "worse.yaml"], "worse.yaml: members.id"),
            (["--format", "csv"], "csv"), (["--format", "kerno", "--tenant", "_log"], "--tenant"),
        ]
        for (options, said) in calls {
            let done = try Program.run(
                ["import", "events.ndjson", "--dry-run"] + options, in: log.folder)
            #expect(done.status == 3 && done.errors.contains(said), "\(options): \(done.errors)")
        }
    }
}
