// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import AuditChain

@Suite struct JSONValueTests {
    @Test("A value made in code is written in canonical form")
    func literals() {
        let value: JSONValue = [
            "b": [1, "two\n", true, .null], "a": ["z": 0, "y": .number(0.5)],
            "c": .integer(9_007_199_254_740_991 as UInt64),
        ]
        let text = #"{"a":{"y":0.5,"z":0},"b":[1,"two\n",true,null],"c":9007199254740991}"#
        #expect(String(decoding: value.canonical, as: UTF8.self) == text)
    }

    @Test("Parts are read by their kind")
    func reading() throws {
        let value = try JSONValue.parse(Array(#"{"a":[1,-1,0.5,"é"],"é":2,"e\u0301":3}"#.utf8))
        let elements = try #require(value["a"]?.elements)
        #expect(elements.map(\.unsigned) == [1, nil, nil, nil])
        #expect(elements[3].text == "é")
        #expect(value["é"]?.unsigned == 2)
        #expect(value["e\u{301}"]?.unsigned == 3)
        #expect(value["b"] == nil && value["a"]?.members == nil && value.members?.count == 3)
        #expect(value != .null && value["a"]?.elements?[0] == 1)
    }

    @Test("Equal to the eye is not equal")
    func scalars() {
        #expect(JSONValue.string("é") != .string("e\u{301}"))
    }

    @Test("A refusal never repeats what it refuses")
    func canary() {
        let canary = "s3cret-canary"
        for text in [
            "{\"\(canary)\":1,\"\(canary)\":2}", "{\"a\":\"\(canary)\u{1}\"}", "{\"a\":\(canary)}",
            "{\"a\":1}\(canary)", "{\"\(canary)", "{\"a\":1e999,\"b\":\"\(canary)\"}",
        ] {
            let error = #expect(throws: JSONError.self) { try JSONValue.parse(Array(text.utf8)) }
            #expect(!String(reflecting: error).contains("canary"))
            let description = error?.description ?? "none"
            #expect(!description.contains("canary"))
        }
    }
}
