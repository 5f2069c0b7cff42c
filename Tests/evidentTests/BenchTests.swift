// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LoadGenerator
import Testing

@testable import evident

struct BenchTests {
    @Test(
        "Eight digits are made of a number as a printer would",
        arguments: [0, 1, 9, 10, 0xFFFF_FFFF, 0x0123_4567, 0x89AB_CDEF, 0xA0B0_9090] as [UInt64])
    func digits(value: UInt64) {
        var buffer = RequestBuffer()
        buffer.append("........")
        buffer.set(BenchRecords.hexDigits(value), at: 0)
        let want = String(value, radix: 16)
        let text = String(decoding: buffer.bytes, as: UTF8.self)
        #expect(text == String(repeating: "0", count: 8 - want.count) + want)
    }

    @Test("Records are JSON, of one length, about 400 bytes, and all different")
    func records() throws {
        let records = BenchRecords()
        var seen: Set<[UInt8]> = []
        for number in 0..<200 as Range<UInt64> {
            var buffer = RequestBuffer()
            records.write(number, to: &buffer)
            let bytes = buffer.bytes
            let value = try JSONValue.parse(bytes)
            #expect(value["actor"]?["id"]?.text?.count == 8)
            #expect(bytes.count == records.template.count && (380...420).contains(bytes.count))
            seen.insert(bytes)
        }
        #expect(seen.count == 200)
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
