// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import LogTesting
import Testing

@testable import TransparencyLog

struct SinkTests {
    private func indexes(_ path: String) throws -> [UInt64] {
        var found: [UInt64] = []
        for name in try SinkFiles.names(in: path).sorted() where name.hasPrefix("audit-") {
            let data = try #require(FileManager.default.contents(atPath: "\(path)/\(name)"))
            for line in [UInt8](data).split(separator: 0x0A) {
                if let record = SinkRecord(Array(line)) { found.append(record.index) }
            }
        }
        return found.sorted()
    }

    @Test("The vector is read, and written byte for byte")
    func vector() throws {
        struct Vector: Decodable {
            let name: String
            let lines: [String]
        }
        let vector = try Vectors.decode(Vector.self, from: "sink")
        let lines = vector.lines.map { Array($0.utf8) }
        #expect(vector.name == "\(SinkName(first: 0))")
        let header = try #require(SinkHeader(lines[0]))
        #expect(header.json.canonical == lines[0] && header.beginning == .log)
        let text = try #require(
            vector.lines[1].split(separator: #""record":"#, maxSplits: 1).last?.dropLast())
        let bodies: [SinkRecord.Body] = [
            .whole(Array(text.utf8), erased: []), .withheld, .removed(1),
        ]
        for (line, (index, body)) in zip(lines[1...3], zip(UInt64(0)..., bodies)) {
            let record = try #require(SinkRecord(line))
            #expect(record.index == index)
            #expect(SinkRecord.line(index, record.leaf, body) == line + [0x0A])
        }
        #expect(SinkNotice.read(lines[4])?.request == 2)
        let trailer = try #require(SinkTrailer(lines[5]))
        #expect(trailer.json.canonical == lines[5])
        #expect(trailer.count == 3 && trailer.lastHash == SinkRecord(lines[3])?.leaf.mac)
        #expect(trailer.sha256 == SHA256.hash(lines[..<5].flatMap { $0 + [0x0A] }))
    }

    @Test("A writer that was killed at any byte goes on in the same line, and doubles none")
    func everyPrefix() throws {
        let whole = try TemporaryFolder()
        try SinkSamples.fill(SinkSamples.folder("\(whole.path)/s"), to: 4)
        let name = "\(SinkName(first: 0))"
        let bytes = try #require(FileManager.default.contents(atPath: "\(whole.path)/s/\(name)"))
        for count in 0...bytes.count {
            let cut = try TemporaryFolder()
            try PrivateFile.makeFolder("\(cut.path)/s")
            try Data(bytes.prefix(count)).write(to: URL(filePath: "\(cut.path)/s/\(name)"))
            let again = try SinkSamples.folder("\(cut.path)/s")
            try SinkSamples.fill(again, to: 4)
            let now = FileManager.default.contents(atPath: "\(cut.path)/s/\(name)")
            #expect(now == bytes, "cut after \(count) bytes")
            #expect(try SinkFiles.segments(in: "\(cut.path)/s").count == 1)
        }
    }

    @Test("A line that is another one now is left torn, and stands in the next file")
    func tornLine() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/s"
        try PrivateFile.makeFolder(path)
        do { try SinkSamples.fill(SinkSamples.folder(path), to: 2) }
        let name = "\(path)/\(SinkName(first: 0))"
        let file = try #require(FileHandle(forWritingAtPath: name))
        try file.seekToEnd()
        try file.write(contentsOf: Data(SinkSamples.lines(2..<3)[0].dropLast(9)))
        let again = try SinkSamples.folder(path)
        let removed = SinkRecord.line(2, SinkSamples.leaf(2), .removed(9))
        try again.settle()
        #expect(throws: SinkFolder.SinkChange.self) { try again.append([removed]) }
        try again.append([removed])
        try SinkSamples.fill(again, to: 5)
        #expect(try indexes(path) == [0, 1, 2, 3, 4])
        let second = try SinkFiles.scan("\(path)/\(SinkName(first: 2))")
        #expect(second.scan.header?.beginning == .torn)
        #expect(second.scan.header?.previousHash == SinkSamples.leaf(1).mac)
    }

