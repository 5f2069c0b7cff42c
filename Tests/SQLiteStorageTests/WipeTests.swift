// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogStorage
import LogTesting
import StorageTesting
import Testing

@testable import SQLiteStorage

/// That no byte of what was removed is left in any file.
@Suite struct WipeTests {
    /// Texts of removed content, one for each, and what a scan of all files finds of them.
    private func found(_ texts: [[UInt8]], in fixture: StoreFixture) throws -> Int {
        var count = 0
        let enumerator = try #require(
            FileManager.default.enumerator(atPath: fixture.path))
        for case let name as String in enumerator {
            let path = fixture.path + "/" + name
            guard let data = FileManager.default.contents(atPath: path) else { continue }
            for text in texts where data.range(of: Data(text)) != nil { count += 1 }
        }
        return count
    }

    private static func hex(_ what: Character, _ index: UInt64) -> [UInt8] {
        SHA256.hash(Array("\(what)\(index)".utf8)).bytes
    }

    @Test("No file holds removed text, seed or form digest, whatever was going on")
    func noTrace() throws {
        let fixture = try StoreFixture()
        var log = SampleLog()
        let store = try fixture.open()
        for size in [700, 3, 900] { try store.commit(log.next(size)) }
        let removed = (0..<log.size - 20).filter { $0 % 3 == 1 }
        let reduced = (0..<log.size - 20).filter { $0 % 3 == 2 }
        try store.transaction { transaction in
            for index in removed { try transaction.remove(index..<index + 1, by: log.size - 2) }
            for index in reduced {
                let left = try SampleLog.content(index).erasing(["labels"], by: log.size - 1)
                try transaction.reduce(index, to: left.fields(), by: log.size - 1)
            }
        }
        try store.commit(log.next(40))
        let gone = removed + reduced
        let texts = gone.flatMap { index in
            [
                Array("\(SHA256.hash(Array("r\(index)".utf8)).hex)".utf8),
                Self.hex("s", index), Self.hex("f", index),
            ]
        }
        #expect(try found(texts, in: fixture) > 0)
        try store.wipe(gone.sorted().map { $0..<$0 + 1 })
        #expect(try found(texts, in: fixture) == 0)
        #expect(try found([Array("\(SHA256.hash(Array("r0".utf8)).hex)".utf8)], in: fixture) > 0)
        store.close()
        #expect(try found(texts, in: fixture) == 0)
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.integrityFindings().isEmpty)
    }

    /// The indexes of the records of which a copy is in the database's file.
    private func copies(in fixture: StoreFixture) throws -> Set<UInt64> {
        let data = try #require(
            FileManager.default.contents(atPath: fixture.path + "/log.sqlite"))
        let mark = Data(#"{"details":"#.utf8)
        var (found, from) = (Set<UInt64>(), data.startIndex)
        while let next = data.range(of: mark, in: from..<data.endIndex) {
            let digits = data[next.upperBound...].prefix(20).prefix { 48...57 ~= $0 }
            UInt64(String(decoding: digits, as: UTF8.self)).map { _ = found.insert($0) }
            from = next.upperBound
        }
        return found
    }

    @Test("Rows that were moved when others went leave nothing behind when they go themselves")
    func moved() throws {
        let fixture = try StoreFixture()
        var (log, random) = (SampleLog(), SeededGenerator(seed: 3))
        let store = try fixture.open()
        try store.commit(log.next(100))
        var kept = Array(0..<log.size)
        for round in 0..<120 {
            try store.commit(log.next(.random(in: 1...80, using: &random)))
            kept += (kept.last ?? 0) + 1..<log.size
            // Every third, most of the old ones, or some of the newest.
            let mode = Int.random(in: 0..<3, using: &random)
            let (last, by) = (log.size - 2, log.size - 1)
            let gone = kept.filter { index in
                guard index < last else { return false }
                return switch mode {
                case 0: Int.random(in: 0..<3, using: &random) == 0
                case 1: index + 60 > last && index % 5 < 2
                default: index + 20 < last && Int.random(in: 0..<20, using: &random) > 0
                }
            }
            guard !gone.isEmpty else { continue }
            try store.transaction { transaction in
                for index in gone { try transaction.remove(index..<index + 1, by: by) }
            }
            try store.wipe(gone.map { $0..<$0 + 1 })
            let left = Set(kept).subtracting(gone)
            kept = left.sorted()
            #expect(try copies(in: fixture) == left, "round \(round)")
        }
        for index in kept {
            #expect(try store.reader.content(at: index) == SampleLog.content(index))
        }
        store.close()
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.integrityFindings().isEmpty)
    }

    @Test("What is looked at in one turn is bounded, and all of it is")
    func spans() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<200 {
            var (ranges, next): ([Range<UInt64>], UInt64) = ([], 0)
            for _ in 0..<Int.random(in: 0...30, using: &random) {
                let start = next + .random(in: 0...9_000, using: &random)
                next = start + .random(in: 0...60_000, using: &random)
                ranges.append(start..<next)
            }
            let spans = Writer.spans(of: ranges)
            #expect(spans.allSatisfy { $0.count <= Writer.longest })
            #expect(zip(spans, spans.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
            for range in ranges where !range.isEmpty {
                let within = spans.filter { $0.overlaps(range) }
                #expect(within.first?.contains(range.lowerBound) == true)
                #expect(within.last?.contains(range.upperBound - 1) == true)
                #expect(
                    zip(within, within.dropFirst()).allSatisfy {
                        $0.upperBound + 1 == $1.lowerBound
                    })
            }
        }
    }

    @Test("Every prefix and every changed byte of what is left is refused")
    func fieldsAreStrict() throws {
        let fields = try SampleLog.content(9).erasing(["labels"], by: 200).fields()
        let bytes = StoredForm.bytes(fields, at: 9)
        func parse(_ bytes: [UInt8], at index: UInt64 = 9) -> [RemainingField]? {
            bytes.withUnsafeBytes { StoredForm.fields($0, at: index) }
        }
        #expect(parse(bytes) == fields)
        #expect(parse(bytes, at: 8) == nil)
        for count in bytes.indices { #expect(parse(Array(bytes[..<count])) == nil) }
        for place in bytes.indices {
            var changed = bytes
            changed[place] &+= 1
            #expect(parse(changed) == nil, "byte \(place)")
        }
    }
}
