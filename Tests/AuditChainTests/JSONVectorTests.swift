// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

@testable import AuditChain

/// The shared vectors of the JSON layer, and the examples that RFC 8785 prints.
@Suite struct JSONVectorTests {
    struct File: Decodable {
        struct Accepted: Decodable {
            let input, canonical: String
        }
        struct Refused: Decodable {
            let why, input_base64: String
        }
        let accept: [Accepted]
        let refuse: [Refused]
    }

    @Test("Every accepted vector has its canonical text, which is its own canonical text")
    func accepted() throws {
        for vector in try Vectors.decode(File.self, from: "canonical-json").accept {
            let expected = Array(vector.canonical.utf8)
            #expect(try JSONValue.parse(Array(vector.input.utf8)).canonical == expected)
            #expect(try JSONValue.parse(expected).canonical == expected)
            #expect(try canonicalByTape(Array(vector.input.utf8)) == expected)
            #expect(try JSONValue.parse(canonical: expected).canonical == expected)
        }
    }

    @Test("Every refused vector is refused")
    func refused() throws {
        for vector in try Vectors.decode(File.self, from: "canonical-json").refuse {
            let input = try #require(Data(base64Encoded: vector.input_base64))
            #expect(throws: JSONError.self, "\(vector.why)") {
                try JSONValue.parse(Array(input))
            }
        }
    }

    @Test("The sorting example of RFC 8785 §3.2.3")
    func sortingExample() throws {
        let input = #"""
            {
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            }
            """#
        let members = try #require(try JSONValue.parse(Array(input.utf8)).members)
        #expect(
            members.map(\.value) == [
                "Carriage Return", "One", "Control", "Latin Small Letter O With Diaeresis",
                "Euro Sign", "Emoji: Grinning Face", "Hebrew Letter Dalet With Dagesh",
            ])
    }

    @Test("The example of RFC 8785 §3.2.2, without its 1E30, which a record cannot hold")
    func serializationExample() throws {
        let input = #"""
            {
              "numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001],
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            }
            """#
        let expected =
            #"{"literals":[null,true,false],"numbers":[333333333.3333333,4.5,0.002,1e-27],"#
            + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#
        #expect(try canonicalByTape(Array(input.utf8)) == Array(expected.utf8))
    }
}

/// The canonical text as the tape writes it, without a tree between.
func canonicalByTape(_ text: [UInt8]) throws -> [UInt8] {
    try text.withUnsafeBytes { input in
        try JSONTape.parse(input, limits: .record).canonicalText(of: input)
    }
}
