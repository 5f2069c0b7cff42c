// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `evident export` and `evident verify export`, by the real program.
struct ExportCommandTests {
    @Test("Exported from a server, then from its folder, and verified offline")
    func roundTrip() throws {
        let (log, server) = try TestLog.served()
        let access = ["--url", server.url, "--token-file", "auditor"]
        for format in ["ndjson", "csv", "ocsf", "cloudevents", "ecs", "kerno"] {
            let made = try Program.run(
                [
                    "export", "--format", format, "--out", "a.\(format)", "--to-index", "41",
                    "--vkey", log.vkey, "--json",
                ] + access, in: log.folder)
            #expect(made.status == 0, "\(format): \(made.errors)")
            #expect(made.output.contains("\"records\":41"))
            #expect(log.folder.mode("a.\(format)") == 0o600)
        }
        // Beside a server, through its socket; and without one.
        for name in ["b", "c"] {
            let made = try log.run(
                "export", "--format", "ndjson", "--out", "\(name).ndjson", "--to-index", "41",
                "--data", "data")
            #expect(made.status == 0, "\(made.errors)")
            #expect(made.output.contains("not verified"))
            if name == "b" { #expect(server.stop() == 0) }
        }
        #expect(try log.folder.text("a.ndjson") == log.folder.text("b.ndjson"))
        #expect(try log.folder.text("a.ndjson") == log.folder.text("c.ndjson"))
        let files = [
            "a.ndjson", "a.csv", "a.ocsf", "a.cloudevents", "a.ecs", "b.ndjson", "c.ndjson",
        ]
        let ended = try Program.run(
            ["verify", "export"] + files + ["--vkey", log.vkey], in: log.folder)
        #expect(ended.status == 0, "\(ended.output)")
        #expect(ended.output.contains("a.ocsf: verified: 41 records in ocsf 1.8.0"))
        #expect(!FileManager.default.fileExists(atPath: log.folder("a.csv.export")))
        #expect(!FileManager.default.fileExists(atPath: log.folder("a.csv.partial")))
        try statuses(log)
    }

    /// A verdict is an exit status.
    private func statuses(_ log: TestLog) throws {
        let (text, manifest) = (
            try log.folder.text("a.csv"), try log.folder.text("a.csv.manifest")
        )
        try log.folder.file("cut.csv", String(text.dropLast(9)))
        try log.folder.file(
            "changed.csv", text.replacing("agent-1", with: "agent-2", maxReplacements: 1))
        for name in ["cut", "changed", "missing"] {
            try log.folder.file("\(name).csv.manifest", manifest)
        }
        for (file, status) in [
            ("cut.csv", Int32(2)), ("changed.csv", 1), ("missing.csv", 4), ("token", 4),
        ] {
            let ended = try log.run("verify", "export", file, "--vkey", log.vkey)
            #expect(ended.status == status, "\(file): \(ended.output)")
        }
        let named = try log.run(
            "verify", "export", "changed.csv", "--manifest", "b.ndjson.manifest", "--vkey",
            log.vkey,
            "--json")
        #expect(named.status == 1 || named.status == 2)
        #expect(named.output.contains("\"reason\""))
        let other = try TestLog()
        let foreign = try log.run("verify", "export", "a.csv", "--vkey", other.vkey)
        #expect(foreign.status == 2, "the same name, another key: nothing is known")
    }

    @Test("What was broken off goes on, and a beginning of something else is refused")
    func resumed() throws {
        let (log, server) = try TestLog.served()
        let line = [
            "export", "--format", "ocsf", "--type", "tool.*", "--since", "7d", "--out", "x",
            "--url",
            server.url, "--token-file", "auditor", "--vkey", log.vkey,
        ]
        let first = try Program.run(line, in: log.folder)
        #expect(first.status == 0, "\(first.errors)")
        let (whole, manifest) = (try log.folder.text("x"), try log.folder.text("x.manifest"))
        #expect(whole.split(separator: "\n").count == 40)
        let state =
            #"{"asked":"2026-06-01T00:00:00.000000Z","end":"41","export":"evident/v1","#
            + #""format":"ocsf","items":[["type","tool.*"],["since","2026-05-25T00:00:00.000000Z"]]}"#
        func broken(_ partial: String, _ state: String) throws -> Program.Ending {
            for name in ["x", "x.manifest"] {
                try? FileManager.default.removeItem(atPath: log.folder(name))
            }
            try log.folder.file("x.partial", partial)
            try log.folder.file("x.export", state)
            return try Program.run(line, in: log.folder)
        }
        for length in [0, 1, whole.utf8.count / 2, whole.utf8.count] {
            let ended = try broken(
                String(decoding: whole.utf8.prefix(length), as: UTF8.self), state)
            #expect(ended.status == 0, "\(ended.errors)")
            #expect(try log.folder.text("x") == whole)
            #expect(try log.folder.text("x.manifest") != manifest, "it is vouched for anew")
        }
        let changed = try broken(String(whole.dropLast(5)) + "xxxxx", state)
        #expect(changed.status == 2, "\(changed.errors)")
        #expect(changed.errors.contains("to begin anew"))
        let another = try broken("", state.replacing("tool.*", with: "model.*"))
        #expect(another.status == 3 && another.errors.contains("another export"))
        let garbage = try broken("", "{}")
        #expect(garbage.status == 3)
    }

    @Test("Nothing is asked for where a file is there, or the request makes no sense")
    func usage() throws {
        let (log, server) = try TestLog.served()
        try log.folder.file("there", "")
        try log.folder.file("odd.partial", "")
        let access = ["--url", server.url, "--token-file", "auditor"]
        for arguments in [
            ["export", "--format", "csv", "--out", "there"],
            ["export", "--format", "csv", "--out", "odd"],
            ["export", "--format", "pdf", "--out", "a"], ["export", "--out", "a"],
            ["export", "--format", "csv", "--out", "a", "--data", "data"],
            ["export", "--format", "csv", "--out", "a", "--from-index", "2", "--to-index", "1"],
        ] {
            let ended = try Program.run(arguments + access, in: log.folder)
            #expect(ended.status == 3, "\(arguments): \(ended.errors)")
        }
        let producer = try log.run(
            "export", "--format", "csv", "--out", "a", "--url", server.url, "--token-file", "token")
        #expect(producer.status == 2, "\(producer.errors)")
        #expect(!FileManager.default.fileExists(atPath: log.folder("a.partial")))
    }

    @Test("A log that was ended gives a file that nothing vouches for, where that is asked for")
    func frozen() throws {
        let log = try TestLog.stopped(records: 5)
        let frozen = try log.run("freeze", "--data", "data", "--confirm", TestLog.origin)
        #expect(frozen.status == 0, "\(frozen.errors)")
        let line = [
            "export", "--format", "ndjson", "--out", "x", "--data", "data", "--vkey", log.vkey,
        ]
        let refused = try Program.run(line, in: log.folder)
        #expect(refused.status == 2 || refused.status == 4, "\(refused.errors)")
        #expect(refused.errors.contains("unvouched"))
        let made = try Program.run(line + ["--unvouched"], in: log.folder)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("NOT VOUCHED FOR"))
        let ended = try log.run("verify", "export", "x", "--vkey", log.vkey)
        #expect(ended.status == 2)
        #expect(ended.output.contains("every leaf of the signed tree"))
    }
}
