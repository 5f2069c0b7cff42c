// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage
import Testing

@Suite final class PrivateFileTests {
    private let folder: String

    init() throws {
        var template = Array("\(NSTemporaryDirectory())private-file-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func path(_ name: String) -> String { "\(folder)/\(name)" }

    private func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o600) throws -> String {
        try Data(bytes).write(to: URL(filePath: path(name)))
        chmod(path(name), mode)
        return path(name)
    }

    private func mode(_ path: String) -> Int? {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue
    }

    private func code(_ body: () throws -> Void) -> FileError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? FileError)?.code
        }
    }

    @Test("What is put in place is read back, private, whatever was there, and leaves nothing else")
    func replace() throws {
        for bytes in [[], [1], Array(repeating: 7, count: 200_000)] as [[UInt8]] {
            try PrivateFile.replace(path("a"), with: bytes)
            #expect(try PrivateFile.readPrivate(path("a")) == bytes)
            #expect(try PrivateFile.read(path("a")) == bytes)
            #expect(mode(path("a")) == 0o600)
        }
        let other = try write("b", [9], mode: 0o644)
        try PrivateFile.replace(other, with: [1], durable: false)
        #expect(mode(other) == 0o600)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
        #expect(try PrivateFile.readPrivate(path("none")) == nil)
        #expect(try PrivateFile.read(path("none")) == nil)
    }

    @Test("A draft that a crash left is no obstacle, and a link is replaced, not written through")
    func leftovers() throws {
        let target = try write("target", [5])
        for name in ["a", "a.\(getpid()).new"] {
            try FileManager.default.createSymbolicLink(
                atPath: path(name), withDestinationPath: target)
        }
        try PrivateFile.replace(path("a"), with: [1])
        #expect(try PrivateFile.readPrivate(path("a")) == [1])
        #expect(try PrivateFile.read(target) == [5])
    }

    @Test("A replacement that fails leaves the old file and no draft")
    func failedReplacement() throws {
        try FileManager.default.createDirectory(
            atPath: path("a"), withIntermediateDirectories: false)
        #expect(code { try PrivateFile.replace(path("a"), with: [1]) } == .inputOutput)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
        #expect(code { try PrivateFile.replace(path("none/a"), with: [1]) } == .inputOutput)
    }

    @Test("What others may open, and what is no plain file, is not private")
    func exposed() throws {
        for mode in [0o640, 0o604, 0o610, 0o666] as [mode_t] {
            let file = try write("a", [1, 2], mode: mode)
            #expect(code { _ = try PrivateFile.readPrivate(file) } == .exposed)
            #expect(code { _ = try PrivateFile.readSecret(file, count: 2) } == .exposed)
            #expect(try PrivateFile.read(file) == [1, 2], "any file may be read as such")
        }
        try #require(mkfifo(path("pipe"), 0o600) == 0)
        for other in [path("pipe"), folder] {
            #expect(code { _ = try PrivateFile.readPrivate(other) } == .exposed)
        }
        let file = try write("b", [1])
        try FileManager.default.createSymbolicLink(
            atPath: path("link"), withDestinationPath: file)
        #expect(code { _ = try PrivateFile.readPrivate(path("link")) } == .inputOutput)
        #expect(code { _ = try PrivateFile.read(path("link")) } == .inputOutput)
        #expect(try PrivateFile.read(path("link"), followingLinks: true) == [1])
    }

    @Test("A file of somebody else is not private", .enabled(if: geteuid() == 0))
    func foreignOwner() throws {
        let file = try write("a", [1])
        try #require(chown(file, 65_534, 65_534) == 0)
        #expect(code { _ = try PrivateFile.readPrivate(file) } == .exposed)
        #expect(code { _ = try PrivateFile.readSecret(file, count: 1) } == .exposed)
        try PrivateFile.makeFolder(path("folder"))
        try #require(chown(path("folder"), 65_534, 65_534) == 0)
        #expect(code { try PrivateFile.makeFolder(self.path("folder")) } == .exposed)
    }

    @Test("A size cap holds exactly")
    func limit() throws {
        let file = try write("a", Array(repeating: 1, count: 100_000))
        #expect(try PrivateFile.readPrivate(file, limit: 100_000)?.count == 100_000)
        #expect(try PrivateFile.read(file, limit: 100_000)?.count == 100_000)
        #expect(code { _ = try PrivateFile.readPrivate(file, limit: 99_999) } == .malformed)
        #expect(code { _ = try PrivateFile.read(file, limit: 99_999) } == .malformed)
    }

    @Test("A secret has its exact size, and is never made over one that is there")
    func secrets() throws {
        let secret = SecretBytes.random(count: 32)
        try secret.withUnsafeBytes { (bytes) throws in
            try PrivateFile.create(path("key"), bytes)
        }
        #expect(mode(path("key")) == 0o600)
        let bytes = secret.withUnsafeBytes { Array($0) }
        let read = try PrivateFile.readSecret(path("key"), count: 32)
        #expect(read.withUnsafeBytes { Array($0) } == bytes)
        #expect(code { _ = try PrivateFile.readSecret(self.path("key"), count: 31) } == .malformed)
        #expect(code { _ = try PrivateFile.readSecret(self.path("key"), count: 33) } == .malformed)
        #expect(code { _ = try PrivateFile.readSecret(self.path("no"), count: 32) } == .missing)
        #expect(
            code { try bytes.withUnsafeBytes { try PrivateFile.create(self.path("key"), $0) } }
                == .inputOutput)
        #expect(try PrivateFile.readPrivate(path("key")) == bytes)
    }

    @Test("Folders are made closed, with what is above them; an open one is refused")
    func folders() throws {
        try PrivateFile.makeFolder(path("a/b/c"))
        #expect(mode(path("a/b/c")) == 0o700)
        try PrivateFile.makeFolder(path("a/b/c"))
        try PrivateFile.makeFolder(path("a/b/d/"))
        #expect(mode(path("a/b/d")) == 0o700)
        chmod(path("a/b/c"), 0o750)
        #expect(code { try PrivateFile.makeFolder(self.path("a/b/c")) } == .exposed)
        let file = try write("file", [])
        #expect(code { try PrivateFile.makeFolder(file) } == .malformed)
        #expect(code { try PrivateFile.makeFolder("\(file)/x") } == .inputOutput)
        #expect(code { try PrivateFile.flushFolder(of: "\(file)/x") } == .inputOutput)
    }

    @Test(
        "The folder of a path",
        arguments: [
            ("a/b", "a"), ("/a/b/", "/a"), ("a", nil), ("/a", nil), ("/", nil), ("a/", nil),
        ] as [(String, String?)])
    func parent(path: String, folder: String?) {
        #expect(PrivateFile.parent(of: path) == folder)
    }
}
