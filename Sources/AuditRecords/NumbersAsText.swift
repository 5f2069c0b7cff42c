// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Puts quotes around the numbers of free-form members that the record format refuses.
///
/// It runs only on text that the parser has refused for such a number, and only looks at brackets,
/// strings and numbers: whatever else is wrong with the text is left for the parser to find.
struct NumbersAsText {
    /// The text with the quotes added.
    private(set) var text: [UInt8] = []
    /// Numbers that became strings.
    private(set) var count = 0
    /// The places in ``text`` of the quotes that were added.
    private var quotes: [Int] = []

    private let input: UnsafeRawBufferPointer
    private var at = 0
    private var depth = 0
    /// The last string at the record's own level: its member's name, if a value follows.
    private var name = 0..<0

    /// Whether a refusal may be cured.
    static func mayCure(_ code: JSONError.Code) -> Bool {
        switch code {
        case .numberTooLarge, .numberTooPrecise, .numberRoundsToZero, .nonFiniteNumber: true
        default: false
        }
    }

    init(_ input: UnsafeRawBufferPointer) {
        self.input = input
        text.reserveCapacity(input.count + 64)
        while at < input.count { copyToken() }
    }

    /// The place in what was sent of a place in ``text``.
    func offset(_ place: Int) -> Int {
        place - quotes.count { $0 < place }
    }

    private mutating func copyToken() {
        switch input[at] {
        case UInt8(ascii: "\""): copyString()
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            depth += 1
            copy(1)
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
            depth -= 1
            copy(1)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "N"),
            UInt8(ascii: "I"):
            copyNumber()
        default: copy(1)
        }
    }

    private mutating func copyString() {
        var end = at + 1
        while end < input.count, input[end] != UInt8(ascii: "\"") {
            end += input[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        end = min(end + 1, input.count)
        if depth == 1 { name = at + 1..<max(end - 1, at + 1) }
        copy(end - at)
    }

    private mutating func copyNumber() {
        let end = input[at...].firstIndex { !Self.isNumberByte($0) } ?? input.count
        let number = UnsafeRawBufferPointer(rebasing: input[at..<end])
        guard isInFreeForm, Self.isRefused(number) else {
            copy(max(number.count, 1))
            return
        }
        count += 1
        appendQuote()
        copy(number.count)
        appendQuote()
    }

    private mutating func appendQuote() {
        quotes.append(text.count)
        text.append(UInt8(ascii: "\""))
    }

    private mutating func copy(_ byteCount: Int) {
        text.append(contentsOf: input[at..<at + byteCount])
        at += byteCount
    }

    /// Whether the value at hand belongs to a free-form member.
    ///
    /// A name that is written with escapes is not recognised: its numbers stay refused.
    private var isInFreeForm: Bool {
        let name = UnsafeRawBufferPointer(rebasing: input[name])
        return depth >= 1 && SchemaMember(named: name)?.isFreeForm == true
    }

    /// Whether the parser refuses a number for its value, and not for how it is written.
    private static func isRefused(_ number: UnsafeRawBufferPointer) -> Bool {
        if number.count <= 15, number.allSatisfy({ $0 != UInt8(ascii: ".") && $0 | 0x20 < 0x61 }) {
            return false
        }
        let positive = number.first == UInt8(ascii: "-") ? number.dropFirst() : number[...]
        if number.elementsEqual("NaN".utf8) || positive.elementsEqual("Infinity".utf8) {
            return true
        }
        guard let digit = positive.first, digit < UInt8(ascii: "A") else { return false }
        let alone = Array("{\"n\":".utf8) + Array(number) + Array("}".utf8)
        return alone.withUnsafeBytes { text in
            do throws(JSONError) {
                _ = try JSONTape.parse(text, limits: .disclosed)
                return false
            } catch {
                return mayCure(error.code)
            }
        }
    }

    /// Bytes of numbers and of the words NaN and Infinity.
    private static func isNumberByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }
}
