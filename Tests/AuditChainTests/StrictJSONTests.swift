// SPDX-License-Identifier: Apache-2.0

import LogTesting
import Testing

@testable import AuditChain

/// Each rule of the JSON layer, with the code and the offset of its refusal.
@Suite struct StrictJSONTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let text: String
        let code: JSONError.Code
        let offset: Int
        var testDescription: String { "\(code.rawValue): \(text)" }

        init(_ text: String, _ code: JSONError.Code, _ offset: Int) {
            (self.text, self.code, self.offset) = (text, code, offset)
        }
    }

    static let structure = [
        Refusal("", .unexpectedEnd, 0), Refusal(" \n ", .unexpectedEnd, 3),
        Refusal("[1]", .notAnObject, 0), Refusal("  7", .notAnObject, 2),
        Refusal("null", .notAnObject, 0), Refusal("{\"a\":1", .unexpectedEnd, 6),
        Refusal("{\"a\":\"b", .unexpectedEnd, 7), Refusal("{\"a\"", .unexpectedEnd, 4),
        Refusal("{\"a\":1,}", .unexpectedByte, 7), Refusal("{,}", .unexpectedByte, 1),
        Refusal("{\"a\" 1}", .unexpectedByte, 5), Refusal("{\"a\":[1,]}", .unexpectedByte, 8),
        Refusal("{\"a\":[1 2]}", .unexpectedByte, 8), Refusal("{\"a\":}", .unexpectedByte, 5),
        Refusal("{'a':1}", .unexpectedByte, 1), Refusal("{a:1}", .unexpectedByte, 1),
        Refusal("{\"a\":1/**/}", .unexpectedByte, 6), Refusal("{\"a\":tru}", .unexpectedByte, 8),
        Refusal("{\"a\":True}", .unexpectedByte, 5), Refusal("{\"a\":1]", .unexpectedByte, 6),
        Refusal("{} x", .trailingBytes, 3), Refusal("{}{}", .trailingBytes, 2),
        Refusal("{}\u{0}", .trailingBytes, 2), Refusal("\u{FEFF}{}", .byteOrderMark, 0),
        Refusal("\u{A0}{}", .notAnObject, 0), Refusal("{\u{B}}", .unexpectedByte, 1),
    ]

    static let strings = [
        Refusal("{\"a\":\"\u{1}\"}", .controlCharacter, 6),
        Refusal("{\"a\":\"12345678\n\"}", .controlCharacter, 14),
        Refusal(#"{"a":"\x41"}"#, .invalidEscape, 6),
        Refusal(#"{"a":"\u12g4"}"#, .invalidEscape, 6),
        Refusal(#"{"a":"\u12"}"#, .invalidEscape, 6), Refusal(#"{"a":"\"#, .unexpectedEnd, 7),
        Refusal(#"{"a":"b\ud800"}"#, .loneSurrogate, 7),
        Refusal(#"{"a":"\udc00"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ude00\ud83d"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ud83d\u0041"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ud83d\ue000"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ud83d\udbff"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ud83dA"}"#, .loneSurrogate, 6),
        Refusal(#"{"a":"\ufffe"}"#, .noncharacter, 6), Refusal(#"{"\ufdd0":1}"#, .noncharacter, 2),
        Refusal(#"{"a":"\ud83f\udfff"}"#, .noncharacter, 6),
        Refusal(#"{"a":1,"b":2,"a":3}"#, .duplicateMember, 13),
        Refusal(#"{"a":1,"\u0061":3}"#, .duplicateMember, 7),
        Refusal(#"{"é":1,"\u00e9":3}"#, .duplicateMember, 8),
        Refusal(#"{"x":{"b":1,"b":1}}"#, .duplicateMember, 12),
        Refusal(#"{"x":[{"":1,"":1}]}"#, .duplicateMember, 12),
    ]

    static let numbers = [
        Refusal(#"{"a":01}"#, .invalidNumber, 5), Refusal(#"{"a":-01}"#, .invalidNumber, 5),
        Refusal(#"{"a":+1}"#, .invalidNumber, 5), Refusal(#"{"a":.5}"#, .invalidNumber, 5),
        Refusal(#"{"a":1.}"#, .invalidNumber, 5), Refusal(#"{"a":-}"#, .invalidNumber, 5),
        Refusal(#"{"a":1e}"#, .invalidNumber, 5), Refusal(#"{"a":1e+}"#, .invalidNumber, 5),
        Refusal(#"{"a":0x10}"#, .unexpectedByte, 6), Refusal(#"{"a":1.e3}"#, .invalidNumber, 5),
        Refusal(#"{"a":NaN}"#, .nonFiniteNumber, 5), Refusal(#"{"a":Nan}"#, .unexpectedByte, 5),
        Refusal(#"{"a":-Infinity}"#, .nonFiniteNumber, 6),
        Refusal(#"{"a":Infinity}"#, .nonFiniteNumber, 5),
        Refusal(#"{"a":9007199254740992}"#, .numberTooLarge, 5),
        Refusal(#"{"a":-9007199254740992}"#, .numberTooLarge, 5),
        Refusal(#"{"a":9007199254740991.5}"#, .numberTooLarge, 5),
        // Rounds to a double that would be small enough, but is not so itself.
        Refusal(#"{"a":9007199254740991.1}"#, .numberTooLarge, 5),
        Refusal(#"{"a":900719925474099.11e1}"#, .numberTooLarge, 5),
        Refusal(#"{"a":1e16}"#, .numberTooLarge, 5),
        Refusal(#"{"a":1E999999999999}"#, .numberTooLarge, 5),
        Refusal(#"{"a":0.0000001e99999999999999999999}"#, .numberTooLarge, 5),
        Refusal(#"{"a":1e-400}"#, .numberRoundsToZero, 5),
        Refusal(#"{"a":-2e-324}"#, .numberRoundsToZero, 5),
        Refusal(#"{"a":1e-99999999999999999999}"#, .numberRoundsToZero, 5),
        Refusal(#"{"a":0.123456789012345678}"#, .numberTooPrecise, 5),
        Refusal(#"{"a":1000000000000000.01}"#, .numberTooPrecise, 5),
        Refusal(#"{"a":1111111111111111111}"#, .numberTooPrecise, 5),
    ]

    @Test("A refusal says which rule and where", arguments: structure + strings + numbers)
    func refusal(_ refusal: Refusal) {
        #expect(throws: JSONError(refusal.code, at: refusal.offset)) {
            try JSONValue.parse(Array(refusal.text.utf8))
        }
    }

    @Test(
        "Bytes that are not UTF-8 are refused where they begin",
        arguments: [
            [0x80], [0xBF], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x22], [0xE0, 0x9F, 0xBF],
            [0xE2, 0x82], [0xE2, 0x82, 0x22], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x9F, 0x98], [0xF5, 0x80, 0x80, 0x80], [0xFF],
        ] as [[UInt8]])
    func invalidUTF8(bytes: [UInt8]) {
        let text = Array(#"{"a":"b"#.utf8) + bytes + Array(#""}"#.utf8)
        #expect(throws: JSONError(.invalidUTF8, at: 7)) { try JSONValue.parse(text) }
        #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.dropLast(2))) }
    }

    @Test(
        "Noncharacters are refused where they begin",
        arguments: [
            [0xEF, 0xB7, 0x90], [0xEF, 0xB7, 0xAF], [0xEF, 0xBF, 0xBE], [0xEF, 0xBF, 0xBF],
            [0xF0, 0x9F, 0xBF, 0xBE], [0xF4, 0x8F, 0xBF, 0xBF],
        ] as [[UInt8]])
    func noncharacters(bytes: [UInt8]) {
        let text = Array(#"{"a":"b"#.utf8) + bytes + Array(#""}"#.utf8)
        #expect(throws: JSONError(.noncharacter, at: 7)) { try JSONValue.parse(text) }
    }

    @Test(
        "Odd but legal text is accepted",
        arguments: [
            (#"{"a":0.1e1}"#, #"{"a":1}"#),
            (#"{"a":1000000000000000}"#, #"{"a":1000000000000000}"#),
            (#"{"a":1e-6}"#, #"{"a":0.000001}"#),
            (#"{"a":12345678901234567e-30}"#, #"{"a":1.2345678901234567e-14}"#),
            (#"{"a":0.00000000000000000000000000000000}"#, #"{"a":0}"#),
            (#"{"a":-0e-99999999999999999999}"#, #"{"a":0}"#),
            (#"{"a":3e-324}"#, #"{"a":5e-324}"#),
            (#"{"a":900719925474099.10e1}"#, #"{"a":9007199254740991}"#),
            (#"{"a":"\uD83D\uDE00\u001F\u001f\u0008\t"}"#, #"{"a":"😀\u001f\u001f\b\t"}"#),
            (#"{"\"\\\/\u0007":1}"#, #"{"\"\\/\u0007":1}"#), ("\t{\r\n}\n", "{}"),
            (#"{"a":"\ufeff"}"#, "{\"a\":\"\u{FEFF}\"}"),
        ])
    func accepted(text: String, canonical: String) throws {
        #expect(try canonicalByTape(Array(text.utf8)) == Array(canonical.utf8))
        #expect(try JSONValue.parse(Array(text.utf8)).canonical == Array(canonical.utf8))
    }

    @Test("Limits hold exactly")
    func limits() throws {
        func objects(_ depth: Int) -> [UInt8] {
            Array((String(repeating: #"{"a":"#, count: depth - 1) + "{}").utf8)
                + Array(String(repeating: "}", count: depth - 1).utf8)
        }
        func arrays(_ depth: Int) -> [UInt8] {
            Array(#"{"a":"#.utf8) + Array(repeating: UInt8(ascii: "["), count: depth - 1)
                + Array(repeating: UInt8(ascii: "]"), count: depth - 1) + Array("}".utf8)
        }
        func members(_ count: Int) -> [UInt8] {
            let rest = (0..<count - 1).map { "\"\($0 * 7919 % 1009)\":\($0)" }
            return Array("{\"nested\":{\(rest.joined(separator: ","))}}".utf8)
        }
        _ = try JSONValue.parse(objects(32))
        _ = try JSONValue.parse(arrays(32))
        _ = try JSONValue.parse(members(1000))
        #expect(throws: JSONError(.tooDeep, at: 160)) { try JSONValue.parse(objects(33)) }
        #expect(throws: JSONError(.tooDeep, at: 36)) { try JSONValue.parse(arrays(33)) }
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(members(1001)) }
        #expect(error?.code == .tooManyMembers)
        let text = Array(#"{"a":"bc"}"#.utf8)
        _ = try JSONValue.parse(text, limits: JSONLimits(byteCount: 10))
        #expect(throws: JSONError(.tooLarge, at: 9)) {
            try JSONValue.parse(text, limits: JSONLimits(byteCount: 9))
        }
    }

    @Test("A name repeated among many is found at its second place")
    func duplicateAmongMany() {
        let names = (0..<200).map { "\"n\($0 * 37 % 200)\":0" } + ["\"n111\":1"]
        let text = "{\(names.joined(separator: ","))}"
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.utf8)) }
        #expect(error == JSONError(.duplicateMember, at: text.utf8.count - "\"n111\":1}".count))
    }

    @Test("Text must be canonical where that is asked for")
    func notCanonical() {
        for (text, offset) in [(#"{"a": 1}"#, 5), (#"{"b":1,"a":2}"#, 2), (#"{"a":1.0}"#, 6)] {
            #expect(throws: JSONError(.notCanonical, at: offset)) {
                try JSONValue.parse(canonical: Array(text.utf8))
            }
        }
    }

    @Test("Every prefix of a text is refused")
    func prefixes() {
        let text = Array(#"{"a":[1,{"é":"\ud83d\ude00"}],"b":-1.5e3,"c":null}"#.utf8)
        for prefix in everyPrefix(of: text) {
            #expect(throws: JSONError.self) { try JSONValue.parse(prefix) }
        }
    }
}
