// SPDX-License-Identifier: Apache-2.0

/// Names whose values go, wherever they stand.
///
/// A term is the whole name or the end of it: from the start, behind a separator, or at a capital
/// (`userPassword`). `_` in a term stands for a separator or nothing.
struct DeniedNames: Sendable {
    private let terms: [[UInt8]]

    /// - Parameter terms: Lower-case words joined by `_`.
    init(_ terms: Set<String>) {
        self.terms = terms.sorted().map { Array($0.utf8) }
    }

    /// Matches where a JSON text has a member with such a name.
    var trigger: String? {
        guard !terms.isEmpty else { return nil }
        let words = terms.map { term in
            term.split(separator: UInt8(ascii: "_"))
                .map { String(decoding: $0, as: UTF8.self) }.joined(separator: "[^A-Za-z0-9\"]?")
        }
        return "(?i)(?:\(words.joined(separator: "|")))[^A-Za-z0-9\"]{0,3}\"[ \\t\\r\\n]*:"
    }

    static func isTerm(_ text: String) -> Bool {
        1...40 ~= text.utf8.count && text.utf8.first != UInt8(ascii: "_")
            && text.utf8.last != UInt8(ascii: "_")
            && text.utf8.allSatisfy { $0.isLowercase || $0.isDigit || $0 == UInt8(ascii: "_") }
    }

    /// Whether the value of that name goes; numbers of a name that ends in `token` stay, for they
    /// count or number something.
    func contains(_ name: UnsafeRawBufferPointer, isNumber: Bool) -> Bool {
        var end = name.count
        while end > 0, name.count - end < 3, Self.trailing.contains(name[end - 1]) { end -= 1 }
        for start in 0..<end where Self.beginsWord(name, start) {
            for term in terms
            where name[start] | 0x20 == term[0] | 0x20
                && Self.matches(term, name, start, end)
            {
                return !(isNumber && term.elementsEqual("token".utf8))
            }
        }
        return false
    }

    /// What may stand between a name and its end; no bracket, for that may end a placeholder.
    private static let trailing: Set<UInt8> = [0x20, UInt8(ascii: ":"), UInt8(ascii: "=")]

    private static func beginsWord(_ name: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        guard start > 0 else { return true }
        let (before, byte) = (name[start - 1], name[start])
        if !before.isAlphanumeric { return byte.isAlphanumeric }
        guard byte.isUppercase else { return false }
        return !before.isUppercase || (start + 1 < name.count && name[start + 1].isLowercase)
    }

    private static func matches(
        _ term: [UInt8], _ name: UnsafeRawBufferPointer, _ start: Int, _ end: Int
    ) -> Bool {
        var at = start
        for byte in term {
            if byte == UInt8(ascii: "_") {
                if at < end, !name[at].isAlphanumeric { at += 1 }
                continue
            }
            guard at < end, (name[at].isUppercase ? name[at] | 0x20 : name[at]) == byte else {
                return false
            }
            at += 1
        }
        return at == end
    }
}
