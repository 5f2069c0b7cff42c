// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import LogStorage

struct GzipTests {
    private static let text = (0..<40_000).flatMap { Array("{\"n\":\($0)}\n".utf8) }

    private func compressed(_ bytes: [UInt8], pieces: Int) throws -> [UInt8] {
        let writer = try GzipWriter()
        var data: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            data += try writer.take(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
        return try data + writer.take([], isLast: true)
    }

    /// All that a reader gives of data that comes in pieces; nil if it ends within a member.
    private func read(_ data: [UInt8], pieces: Int = 1_000) throws -> [UInt8]? {
        let reader = try GzipReader()
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: data.count, by: pieces) {
            reader.feed(Array(data[start..<min(start + pieces, data.count)]))
            while let part = try reader.next() {
                #expect(part.count <= 256 << 10)
                bytes += part
            }
        }
        return reader.isWhole ? bytes : nil
    }

    @Test("What is written in pieces is read in pieces", arguments: [1, 977, 1 << 20])
    func roundTrip(pieces: Int) throws {
        let text = Array(Self.text.prefix(pieces == 1 ? 3_000 : .max))
        let data = try compressed(text, pieces: pieces)
        #expect(data.count < text.count)
        for size in [1, 4_096, 1 << 20] { #expect(try read(data, pieces: size) == text) }
        #expect(try compressed(text, pieces: pieces) == data)
        let whole = try #require(Gzip.compress(text))
        #expect(try read(whole) == text)
        #expect(try read(compressed([], pieces: 1)) == [])
    }

    @Test("Members that follow each other are one text; what is no member is refused")
    func members() throws {
        let one = try compressed(Array("one\n".utf8), pieces: 10)
        let two = try compressed(Array("two\n".utf8), pieces: 10)
        #expect(try read(one + two) == Array("one\ntwo\n".utf8))
        #expect(try read(one + two, pieces: 1) == Array("one\ntwo\n".utf8))
        #expect(throws: GzipError.damaged) { try read(one + [7, 7, 7]) }
        #expect(throws: GzipError.damaged) { try read(Array("plain".utf8)) }
        #expect(try read([]) == nil)
    }

    @Test("Data that ends too early, or has a changed byte, is never taken for whole")
    func damage() throws {
        let text = Array(Self.text.prefix(2_000))
        let data = try compressed(text, pieces: 500)
        for count in data.indices { #expect(try read(Array(data[..<count])) == nil) }
        // Bytes 4 to 9 of the header say when and where it was made.
        for place in data.indices where !(4..<10).contains(place) {
            var changed = data
            changed[place] ^= 0x10
            let found = try? read(changed)
            #expect(found == nil || found == text, "byte \(place)")
        }
    }
}
