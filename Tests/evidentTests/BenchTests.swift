// SPDX-License-Identifier: Apache-2.0

import AuditChain
import NIOCore
import Testing

@testable import evident

struct BenchTests {
    @Test(
        "Eight digits are made of a number as a printer would",
        arguments: [0, 1, 9, 10, 0xFFFF_FFFF, 0x0123_4567, 0x89AB_CDEF, 0xA0B0_9090] as [UInt64])
    func digits(value: UInt64) {
        var buffer = ByteBuffer()
        buffer.writeInteger(BenchRecords.hexDigits(value))
        let want = String(value, radix: 16)
        #expect(
            String(buffer: buffer) == String(repeating: "0", count: 8 - want.count) + want)
    }

    @Test("Records are JSON, of one length, about 400 bytes, and all different")
    func records() throws {
        let records = BenchRecords()
        var seen: Set<[UInt8]> = []
        for number in 0..<200 as Range<UInt64> {
            var buffer = ByteBuffer()
            records.write(number, to: &buffer)
            let bytes = Array(buffer.readableBytesView)
            let value = try JSONValue.parse(bytes)
            #expect(value["actor"]?["id"]?.text?.count == 8)
            #expect(bytes.count == records.template.count && (380...420).contains(bytes.count))
            seen.insert(bytes)
        }
        #expect(seen.count == 200)
    }

    @Test("Answers are found wherever the packets are cut", arguments: 1...60)
    func cutAnswers(size: Int) {
        let text =
            "HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX: y\r\n\r\nhello"
            + "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        var parser = ResponseParser()
        var found: [(Int, Int)] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            parser.receive(ByteBuffer(substring: rest.prefix(size)))
            rest = rest.dropFirst(size)
            while let answer = parser.next() { found.append((answer.status, answer.body.count)) }
        }
        #expect(found.map(\.0) == [201, 503, 200])
        #expect(found.map(\.1) == [5, 0, 15])
    }

    @Test(
        "A figure is judged by its direction",
        arguments: [
            (3.0, BenchFigure.Better.higher, "aim"), (1.5, .higher, "must"),
            (0.5, .higher, "MISSED"),
        ])
    func verdicts(value: Double, better: BenchFigure.Better, want: String) {
        let figure = BenchFigure(
            id: "P", what: "", value: value, unit: "", better: better, must: 1, aim: 2)
        #expect(figure.verdict == want)
    }
}
