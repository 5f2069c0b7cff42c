// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogTesting
import Testing

@testable import AuditChain

/// Random texts, grown by a grammar and then damaged.
///
/// A failure prints the seed that repeats it.
@Suite struct JSONFuzzTests {
    static let seeds = (0..<8).map { _ in UInt64.random(in: .min ... .max) }

    @Test(
        "What is accepted has one canonical text, which is accepted and is its own",
        arguments: seeds)
    func fixedPoint(seed: UInt64) throws {
        var source = TextSource(generator: SeededGenerator(seed: seed))
        var accepted = 0
        for _ in 0..<2_000 {
            let text = source.damaged(source.object(depth: 4))
            guard let canonical = try? canonicalByTape(text) else { continue }
            accepted += 1
            #expect(try canonicalByTape(canonical) == canonical, "seed \(seed)")
            #expect(try JSONValue.parse(text).canonical == canonical, "seed \(seed)")
            #expect(try JSONValue.parse(canonical: canonical).canonical == canonical)
        }
        #expect(accepted > 200, "seed \(seed): the source has lost its grip")
    }

    @Test("Canonical text means what the text meant to another parser", arguments: seeds)
    func sameMeaning(seed: UInt64) throws {
        // Foundation on Linux takes canonically equivalent names for one.
        var source = TextSource(generator: SeededGenerator(seed: seed), accents: ["é"])
        for _ in 0..<60 {
            let text = source.object(depth: 4)
            guard let canonical = try? canonicalByTape(text) else { continue }
            let before = try JSONSerialization.jsonObject(with: Data(text)) as? NSDictionary
            let after = try JSONSerialization.jsonObject(with: Data(canonical)) as? NSDictionary
            #expect(before == after, "seed \(seed)")
        }
    }

    @Test("The order of members never shows in the canonical text", arguments: seeds)
    func shuffled(seed: UInt64) throws {
        var source = TextSource(generator: SeededGenerator(seed: seed))
        for _ in 0..<500 {
            let text = source.object(depth: 3)
            guard let value = try? JSONValue.parse(text) else { continue }
            let other = source.shuffledText(value)
            #expect(try canonicalByTape(Array(other.utf8)) == value.canonical, "seed \(seed)")
        }
    }
}

/// Makes JSON texts that are mostly legal and seldom dull.
struct TextSource {
    var generator: SeededGenerator
    var accents = ["é", "e\u{301}"]

    mutating func object(depth: Int) -> [UInt8] {
        Array(text(ofObject: depth).utf8)
    }

    /// The text as it is, or with one byte changed, removed or doubled.
    mutating func damaged(_ text: [UInt8]) -> [UInt8] {
        var text = text
        let place = Int.random(in: text.indices, using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: text[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: text.remove(at: place)
        case 2: text.insert(text[place], at: place)
        case 3:
            text.insert(
                Array("{}[],:\"\\ue10-+.".utf8).randomElement(using: &generator) ?? 0, at: place)
        default: break
        }
        return text
    }

    /// The same value, members in another order and white space where it may stand.
    mutating func shuffledText(_ value: JSONValue) -> String {
        switch value {
        case .object(let members):
            let texts = members.shuffled(using: &generator).map { member in
                let name = String(decoding: JSONValue.string(member.name).canonical, as: UTF8.self)
                return "\(space())\(name)\(space()):\(space())\(shuffledText(member.value))"
            }
            return "{\(texts.joined(separator: ","))\(space())}"
        case .array(let elements):
            let texts = elements.map { shuffledText($0) + space() }
            return "[\(texts.joined(separator: ", "))]"
        default:
            return String(decoding: value.canonical, as: UTF8.self)
        }
    }

    private mutating func text(ofObject depth: Int) -> String {
        let members = (0..<Int.random(in: 0...6, using: &generator)).map { _ in
            "\(space())\(string(short: true))\(space()):\(space())\(value(depth - 1))\(space())"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private mutating func value(_ depth: Int) -> String {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &generator) {
        case 0: return ["null", "true", "false"].randomElement(using: &generator) ?? ""
        case 1...3: return number()
        case 4...6: return string(short: false)
        case 7: return "[\((0..<3).map { _ in value(depth - 1) }.joined(separator: ","))]"
        default: return text(ofObject: depth)
        }
    }

    private mutating func number() -> String {
        let digits = String(UInt64.random(in: 0...99_999_999, using: &generator))
        let fraction =
            Bool.random(using: &generator)
            ? ".\(UInt16.random(in: 0...999, using: &generator))" : ""
        let exponents = ["", "", "", "e3", "E-5", "e+0", "e-300", "e8"]
        let sign = Bool.random(using: &generator) ? "-" : ""
        return sign + digits + fraction + (exponents.randomElement(using: &generator) ?? "")
    }

    private mutating func string(short: Bool) -> String {
        let pieces =
            [
                "a", "b", "type", "command", "/tmp/x y", "€", "😀", "\u{E000}",
                "\u{10000}",
                #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\u0007"#, #"\u001F"#, #"\u20ac"#,
                #"\ud83d\ude00"#,
                "ünïcødé", "0123456789abcdef",
            ] + accents
        let count = Int.random(in: 0...(short ? 3 : 8), using: &generator)
        let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        return "\"\(text)\""
    }

    private mutating func space() -> String {
        ["", "", "", " ", "\n", "\t\r"].randomElement(using: &generator) ?? ""
    }
}
