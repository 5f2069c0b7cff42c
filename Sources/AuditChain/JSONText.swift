// SPDX-License-Identifier: Apache-2.0

/// The text of JSON strings: RFC 8785 §3.2.2.2 escapes, and their undoing.
enum JSONText {
    /// Appends the canonical text of a string, without quotes, for unescaped UTF-8.
    static func appendEscaped(_ byte: UInt8, to out: inout some RangeReplaceableCollection<UInt8>) {
        if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            out.append(UInt8(ascii: "\\"))
            out.append(byte)
        } else if byte >= 0x20 {
            out.append(byte)
        } else {
            out.append(UInt8(ascii: "\\"))
            if let letter = shortEscape(of: byte) {
                out.append(letter)
            } else {
                out.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, 0x30 + byte >> 4])
                out.append(hexDigit(byte & 0xF))
            }
        }
    }

    /// Appends the unescaped UTF-8 of a string's text.
    ///
    /// The text must have been checked before.
    static func appendUnescaped(
        _ text: UnsafeRawBufferPointer, to out: inout some RangeReplaceableCollection<UInt8>
    ) {
        forEachPiece(of: text) { bytes, _ in out.append(contentsOf: bytes) }
    }

    /// Appends the canonical text for a string's text as written.
    ///
    /// It must have been checked before.
    static func appendCanonical(
        _ text: UnsafeRawBufferPointer, to out: inout some RangeReplaceableCollection<UInt8>
    ) {
        forEachPiece(of: text) { bytes, isEscaped in
            if isEscaped {
                for byte in bytes { appendEscaped(byte, to: &out) }
            } else {
                out.append(contentsOf: bytes)
            }
        }
    }

    /// The letter of the two-character escape that RFC 8785 uses for a control character.
    static func shortEscape(of byte: UInt8) -> UInt8? {
        switch byte {
        case 0x08: UInt8(ascii: "b")
        case 0x09: UInt8(ascii: "t")
        case 0x0A: UInt8(ascii: "n")
        case 0x0C: UInt8(ascii: "f")
        case 0x0D: UInt8(ascii: "r")
        default: nil
        }
    }

    /// The value of a hexadecimal digit of either case, or nil.
    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    /// Splits checked text into runs without escapes, and the UTF-8 of each escape.
    private static func forEachPiece(
        of text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, _ isEscaped: Bool) -> Void
    ) {
        var at = 0
        while at < text.count {
            let run = text[at...].prefix { $0 != UInt8(ascii: "\\") }
            if !run.isEmpty { body(UnsafeRawBufferPointer(rebasing: run), false) }
            at = run.endIndex
            guard at < text.count else { return }
            var utf8 = [UInt8]()
            at = appendEscape(in: text, at: at, to: &utf8)
            utf8.withUnsafeBytes { body($0, true) }
        }
    }

    /// Appends the UTF-8 of the escape at a backslash, and returns the place after it.
    private static func appendEscape(
        in text: UnsafeRawBufferPointer, at backslash: Int, to utf8: inout [UInt8]
    ) -> Int {
        let letter = text[backslash + 1]
        guard letter == UInt8(ascii: "u") else {
            utf8.append(character(ofEscape: letter))
            return backslash + 2
        }
        let unit = codeUnit(in: text, at: backslash + 2)
        guard 0xD800..<0xDC00 ~= unit else {
            append(unit, to: &utf8)
            return backslash + 6
        }
        let low = codeUnit(in: text, at: backslash + 8)
        append(0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00), to: &utf8)
        return backslash + 12
    }

    private static func character(ofEscape letter: UInt8) -> UInt8 {
        switch letter {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "r"): 0x0D
        default: letter
        }
    }

    private static func codeUnit(in text: UnsafeRawBufferPointer, at start: Int) -> UInt32 {
        text[start..<start + 4].reduce(0) { $0 << 4 | (hexValue($1) ?? 0) }
    }

    private static func append(_ codePoint: UInt32, to utf8: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(codePoint) else {
            preconditionFailure("the text was not checked")
        }
        utf8.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    }
}
