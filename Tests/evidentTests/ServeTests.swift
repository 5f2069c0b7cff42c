// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

struct ServeTests {
    @Test("The first run makes a log, and what it prints works when pasted")
    func firstRun() throws {
        let folder = try Folder()
        let server = try RunningServer([], in: folder)
        let text = server.outputText
        let origin = try #require(text.firstMatch(of: /localhost\/[0-9a-f]{16}/))
        #expect(folder.mode("evident-data") == 0o700)
        let commands = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter {
                $0.hasPrefix("TOKEN=") || $0.contains("curl ") || $0.contains(" verify receipt ")
            }
        #expect(commands.count == 3, "\(text)")
        try #require(access("/usr/bin/curl", X_OK) == 0, "the pasted commands need curl")
        let script = Process()
        let output = Pipe()
        script.executableURL = URL(fileURLWithPath: "/bin/sh")
        script.arguments = ["-ec", commands.joined(separator: "\n")]
        script.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        script.environment = Program.base
        script.standardOutput = output
        try script.run()
        let said = String(
            decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        script.waitUntilExit()
        #expect(script.terminationStatus == 0, "\(said)")
        #expect(said.contains("verified: record 1 of \(origin.output)"), "\(said)")
        #expect(server.stop() == 0)
        let again = try RunningServer([], in: folder)
        #expect(!again.outputText.contains("TOKEN="), "the token is printed once")
    }

    @Test("Two servers on one folder: the second says who holds it, and ends with 4")
    func twoServers() throws {
        let log = try TestLog()
        let server = try log.serve()
        let second = try log.run("serve", "--data", "data", "--listen", "127.0.0.1:0")
        #expect(second.status == 4)
        #expect(
            second.errors.contains("another server (process \(server.process.processIdentifier))"),
            "\(second.errors)")
        #expect(try log.run("init", "--data", "data", "--origin", TestLog.origin).status == 4)
    }

    @Test("A port that is taken, and a folder without a log, are said plainly")
    func cannotStart() throws {
        let log = try TestLog()
        let server = try log.serve()
        let other = try TestLog()
        let port = try #require(server.url.split(separator: ":").last)
        let taken = try other.run("serve", "--data", "data", "--listen", "127.0.0.1:\(port)")
        #expect(taken.status == 4, "\(taken.errors)")
        #expect(taken.errors.contains("cannot listen on 127.0.0.1:\(port)"), "\(taken.errors)")
        let none = try other.run("serve", "--data", "nowhere")
        #expect(none.status == 3)
        #expect(none.errors.contains("evident init --data nowhere"))
    }

    @Test("An older copy of the store beside its anchor is refused with 5, and nothing is signed")
    func rolledBack() throws {
        let log = try TestLog()
        var server = try log.serve()
        try log.submit(5, to: server)
        #expect(server.stop() == 0)
        let files = FileManager.default
        try files.copyItem(atPath: log.folder("data/store"), toPath: log.folder("older"))
        server = try log.serve()
        try log.folder.file("more.ndjson", TestLog.records(5..<9))
        let more = try log.run(
            "submit", "more.ndjson", "--url", server.url, "--token-file", "token")
        #expect(more.status == 0)
        #expect(server.stop() == 0)
        try files.removeItem(atPath: log.folder("data/store"))
        try files.moveItem(atPath: log.folder("older"), toPath: log.folder("data/store"))
        let refused = try log.run("serve", "--data", "data", "--listen", "127.0.0.1:0")
        #expect(refused.status == 5, "\(refused.errors)")
        #expect(refused.errors.contains("older copy"), "\(refused.errors)")
        let checked = try log.run("fsck", "--data", "data")
        #expect(checked.status == 1)
        #expect(checked.output.contains("anchor"), "\(checked.output)")
    }

    @Test("Tokens are made, listed and revoked with the server and without, and at once")
    func tokens() throws {
        let log = try TestLog()
        let server = try log.serve()
        let made = try log.run("token", "create", "--data", "data", "--role", "auditor")
        #expect(made.status == 0, "\(made.errors)")
        let token = try #require(made.lines.last)
        try log.folder.file("auditor", token)
        let get = ["get", "0", "--url", server.url, "--token-file", "auditor"]
        let record = try Program.run(get, in: log.folder)
        #expect(record.status == 0 && record.output.contains("\"log.created\""), "\(record.errors)")
        let list = try log.run("token", "list", "--data", "data")
        let line = try #require(list.lines.first { $0.contains("auditor") })
        let prefix = String(line.prefix(12))
        #expect(token.contains(prefix) && !list.output.contains(token))
        #expect(try log.run("token", "revoke", prefix, "--data", "data").status == 0)
        #expect(try Program.run(get, in: log.folder).status == 2)
        #expect(server.stop() == 0)
        let offline = try log.run("token", "list", "--data", "data", "--json")
        #expect(offline.lines.count == 1 && !offline.output.contains(prefix))
        #expect(try log.run("token", "revoke", prefix, "--data", "data").status == 2)
    }

    @Test("A signal reads tokens again that another process has written")
    func hangUp() async throws {
        let log = try TestLog()
        let server = try log.serve()
        let tokens = try log.folder.text("data/tokens.json")
        try log.folder.file("data/tokens.json", #"{"tokens":[],"version":1}"# + "\n")
        var lines = 0
        func submits(_ status: Int32) async throws -> Bool {
            try await eventually {
                // A file that was taken whole is not sent again.
                let name = "events-\(lines).ndjson"
                try log.folder.file(name, TestLog.records(lines..<lines + 1))
                lines += 1
                let submit = ["submit", name, "--url", server.url, "--token-file", "token"]
                return try Program.run(submit, in: log.folder).status == status
            }
        }
        kill(server.process.processIdentifier, SIGHUP)
        #expect(try await submits(2))
        try log.folder.file("data/tokens.json", tokens)
        kill(server.process.processIdentifier, SIGHUP)
        #expect(try await submits(0))
    }

    @Test("A log that keeps nothing says so")
    func notDurable() throws {
        let folder = try Folder()
        let server = try RunningServer(["--data", "data", "--store", "null"], in: folder)
        let log = try Program.run(["get", "--checkpoint", "--url", server.url], in: folder)
        #expect(log.status == 0)
        #expect(server.stop() == 0)
        let errors = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".err") }.map { try folder.text($0) }.joined()
        #expect(errors.contains("NOT DURABLE"))
        let again = try RunningServer(["--data", "data", "--store", "null"], in: folder)
        let other = try Program.run(["get", "--checkpoint", "--url", again.url], in: folder)
        #expect(other.status == 0 && other.output != log.output, "two histories under one key")
        #expect(again.stop() == 0)
    }
}
