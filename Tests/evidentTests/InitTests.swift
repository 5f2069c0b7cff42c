// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

struct InitTests {
    @Test("A new log has private files, prints its key, and verifies at once")
    func newLog() throws {
        let log = try TestLog()
        #expect(log.vkey.hasPrefix("\(TestLog.origin)+"))
        #expect(log.folder.mode("data") == 0o700)
        let keys = try FileManager.default.contentsOfDirectory(atPath: log.folder("data/keys"))
        #expect(keys.count >= 6)
        for key in keys { #expect(log.folder.mode("data/keys/\(key)") == 0o600, "\(key)") }
        #expect(log.folder.mode("data/evident.yaml") == 0o600)
        let verified = try log.run("verify", "log", "data", "--vkey", log.vkey)
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.contains("all 1 entries of \(TestLog.origin)"))
    }

    @Test("A second init of the same log changes nothing; one of another name is refused")
    func again() throws {
        let log = try TestLog()
        let again = try log.run("init", "--data", "data", "--origin", TestLog.origin)
        #expect(again.status == 0 && again.lines.last == log.vkey)
        let other = try log.run("init", "--data", "data", "--origin", "other.example/log")
        #expect(other.status == 3)
        #expect(other.errors.contains("holds the log \(TestLog.origin)"))
    }

    @Test(
        "An init that was interrupted is finished by running it again",
        arguments: [
            // What a crash leaves: the folder, a draft of the keys, the keys alone, an empty file
            // for the store.
            [], ["keys.draft/log.json"], ["keys"], ["keys", "store/log.sqlite"],
        ])
    func interrupted(leftovers: [String]) throws {
        let folder = try Folder()
        let begin = ["init", "--data", "data", "--origin", TestLog.origin]
        let files = FileManager.default
        if leftovers.contains("keys") {
            try #require(try Program.run(begin, in: folder).status == 0)
            for part in ["store", "anchor", "keys/used"] {
                try files.removeItem(atPath: folder("data/\(part)"))
            }
        }
        let isPrivate: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
        for leftover in ["LOCK"] + leftovers where leftover != "keys" {
            let path = folder("data/\(leftover)")
            try files.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent,
                withIntermediateDirectories: true, attributes: isPrivate)
            try folder.file("data/\(leftover)", "")
        }
        try files.setAttributes(isPrivate, ofItemAtPath: folder("data"))
        let made = try Program.run(begin, in: folder)
        #expect(made.status == 0, "\(made.errors)")
        #expect(try Program.run(["fsck", "--data", "data"], in: folder).status == 0)
    }

    @Test("Kills at any moment of init leave nothing stuck")
    func killed() throws {
        for milliseconds in [5, 15, 25, 40, 60, 90] {
            let folder = try Folder()
            let arguments = ["init", "--data", "data", "--origin", TestLog.origin]
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Program.path)
            process.arguments = arguments
            process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
            process.environment = Program.base
            process.standardError = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            try process.run()
            usleep(UInt32(milliseconds) * 1_000)
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            let made = try Program.run(arguments, in: folder)
            #expect(made.status == 0, "after \(milliseconds) ms: \(made.errors)")
        }
    }

    @Test(
        "What cannot be a log is refused as usage",
        arguments: [
            ["--origin", "https://log.example.com/a"], ["--origin", "log.example.com"],
            ["--origin", "log.example.com/a", "--granularity", "2h"],
            ["--origin", "log.example.com/a", "--granularity", ""], [],
        ])
    func refused(arguments: [String]) throws {
        let folder = try Folder()
        let ended = try Program.run(["init", "--data", "data"] + arguments, in: folder)
        #expect(ended.status == 3, "\(ended.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder("data/keys")))
    }

    @Test("A folder that others can read is refused")
    func openFolder() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(
            atPath: folder("data"), withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755])
        chmod(folder("data"), 0o755)
        let ended = try Program.run(
            ["init", "--data", "data", "--origin", TestLog.origin], in: folder)
        #expect(ended.status == 4)
        #expect(ended.errors.contains("chmod 700"))
    }

    @Test("A key that others can read stops the server")
    func exposedKey() throws {
        let log = try TestLog()
        chmod(log.folder("data/keys/ed25519.key"), 0o644)
        let ended = try log.run("serve", "--data", "data", "--listen", "127.0.0.1:0")
        #expect(ended.status == 4)
        #expect(ended.errors.contains("ed25519.key"))
    }
}
