// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct VerifyTests {
    @Test("A whole log verifies over HTTP and from its folder, and not under another key")
    func wholeLog() throws {
        let (log, other) = try (TestLog(), TestLog())
        let server = try log.serve()
        try log.submit(300, to: server)
        for place in [server.url, "data"] {
            let right = try log.run("verify", "log", place, "--vkey", log.vkey, "--json")
            #expect(right.status == 0, "\(place): \(right.errors)")
            #expect(right.output.contains("\"size\":301"))
            let wrong = try log.run("verify", "log", place, "--vkey", other.vkey)
            #expect(wrong.status == 2, "the same name, another key: nothing is known")
        }
        let foreign = try log.run(
            "verify", "log", "data", "--vkey", other.vkey.replacing("/test+", with: "/other+"))
        #expect(foreign.status == 3, "a key id that does not match its name is no key")
    }

    @Test(
        "A receipt's verdict is its exit status",
        arguments: [
            ("\"index\":3", "\"index\":4", 1), ("\"timestamp_ms\":1", "\"timestamp_ms\":2", 1),
            ("evident/v1", "evident/v2", 2), ("\"inclusion\":[", "\"inclusion\":[\"\",", 2),
            ("\"index\"", "\"idx\"", 2), ("{", "", 2),
        ] as [(String, String, Int32)])
    func changedReceipt(from: String, to: String, status: Int32) throws {
        let log = try Self.shared.get()
        let text = try log.folder.text("receipts/3.json")
        let changed = text.replacing(from, with: to, maxReplacements: 1)
        #expect(changed != text)
        let file = "changed-\(UUID()).json"
        try log.folder.file(file, changed)
        let ended = try log.run("verify", "receipt", file, "--vkey", log.vkey)
        #expect(ended.status == status, "\(ended.output)")
    }

    @Test("The worst of several receipts decides, and each is shown")
    func severalReceipts() throws {
        let log = try Self.shared.get()
        let ended = try log.run(
            "verify", "receipt", "receipts/1.json", "missing.json", "receipts/2.json", "--vkey",
            log.vkey, "--json")
        #expect(ended.status == 4)
        #expect(ended.lines.filter { $0.contains("\"verified\"") }.count == 2)
    }

    @Test(
        "Wrong usage is 3, whoever notices it",
        arguments: [
            [], ["verify"], ["nothing"], ["verify", "receipt"], ["verify", "receipt", "a.json"],
            ["verify", "receipt", "a.json", "--vkey", "nonsense"],
            ["serve", "--listen", "nowhere"],
            ["submit"], ["submit", "x", "--batch", "0"], ["get"], ["get", "x"],
            ["get", "1", "--receipt", "--proof"], ["token", "create", "--role", "king"],
            ["fsck", "--data", "nowhere"], ["bench", "--records", "1"], ["init"],
            ["serve", "--nonsense"],
        ])
    func usage(arguments: [String]) throws {
        let folder = try Folder()
        let ended = try Program.run(arguments, in: folder)
        // A command of which only subcommands do something explains itself instead.
        let wanted: Int32 = arguments.isEmpty || arguments == ["verify"] ? 0 : 3
        #expect(ended.status == wanted, "\(ended.errors)")
    }

    @Test(
        "Help is an answer, and shows examples",
        arguments: [
            ["init"], ["serve"], ["token", "create"], ["submit"], ["get"], ["verify", "receipt"],
            ["verify", "log"], ["fsck"], ["bench"],
        ])
    func help(command: [String]) throws {
        let ended = try Program.run(command + ["--help"], in: Folder())
        #expect(ended.status == 0)
        #expect(ended.output.contains("EXAMPLE"))
        #expect(ended.errors.isEmpty)
    }

    @Test("The statuses stand in the program's own help")
    func statuses() throws {
        let ended = try Program.run(["--help"], in: Folder())
        for status in 0...5 { #expect(ended.output.contains("\n  \(status)  ")) }
    }

    /// One log with receipts for all cases of this file that only read.
    private static let shared = Result {
        let log = try TestLog()
        let server = try log.serve()
        try log.submit(5, to: server)
        _ = server.stop()
        return log
    }
}