    @Test("Sealed segments name each other, and every changed byte of one is found")
    func sealing() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/s"
        try PrivateFile.makeFolder(path)
        try SinkSamples.fill(SinkSamples.folder(path, bytes: 700), to: 9)
        let names = try SinkFiles.segments(in: path)
        #expect(names.count == 3 && names.map(\.first) == [0, 3, 6])
        let second = try SinkFiles.scan("\(path)/\(names[1])")
        let first = try SinkFiles.scan("\(path)/\(names[0])")
        #expect(second.scan.header?.previous?.sha256 == first.scan.trailer?.sha256)
        #expect(first.scan.trailer?.count == 3)
        let file = URL(filePath: "\(path)/\(names[0])")
        let bytes = try Data(contentsOf: file)
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1
            try changed.write(to: file)
            let found = try SinkFiles.scan(file.path)
            #expect(
                found.fault != nil || found.scan.trailer == nil
                    || found.scan.trailer?.sha256 != first.scan.trailer?.sha256, "byte \(place)")
        }
    }

    @Test("A file that is moved gets its end; one that is deleted is written again")
    func movedAndDeleted() throws {
        let temporary = try TemporaryFolder()
        let path = "\(temporary.path)/s"
        try PrivateFile.makeFolder(path)
        try moveAndDelete(SinkSamples.folder(path), path)
        // While nobody runs, to another place: what is remembered goes on.
        let second = "\(path)/\(SinkName(first: 2))"
        try FileManager.default.moveItem(atPath: second, toPath: "\(temporary.path)/away")
        let again = try SinkSamples.folder(path)
        #expect(again.next.index == 6 && again.next.hash == SinkSamples.leaf(5).mac)
    }

    private func moveAndDelete(_ sink: SinkFolder, _ path: String) throws {
        try SinkSamples.fill(sink, to: 2)
        try FileManager.default.moveItem(
            atPath: "\(path)/\(SinkName(first: 0))", toPath: "\(path)/audit-old.1")
        try SinkSamples.fill(sink, to: 4)
        let moved = try SinkFiles.scan("\(path)/audit-old.1")
        #expect(moved.scan.trailer?.next == 2)
        let second = "\(path)/\(SinkName(first: 2))"
        #expect(try SinkFiles.scan(second).scan.header?.beginning == .moved)
        try FileManager.default.removeItem(atPath: second)
        try SinkSamples.fill(sink, to: 6)
        #expect(try indexes(path) == [0, 1, 2, 3, 4, 5])
    }

    @Test("Lines, names and memories are read in one form alone")
    func forms() throws {
        let line = Array(SinkSamples.lines(7..<8)[0].dropLast())
        #expect(SinkRecord(line)?.leaf == SinkSamples.leaf(7))
        for count in 0..<line.count - 1 { #expect(SinkRecord(Array(line[..<count])) == nil) }
        #expect(SinkRecord([0x20] + line) == nil)
        #expect(SinkName("audit-0000000000000012.ndjson")?.first == 12)
        for name in ["audit-12.ndjson", "audit-0000000000000012-1.ndjson", "audit-.ndjson", "a"] {
            #expect(SinkName(name) == nil, "\(name)")
        }
        var position = SinkPosition(genesis: SinkSamples.genesis)
        (position.next, position.noticed, position.beginning) = (77, 12, .sealed)
        position.previous = .init(
            name: String(repeating: "n", count: 255), sha256: SinkSamples.genesis)
        let memory = SinkMemory(origin: "log.example.com/sink", position: position, inode: .max)
        #expect(SinkMemory(bytes: memory.bytes) == memory)
        for place in memory.bytes.indices {
            var changed = memory.bytes
            changed[place] ^= 1
            #expect(SinkMemory(bytes: changed) != memory)
        }
        let notices = SinkNotice.lines((0..<1_001).map { Removal(index: $0) }, request: 2_000)
        #expect(notices.count == 2)
        #expect(SinkNotice.read(notices[0].dropLast())?.hasMore == true)
        #expect(SinkNotice.read(notices[1].dropLast())?.request == 2_000)
    }
}
