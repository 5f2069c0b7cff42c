// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogTesting
import Testing

@testable import AuditRecords

@Suite("Numbers as text")
struct NumbersAsTextTests {
    let plain: Bench
    let bench: Bench

    init() throws {
        plain = try Bench()
        bench = try Bench(options: RecordOptions(numbersAsText: true))
    }

    private func text(_ more: String) -> String {
        #"{"type":"a.b","actor":{"id":"x","type":"service"},"# + more + "}"
    }

    @Test(
        "A number that the format refuses becomes a string of the same text, and is counted",
        arguments: [
            ("9007199254740993", 1), ("-9007199254740993", 1), ("1e400", 1), ("1e-400", 1),
            ("0.123456789012345678", 1), ("NaN", 1), ("Infinity", 1), ("-Infinity", 1),
            ("1E+22", 1), ("12345678901234567890", 1),
        ])
    func refused(number: String, count: Int) throws {
        for member in ["arguments", "result", "usage", "labels", "details"] {
            let body = text(#""\#(member)":{"n":[1.5,\#(number)],"s":"7"}"#)
            #expect(plain.refusal(body)?.code == .invalidJSON)
            let record = try JSONValue.parse(canonical: bench.prepare(body).canonical)
            let expected: JSONValue = ["n": [.number(1.5), .string(number)], "s": "7"]
            #expect(record[member] == expected)
            #expect(record["redactions"] == ["number_as_text": .integer(count)])
            #expect(record["redaction_policy"] == nil)
        }
    }

    @Test("A record without such numbers is what it is without the option")
    func untouched() throws {
        for text in Fixtures.all {
            #expect(try bench.prepare(text).canonical == plain.prepare(text).canonical)
        }
    }

    @Test("Every such number counts, also one that is the whole value")
    func several() throws {
        let body = text(
            #""details":1e999,"usage":{"a":18446744073709551615,"b":9007199254740991,"c":NaN}"#)
        let record = try JSONValue.parse(canonical: bench.prepare(body).canonical)
        #expect(record["details"] == "1e999")
        #expect(record["usage"]?["b"] == .integer(9_007_199_254_740_991))
        #expect(record["redactions"] == ["number_as_text": 3])
    }

    @Test(
        "Anything else is refused as ever, at its place in what was sent",
        arguments: [
            (#""duration_us":9007199254740993"#, .numberTooLarge, "9007"),
            (#""source":{"port":1e99}"#, .numberTooLarge, "1e99"),
            (#""details":[1e99,1e99],"severity":1e98"#, .numberTooLarge, "1e98"),
            (#""details":[1e99,01]"#, .invalidNumber, "01]"),
            (#""details":[1e99,Nope]"#, .unexpectedByte, "Nope"),
            (#""details":[NaNs]"#, .nonFiniteNumber, "NaNs"),
            (#""det\u0061ils":[1e99]"#, .numberTooLarge, "1e99"),
            (#""target":[{"id":"details","n":1e99}]"#, .numberTooLarge, "1e99"),
        ] as [(String, JSONError.Code, String)])
    func others(more: String, reason: JSONError.Code, place: String) {
        let body = text(more)
        let refusal = bench.refusal(body)
        #expect(refusal?.code == .invalidJSON && refusal?.reason == reason)
        let bytes = Array(body.utf8)
        #expect(refusal?.offset == bytes.indices.last { bytes[$0...].starts(with: place.utf8) })
    }

    @Test("A refusal of the schema is placed in what was sent too")
    func schemaPlace() {
        let head = #"{"type":"a.b","details":[1e99,NaN],"actor":"#
        let refusal = bench.refusal(head + "7}")
        #expect(refusal?.path == "actor" && refusal?.offset == head.utf8.count)
    }

    @Test("The limit of bytes is that of what was sent")
    func limit() throws {
        let body = text(#""details":[1e99,1e99,1e99]"#)
        let exact = RecordLimits(record: JSONLimits(byteCount: body.utf8.count))
        let options = RecordOptions(numbersAsText: true)
        #expect(try Bench(limits: exact, options: options).refusal(body) == nil)
        #expect(try Bench(limits: exact, options: options).refusal(body + " ")?.code == .oversize)
    }

    @Test("Retries compare equal, and no prefix of such a record is taken")
    func form() throws {
        let body = text(#""details":[1e99,"a"]"#)
        #expect(try bench.prepare(body).form == bench.prepare(body + "\n").form)
        for prefix in everyPrefix(of: Array(body.utf8)) {
            #expect(bench.refusal(Bench.text(prefix)) != nil)
        }
    }
}
