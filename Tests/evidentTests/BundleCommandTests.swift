// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// `evident bundle` and `evident verify bundle`, by the real program.
struct BundleCommandTests {
    @Test("A bundle and a set are fetched, verified as they come, and again offline")
    func roundTrip() throws {
        let (log, server) = try TestLog.served()
        let access = ["--url", server.url, "--token-file", "auditor"]
        let one = try Program.run(
            ["bundle", "7", "--fields", "type,actor", "-o", "one.json"] + access, in: log.folder)
        #expect(one.status == 0, "\(one.errors)")
        #expect(one.output.contains("not verified"))
        #expect(log.folder.mode("one.json") == 0o600)
        let set = try Program.run(
            [
                "bundle", "--type", "tool.*", "--from-index", "3", "--to-index", "30", "--fields",
                "type,actor", "--chain", "--gaps", "-o", "many.set", "--vkey", log.vkey, "--json",
            ] + access, in: log.folder)
        #expect(set.status == 0, "\(set.errors)")
        #expect(set.output.contains("\"records\":27"))
        #expect(server.stop() == 0)
        let again = try log.run("verify", "bundle", "one.json", "many.set", "--vkey", log.vkey)
        #expect(again.status == 0, "\(again.output)")
        #expect(again.output.contains("verified: record 7 of log.example.com/test"))
        #expect(again.output.contains("\"type\":\"tool.call\""))
        #expect(again.output.contains("withheld   details id received"))
        #expect(again.output.contains("verified: 27 records"))
        #expect(again.output.contains("complete"))
        #expect(again.output.contains("log's word chain: "))
        #expect(!FileManager.default.fileExists(atPath: log.folder("many.set.partial")))
        try statuses(log)
    }

    /// A verdict is an exit status.
    private func statuses(_ log: TestLog) throws {
        let text = try log.folder.text("many.set")
        let lines = text.split(separator: "\n")
        try log.folder.file("cut.set", lines.dropLast().joined(separator: "\n") + "\n")
        try log.folder.file(
            "changed.set",
            text.replacing("\"made_ms\":1", with: "\"made_ms\":2", maxReplacements: 1))
        for (file, status) in [
            ("cut.set", Int32(2)), ("changed.set", 1), ("token", 2), ("missing", 4),
        ] {
            let ended = try log.run("verify", "bundle", file, "--vkey", log.vkey)
            #expect(ended.status == status, "\(file): \(ended.output)")
        }
        let worst = try log.run(
            "verify", "bundle", "one.json", "cut.set", "changed.set", "--vkey", log.vkey, "--json")
        #expect(worst.status == 1)
        #expect(worst.lines.count == 3)
        #expect(worst.lines[2].contains("\"verdict\":\"tampered\""))
        let none = try log.run(
            "verify", "bundle", "one.json", "--erasure", "one.json", "--vkey", log.vkey)
        #expect(none.status == 2, "a record that is no erasure tells of none")
        let other = try TestLog()
        let foreign = try log.run("verify", "bundle", "many.set", "--vkey", other.vkey)
        #expect(foreign.status == 2, "the same name, another key: nothing is known")
    }

    @Test("Nothing is asked for where the file is there, or the request makes no sense")
    func usage() throws {
        let (log, server) = try TestLog.served()
        try log.folder.file("there.set", "")
        let access = ["--url", server.url, "--token-file", "auditor"]
        for arguments in [
            ["bundle", "-o", "there.set"], ["bundle", "7", "--actor", "x", "-o", "a"],
            ["bundle", "x", "-o", "a"], ["bundle"], ["bundle", "7", "--chain", "-o", "a"],
        ] {
            let ended = try Program.run(arguments + access, in: log.folder)
            #expect(ended.status == 3, "\(arguments): \(ended.errors)")
        }
        let producer = try log.run(
            "bundle", "-o", "a", "--url", server.url, "--token-file", "token")
        #expect(producer.status == 2, "\(producer.errors)")
        let unknown = try Program.run(["bundle", "999", "-o", "b"] + access, in: log.folder)
        #expect(unknown.status == 2)
        #expect(!FileManager.default.fileExists(atPath: log.folder("b")))
    }
}
