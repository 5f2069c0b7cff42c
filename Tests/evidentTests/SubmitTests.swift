// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct SubmitTests {
    /// The log's size by its checkpoint.
    private func size(_ log: TestLog, _ server: RunningServer) throws -> Int? {
        let note = try log.run("get", "--checkpoint", "--url", server.url)
        return note.lines.count > 1 ? Int(note.lines[1]) : nil
    }

    @Test(
        "Each line becomes a record with a receipt, singly or in batches", arguments: [1, 7, 100])
    func submits(batch: Int) throws {
        let log = try TestLog()
        let server = try log.serve()
        try log.submit(20, to: server, batch: batch)
        #expect(try size(log, server) == 21)
        let receipts = (1...20).map { "receipts/\($0).json" }
        let verified = try Program.run(
            ["verify", "receipt", "--vkey", log.vkey] + receipts, in: log.folder)
        #expect(verified.status == 0 && verified.lines.count == 20, "\(verified.output)")
        #expect(log.folder.mode("events.ndjson.evident-state") == 0o600)
        try log.submit(20, to: server, batch: batch)
        #expect(try size(log, server) == 21, "a second submit of the same file adds nothing")
        try log.submit(23, to: server, batch: batch)
        #expect(try size(log, server) == 24, "lines that are added later are submitted")
    }

    @Test("Identical lines are distinct events, blank lines are none")
    func identicalLines() throws {
        let log = try TestLog()
        let server = try log.serve()
        let line = #"{"type":"tool.call","tool":{"name":"t"},"actor":{"id":"a","type":"agent"}}"#
        try log.folder.file("events.ndjson", "\(line)\n\n\(line)\n   \n\(line)")
        let done = try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--receipts",
            "receipts")
        #expect(done.status == 0 && done.output.hasPrefix("3 accepted"), "\(done.output)")
        #expect(try size(log, server) == 4)
        let names = try FileManager.default.contentsOfDirectory(atPath: log.folder("receipts"))
        #expect(names.sorted() == ["1.json", "3.json", "5.json"])
    }

    @Test(
        "A server that is killed in the middle costs no record and makes none twice",
        arguments: [1, 10])
    func serverKilled(batch: Int) throws {
        let log = try TestLog()
        try log.folder.file("events.ndjson", TestLog.records(0..<400))
        for round in 0..<3 {
            let server = try log.serve()
            let submit = try startSubmit(log, server, batch: batch)
            usleep(UInt32(60_000 + 40_000 * round))
            server.kill(SIGKILL)
            // The client would retry for a while; it is killed too, as a machine would be.
            kill(submit.processIdentifier, SIGKILL)
            submit.waitUntilExit()
        }
        let server = try log.serve()
        let submit = try startSubmit(log, server, batch: batch)
        submit.waitWithDeadline()
        #expect(submit.terminationStatus == 0)
        #expect(try size(log, server) == 401)
        let checked = try log.run("fsck", "--data", "data")
        #expect(checked.status == 0, "\(checked.output)")
    }

    private func startSubmit(
        _ log: TestLog, _ server: RunningServer, batch: Int
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = [
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--batch",
            "\(batch)", "--vkey", log.vkey, "--receipts", "receipts",
        ]
        process.currentDirectoryURL = URL(fileURLWithPath: log.folder.path)
        process.environment = Program.base
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test("Refused lines are named with their codes, and can be put right later")
    func refusedLines() throws {
        let log = try TestLog()
        let server = try log.serve()
        let good = TestLog.records(0..<2)
        try log.folder.file("events.ndjson", "{\"type\":\"tool.call\"}\n\(good)not json\n")
        let submit = ["submit", "events.ndjson", "--url", server.url, "--token-file", "token"]
        let first = try Program.run(submit, in: log.folder)
        #expect(first.status == 2, "\(first.errors)")
        #expect(first.output.hasPrefix("2 accepted, 0 replayed, 2 refused"), "\(first.output)")
        #expect(first.errors.contains("line 1: ") && first.errors.contains("line 4: "))
        #expect(!first.errors.contains("not json"), "content is never echoed")
        let fixed = TestLog.records(7..<8)
        try log.folder.file("events.ndjson", "\(fixed)\(good)\(fixed)")
        let second = try Program.run(submit, in: log.folder)
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.hasPrefix("2 accepted"), "\(second.output)")
        #expect(try size(log, server) == 5)
    }

    @Test("A file whose submitted lines have changed is not gone on with")
    func changedFile() throws {
        let log = try TestLog()
        let server = try log.serve()
        try log.submit(3, to: server)
        try log.folder.file("events.ndjson", TestLog.records(1..<4))
        let submit = ["submit", "events.ndjson", "--url", server.url, "--token-file", "token"]
        let ended = try Program.run(submit, in: log.folder)
        #expect(ended.status == 3)
        #expect(ended.errors.contains("delete events.ndjson.evident-state"), "\(ended.errors)")
        #expect(try size(log, server) == 4)
    }

    @Test("What was done for one log is not taken for done by another at its address")
    func stateOfAnotherLog() throws {
        let (log, other) = (try TestLog(), try TestLog())
        let server = try log.serve()
        try log.submit(3, to: server)
        let there = try other.serve()
        let ended = try log.run(
            "submit", "events.ndjson", "--url", there.url, "--token-file", "token")
        #expect(ended.status == 3 && ended.errors.contains("another log"), "\(ended.errors)")
        #expect(try size(other, there) == 1)
    }

    @Test("Standard input needs a state file, and then goes on like a file")
    func standardInput() throws {
        let log = try TestLog()
        let server = try log.serve()
        let submit = ["submit", "-", "--url", server.url, "--token-file", "token"]
        let input = TestLog.records(0..<5)
        #expect(try Program.run(submit, in: log.folder, input: input).status == 3)
        let whole = submit + ["--state", "state"]
        #expect(try Program.run(whole, in: log.folder, input: input).status == 0)
        #expect(try Program.run(whole, in: log.folder, input: input).status == 0)
        #expect(try size(log, server) == 6)
    }

    @Test("Receipts of a log with another key than the pinned one stop everything")
    func otherLog() throws {
        let (log, other) = try (TestLog(), TestLog())
        let server = try log.serve()
        try log.folder.file("events.ndjson", TestLog.records(0..<3))
        let ended = try log.run(
            "submit", "events.ndjson", "--url", server.url, "--token-file", "token", "--vkey",
            other.vkey)
        #expect(ended.status == 2, "\(ended.errors)")
        #expect(ended.errors.contains("does not verify"))
    }

    @Test("Without a token, with a bad one, and without a server, it says what is missing")
    func failures() throws {
        let log = try TestLog()
        try log.folder.file("events.ndjson", TestLog.records(0..<1))
        try log.folder.file("bad", "evt_aaaaaaaaaaaa_nothing")
        let server = try log.serve()
        let none = try log.run("submit", "events.ndjson", "--url", server.url)
        #expect(none.status == 3 && none.errors.contains("--token-file"))
        let bad = try log.run("submit", "events.ndjson", "--url", server.url, "--token-file", "bad")
        #expect(bad.status == 2 && bad.errors.contains("token"))
        #expect(!bad.errors.contains("evt_"), "a token is never printed")
        #expect(server.stop() == 0)
        let gone = try log.run("get", "--checkpoint", "--url", "ftp://example.com")
        #expect(gone.status == 3)
    }
}
