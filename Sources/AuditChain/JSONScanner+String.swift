// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Reads a string or a name, quotes included.
    mutating func scanString(as kind: JSONTape.Kind) throws(JSONError) {
        let quote = at
        let start = quote + 1
        at = start
        var hasEscape = false
        var isCanonical = true
        while true {
            skipPlain()
            let byte = try peek()
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\") {
                hasEscape = true
                isCanonical = try scanEscape() && isCanonical
            } else if byte < 0x20 {
                throw JSONError(.controlCharacter, at: at)
            } else {
                try scanMultibyte(byte)
            }
        }
        let text = start..<at
        at += 1
        let slice = UnsafeRawBufferPointer(rebasing: input[text])
        if kind == .name, hasEscape {
            tape.appendRewritten(kind, offset: quote) { JSONText.appendUnescaped(slice, to: &$0) }
        } else if !isCanonical {
            tape.appendRewritten(kind, offset: quote) { JSONText.appendCanonical(slice, to: &$0) }
        } else {
            tape.append(kind, offset: quote, text: text)
        }
    }

    /// Moves over printable ASCII other than quotes and backslashes, eight bytes a step.
    @inline(__always)
    private mutating func skipPlain() {
        while at + 8 <= input.count {
            let word = UInt64(
                littleEndian: input.loadUnaligned(fromByteOffset: at, as: UInt64.self))
            let stops = Self.stops(word)
            guard stops == 0 else {
                at += stops.trailingZeroBitCount / 8
                return
            }
            at += 8
        }
        while at < input.count, 0x20..<0x80 ~= input[at], input[at] != UInt8(ascii: "\""),
            input[at] != UInt8(ascii: "\\")
        {
            at += 1
        }
    }

    /// The high bit of each byte that ends a plain run; above the lowest one it may be wrong.
    @inline(__always)
    private static func stops(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let control = (word &- (ones &* 0x20)) & ~word
        return (control | ((quote &- ones) & ~quote) | ((backslash &- ones) & ~backslash) | word)
            & (ones &* 0x80)
    }

    /// Reads the escape at a backslash; true if RFC 8785 would write it the same way.
    private mutating func scanEscape() throws(JSONError) -> Bool {
        let backslash = at
        at += 1
        let letter = try peek()
        at += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return true
        case UInt8(ascii: "/"):
            return false
        case UInt8(ascii: "u"):
            return try scanUnicodeEscape(at: backslash)
        default:
            throw JSONError(.invalidEscape, at: backslash)
        }
    }

    private mutating func scanUnicodeEscape(at backslash: Int) throws(JSONError) -> Bool {
        let unit = try scanCodeUnit(of: backslash)
        guard unit >= 0x20 else {
            let byte = UInt8(truncatingIfNeeded: unit)
            let isLowerCase = !(UInt8(ascii: "A")...UInt8(ascii: "F") ~= input[at - 1])
            return JSONText.shortEscape(of: byte) == nil && isLowerCase
        }
        guard 0xD800..<0xE000 ~= unit else {
            try refuseNoncharacter(unit, at: backslash)
            return false
        }
        guard unit < 0xDC00, input[at...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")])
        else { throw JSONError(.loneSurrogate, at: backslash) }
        at += 2
        let low = try scanCodeUnit(of: at - 2)
        guard 0xDC00..<0xE000 ~= low else { throw JSONError(.loneSurrogate, at: backslash) }
        try refuseNoncharacter(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), at: backslash)
        return false
    }

    private mutating func scanCodeUnit(of backslash: Int) throws(JSONError) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = JSONText.hexValue(try peek()) else {
                throw JSONError(.invalidEscape, at: backslash)
            }
            unit = unit << 4 | digit
            at += 1
        }
        return unit
    }

    /// Reads one character of two to four bytes (Unicode 15, table 3-7).
    private mutating func scanMultibyte(_ lead: UInt8) throws(JSONError) {
        let (count, second): (Int, ClosedRange<UInt8>)
        switch lead {
        case 0xC2...0xDF: (count, second) = (2, 0x80...0xBF)
        case 0xE0: (count, second) = (3, 0xA0...0xBF)
        case 0xE1...0xEC, 0xEE, 0xEF: (count, second) = (3, 0x80...0xBF)
        case 0xED: (count, second) = (3, 0x80...0x9F)
        case 0xF0: (count, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: (count, second) = (4, 0x80...0xBF)
        case 0xF4: (count, second) = (4, 0x80...0x8F)
        default: throw JSONError(.invalidUTF8, at: at)
        }
        guard at + count <= input.count, second ~= input[at + 1] else {
            throw JSONError(.invalidUTF8, at: at)
        }
        var codePoint = UInt32(lead) & (0x7F >> UInt32(count))
        for place in at + 1..<at + count {
            guard 0x80...0xBF ~= input[place] else { throw JSONError(.invalidUTF8, at: at) }
            codePoint = codePoint << 6 | UInt32(input[place] & 0x3F)
        }
        try refuseNoncharacter(codePoint, at: at)
        at += count
    }

    @inline(__always)
    private func refuseNoncharacter(_ codePoint: UInt32, at offset: Int) throws(JSONError) {
        if codePoint & 0xFFFE == 0xFFFE || 0xFDD0...0xFDEF ~= codePoint {
            throw JSONError(.noncharacter, at: offset)
        }
    }
}
