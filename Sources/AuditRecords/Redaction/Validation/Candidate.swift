// SPDX-License-Identifier: Apache-2.0

/// A match that a validator may refuse, shorten or extend.
struct Candidate {
    let text: UnsafeRawBufferPointer
    /// All that the pattern matched, boundaries included.
    let whole: Range<Int>
    /// What would go.
    let group: Range<Int>
    /// The name of the member whose value the text is; empty in a name.
    let name: UnsafeRawBufferPointer
    let context: [String]
    let contextWindow: Int
    /// Placeholders in the text and in the name: words in them say nothing.
    let placeholders: [Range<Int>]
    let placeholdersOfName: [Range<Int>]

    /// The bytes that would go.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: text[group]) }

    /// The values of the digits that would go.
    var digits: [Int] { bytes.lazy.filter(\.isDigit).map { Int($0 - UInt8(ascii: "0")) } }

    /// Whether nothing but digits would go.
    var isBare: Bool { bytes.allSatisfy(\.isDigit) }

    /// The digits between other characters: `4111-1111` has two groups of four.
    var groupSizes: [Int] {
        bytes.split(omittingEmptySubsequences: true) { !$0.isDigit }.map(\.count)
    }

    /// The characters that are neither digits nor letters, each once.
    var separators: Set<UInt8> { Set(bytes.lazy.filter { !$0.isAlphanumeric }) }

    /// The byte before what would go, if there is one.
    var before: UInt8? { group.lowerBound > 0 ? text[group.lowerBound - 1] : nil }

    /// The byte after what would go, if there is one.
    var after: UInt8? { group.upperBound < text.count ? text[group.upperBound] : nil }

    /// Whether one of the words stands shortly before the match, or in the member's name.
    var hasContext: Bool {
        let near = max(0, group.lowerBound - contextWindow)..<group.lowerBound
        return context.contains { word in
            Self.has(word, in: text, near, but: placeholders)
                || Self.has(word, in: name, 0..<name.count, but: placeholdersOfName)
        }
    }

    /// Whether it is a part of a decimal fraction, or of a number with a fraction.
    var isInDecimal: Bool {
        let (start, end) = (group.lowerBound, group.upperBound)
        if start >= 2, text[start - 1] == UInt8(ascii: "."), text[start - 2].isDigit { return true }
        return end + 1 < text.count && text[end] == UInt8(ascii: ".") && text[end + 1].isDigit
    }

    /// Whether it lies inside a UUID or a W3C `traceparent`.
    var isInIdentifier: Bool {
        var (start, end) = (group.lowerBound, group.upperBound)
        while start > 0, group.lowerBound - start < 55, text[start - 1].isUUIDByte { start -= 1 }
        while end < text.count, end - group.upperBound < 55, text[end].isUUIDByte { end += 1 }
        let run = UnsafeRawBufferPointer(rebasing: text[start..<end])
        let sizes = run.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            .map(\.count)
        return sizes == [8, 4, 4, 4, 12] || sizes == [2, 32, 16, 2]
    }

    /// Whether a word begins somewhere in a range, letters compared without case; `_`, `-` and a
    /// space in it are one.
    private static func has(
        _ word: String, in text: UnsafeRawBufferPointer, _ range: Range<Int>,
        but placeholders: [Range<Int>]
    ) -> Bool {
        let word = word.utf8
        guard range.count >= word.count else { return false }
        return (range.lowerBound...range.upperBound - word.count).contains { start in
            if start > 0, text[start - 1].isLetter, text[start].isLowercase { return false }
            return zip(text[start...], word).allSatisfy { $0.folded == $1.folded }
                && !placeholders.contains { $0.contains(start) }
        }
    }
}

extension UInt8 {
    var isDigit: Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= self }
    var isLowercase: Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= self }
    var isUppercase: Bool { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self }
    var isLetter: Bool { isLowercase || isUppercase }
    var isAlphanumeric: Bool { isDigit || isLetter }
    var isSpace: Bool { self == 0x20 || 0x09...0x0D ~= self }
    var isHexDigit: Bool {
        isDigit || UInt8(ascii: "a")...UInt8(ascii: "f") ~= self | 0x20 && isLetter
    }
    fileprivate var isUUIDByte: Bool { isHexDigit || self == UInt8(ascii: "-") }
    /// Lower case for letters, a space for what separates words.
    fileprivate var folded: UInt8 {
        if isUppercase { return self | 0x20 }
        return self == UInt8(ascii: "_") || self == UInt8(ascii: "-") ? 0x20 : self
    }
}

extension UnsafeRawBufferPointer {
    /// Whether it is 8-4-4-4-12 hexadecimal digits of either case.
    var isUUID: Bool {
        guard count == 36 else { return false }
        for place in 0..<36 {
            switch place {
            case 8, 13, 18, 23: guard self[place] == UInt8(ascii: "-") else { return false }
            default: guard self[place].isHexDigit else { return false }
            }
        }
        return true
    }
}
