// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Testing

@testable import AuditRecords

@Suite struct BatchTests {
    private func split(
        _ text: String, as format: RecordPreparer.BatchFormat,
        limits: RecordLimits = .default
    ) throws -> [String] {
        let preparer = RecordPreparer(origin: try Origin("h/a"), limits: limits)
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { batch in
            try preparer.split(batch, as: format).map { Bench.text(Array(bytes[$0])) }
        }
    }

    @Test(
        "Items of an array",
        arguments: [
            (#"[{}]"#, ["{}"]),
            (#" [ {"a":[1,2]} , {"b":"],["} ] "#, [#"{"a":[1,2]} "#, #"{"b":"],["} "#]),
            (#"[{"a":"\"]"},{"a":"\\"},3]"#, [#"{"a":"\"]"}"#, #"{"a":"\\"}"#, "3"]),
            (#"[{"a":01},{},{"a":{"b":[{}]}}]"#, [#"{"a":01}"#, "{}", #"{"a":{"b":[{}]}}"#]),
            (#"[{} {},[1,2],"a,b"]"#, ["{} {}", "[1,2]", #""a,b""#]),
        ])
    func array(text: String, items: [String]) throws {
        #expect(try split(text, as: .array) == items)
    }

    @Test(
        "An array that has no structure is refused as a whole",
        arguments: [
            ("", .unexpectedEnd, 0), ("[", .unexpectedEnd, 1), ("[{}", .unexpectedEnd, 3),
            ("[{},", .unexpectedEnd, 4), ("[{},]", .unexpectedByte, 4),
            ("[,{}]", .unexpectedByte, 1),
            ("[{}}]", .unexpectedByte, 3), ("[{}]]", .trailingBytes, 4), ("[{]", .unexpectedEnd, 3),
            (#"[{"a":"]"#, .unexpectedEnd, 8), (#"[{"a":"\"#, .unexpectedEnd, 8),
            ("{}", .unexpectedByte, 0), ("\u{FEFF}[{}]", .byteOrderMark, 0),
            ("[{}] x", .trailingBytes, 5),
        ] as [(String, JSONError.Code, Int)])
    func brokenArray(text: String, reason: JSONError.Code, offset: Int) {
        let error = #expect(throws: RecordError.self) { try split(text, as: .array) }
        #expect(error?.code == .invalidJSON && error?.reason == reason && error?.offset == offset)
    }

    @Test(
        "Items of NDJSON: an object a line, white space around it",
        arguments: [
            ("{}", ["{}"]), ("{}\n", ["{}"]),
            ("{\"a\":1}\n{\"b\":2}\n", ["{\"a\":1}", "{\"b\":2}"]),
            ("{}\r\n{}\r\n", ["{}\r", "{}\r"]), ("\n\n{}\n \t\r\n{}\n\n", ["{}", "{}"]),
            ("{}\nnonsense\n{}", ["{}", "nonsense", "{}"]),
            ("0123456789\n012345678901234\n", ["0123456789", "012345678901234"]),
        ])
    func lines(text: String, items: [String]) throws {
        #expect(try split(text, as: .lines) == items)
    }

    @Test("A CR before the LF is white space; alone it ends no line")
    func carriageReturns() throws {
        let bench = try Bench()
        for item in try split("\(Fixtures.minimal)\r\n\(Fixtures.minimal)\r\n", as: .lines) {
            #expect(bench.refusal(item) == nil)
        }
        let items = try split("\(Fixtures.minimal)\r\(Fixtures.minimal)", as: .lines)
        #expect(items.count == 1 && bench.refusal(items[0])?.reason == .trailingBytes)
    }

    @Test("A batch without items is refused", arguments: ["[]", " [ ] ", "\n", " \r\n ", ""])
    func empty(text: String) {
        let format: RecordPreparer.BatchFormat = text.contains("[") ? .array : .lines
        let error = #expect(throws: RecordError.self) { try split(text, as: format) }
        #expect(error?.code == .emptyBatch)
    }

    @Test("Limits of a batch hold exactly")
    func limits() throws {
        let limits = RecordLimits(itemCount: 3, batchByteCount: 12)
        #expect(try split("[{},{},{}]", as: .array, limits: limits).count == 3)
        #expect(try split("{}\n{}\n{}\n", as: .lines, limits: limits).count == 3)
        for (text, format) in [("[1,2,3,4]", .array), ("1\n2\n3\n4", .lines)]
            as [(String, RecordPreparer.BatchFormat)]
        {
            let error = #expect(throws: RecordError.self) {
                try split(text, as: format, limits: limits)
            }
            #expect(error?.code == .tooManyItems)
        }
        let error = #expect(throws: RecordError.self) {
            try split("[{},{},    {}]", as: .array, limits: limits)
        }
        #expect(error?.code == .oversize)
    }

    @Test("One bad item has its own refusal, and the rest go on")
    func oneBadItem() throws {
        let bench = try Bench()
        let texts = [Fixtures.minimal, #"{"type":01}"#, Fixtures.vendor, "7", Fixtures.modelCall]
        let array = try split("[\(texts.joined(separator: ","))]", as: .array)
        #expect(array.map { bench.refusal($0) == nil } == [true, false, true, false, true])
        let lines = texts.map { $0.split(separator: "\n").joined() }.joined(separator: "\n")
        let items = try split(lines, as: .lines)
        #expect(items.map { bench.refusal($0) == nil } == [true, false, true, false, true])
    }
}
