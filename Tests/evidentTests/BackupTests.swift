// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogTesting
import Merkle
import Testing

@testable import evident

/// `evident backup` and `evident restore` as a person runs them.
struct BackupTests {
    private static let original = Result { try TestLog.stopped(records: 300) }

    private static func copy() throws -> TestLog { try original.get().copy() }

    /// A log with a backup `b`, made without a server, and its keys apart.
    private static func backedUp() throws -> TestLog {
        let log = try copy()
        let made = try log.run("backup", "--data", "data", "--to", "b")
        try #require(made.status == 0, "\(made.errors)")
        try FileManager.default.copyItem(
            atPath: log.folder("data/keys"), toPath: log.folder("keys"))
        return log
    }

    @Test("The manifest of the vectors is read, and written byte for byte")
    func vector() throws {
        struct Vector: Decodable { let manifest: String }
        let text = try Vectors.decode(Vector.self, from: "backup").manifest
        let folder = try Folder()
        try folder.file("manifest.json", text)
        let manifest = try BackupManifest.read(folder.path).manifest
        #expect(manifest.json == Array(text.utf8))
        #expect(manifest.head.size == 14 && manifest.record == 13 && manifest.files.count == 4)
        try folder.file("manifest.json", text.replacing("\"size\":14", with: "\"size\":014"))
        #expect(throws: CommandFailure.self) { try BackupManifest.read(folder.path) }
    }

    @Test("A backup verifies by itself, and a log goes on from it")
    func roundTrip() throws {
        let log = try Self.backedUp()
        let names = try FileManager.default.contentsOfDirectory(atPath: log.folder("b")).sorted()
        #expect(
            names == [
                "anchor", "anchor.erasures", "checkpoint", "evident.yaml", "keys", "manifest.json",
                "store", "tokens.json",
            ])
        let keys = try FileManager.default.contentsOfDirectory(atPath: log.folder("b/keys"))
        #expect(keys == ["log.json"])
        let checked = try log.run("backup", "verify", "b", "--vkey", log.vkey, "--deep")
        #expect(checked.status == 0, "\(checked.output)\(checked.errors)")
        let restore = ["restore", "b", "--data", "new", "--keys", "keys"]
        let asked = try Program.run(restore, in: log.folder)
        #expect(asked.status == 2 && asked.errors.contains("--accept-as-newest"), "\(asked.errors)")
        let done = try Program.run(restore + ["--accept-as-newest", "--json"], in: log.folder)
        #expect(done.status == 0 && done.output.contains(#""newest":"accepted""#), "\(done.errors)")
        for check in [["fsck"], ["verify", "chain"]] {
            let found = try Program.run(check + ["--data", "new"], in: log.folder)
            #expect(found.status == 0, "\(found.output)\(found.errors)")
        }
        let again = try Program.run(restore + ["--accept-as-newest"], in: log.folder)
        #expect(again.status == 3 && again.errors.contains("is there already"))
    }

    @Test("Beside a server: records are taken, and the log has a record of it")
    func beside() throws {
        let log = try Self.copy()
        let server = try log.serve()
        let made = try log.run("backup", "--data", "data", "--to", "b", "--json", "--with-keys")
        #expect(made.status == 0, "\(made.errors)")
        try log.submit(5, to: server)
        let twice = try log.run("backup", "--data", "data", "--to", "b")
        #expect(twice.status == 3 && twice.errors.contains("is there already"), "\(twice.errors)")
        #expect(server.stop() == 0)
        let manifest = try BackupManifest.read(log.folder("b")).manifest
        #expect(manifest.record == manifest.head.size - 1 && manifest.hasKeys)
        let stored = try Data(contentsOf: URL(filePath: log.folder("b/store/log.sqlite")))
        #expect(stored.range(of: Data(#""type":"log.backup""#.utf8)) != nil)
        let key = log.folder("b/keys/ed25519.key")
        let mode = try FileManager.default.attributesOfItem(atPath: key)
        #expect(mode[.posixPermissions] as? Int == 0o600)
        // The log's own anchor is five records ahead of the backup now.
        let refused = try log.run("restore", "b", "--data", "new", "--anchor", "data/anchor")
        #expect(refused.status == 5 && refused.errors.contains("rolled back"), "\(refused.errors)")
    }

    @Test("A log that stood still meanwhile is proven to be the newest by its anchor")
    func proven() throws {
        let log = try Self.backedUp()
        let done = try log.run(
            "restore", "b", "--data", "new", "--keys", "keys", "--anchor", "data/anchor", "--json")
        #expect(done.status == 0 && done.output.contains(#""newest":"anchor""#), "\(done.errors)")
        let found = try log.run("fsck", "--data", "new")
        #expect(found.status == 0, "\(found.output)\(found.errors)")
    }

    @Test("What an interrupted backup left is refused, and removed only by leave")
    func unfinished() throws {
        let log = try Self.copy()
        let draft = log.folder("b.unfinished")
        try FileManager.default.createDirectory(atPath: draft, withIntermediateDirectories: false)
        let backup = ["backup", "--data", "data", "--to", "b"]
        let blocked = try Program.run(backup, in: log.folder)
        #expect(blocked.status == 3 && blocked.errors.contains("--discard-unfinished"))
        let restored = try log.run("restore", "b.unfinished", "--data", "new")
        #expect(restored.status == 2 && restored.errors.contains("no finished backup"))
        try log.folder.file("b.unfinished/diary", "x")
        let kept = try Program.run(backup + ["--discard-unfinished"], in: log.folder)
        #expect(kept.status == 4 && kept.errors.contains("holds other files"), "\(kept.errors)")
        try FileManager.default.removeItem(atPath: draft + "/diary")
        let done = try Program.run(backup + ["--discard-unfinished"], in: log.folder)
        #expect(done.status == 0, "\(done.errors)")
        #expect(!FileManager.default.fileExists(atPath: draft))
    }

    @Test("Any changed byte of a manifest is noticed, and any that is left out")
    func manifest() throws {
        let log = try Self.backedUp()
        let path = log.folder("b/manifest.json")
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let (whole, _) = try BackupManifest.read(log.folder("b"))
        #expect(whole.json == bytes)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            try Data(changed).write(to: URL(filePath: path))
            let read = try? BackupManifest.read(log.folder("b")).manifest
            #expect(read != whole, "byte \(place)")
            try Data(bytes.prefix(place)).write(to: URL(filePath: path))
            #expect((try? BackupManifest.read(log.folder("b"))) == nil, "\(place) bytes")
        }
    }

    @Test(
        "Paths that leave the folder are no paths of a backup",
        arguments: ["../x", "/x", "a/b/c", "a//b", ".x", "a/.b", "", "a b", "ü", "a/", "a/../b"])
    func paths(_ path: String) {
        #expect(!BackupManifest.File.isPlain(path[...]))
    }

    @Test("A setting of the anchor is replaced or added, for the next start to find it")
    func anchor() throws {
        let log = try Self.backedUp()
        let done = try log.run(
            "restore", "b", "--data", "new", "--keys", "keys", "--anchor", "elsewhere",
            "--accept-as-newest")
        #expect(done.status == 0, "\(done.errors)")
        #expect(FileManager.default.fileExists(atPath: log.folder("elsewhere")))
        #expect(!FileManager.default.fileExists(atPath: log.folder("new/anchor")))
        let found = try log.run("fsck", "--data", "new")
        #expect(found.status == 0, "\(found.output)\(found.errors)")
    }
}
