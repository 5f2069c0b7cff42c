// SPDX-License-Identifier: Apache-2.0

/// A text as it is matched, where that is not as it is written, with the way back.
struct DerivedText {
    private(set) var bytes: [UInt8] = []
    /// Of each byte: where what it stands for begins and ends in the text as written.
    private var places: [(start: Int32, end: Int32)] = []

    private init(expecting count: Int) {
        bytes.reserveCapacity(count)
        places.reserveCapacity(count)
    }

    /// What a range of ``bytes`` stands for in the text as written.
    func original(_ range: Range<Int>) -> Range<Int> {
        Int(places[range.lowerBound].start)..<Int(places[range.upperBound - 1].end)
    }

    /// Whether a range stands for more bytes than it has: something in it was passed over.
    func isShortened(_ range: Range<Int>) -> Bool {
        original(range).count > range.count
    }

    /// Whether something was passed over next to one of these bytes.
    func isCut(_ range: Range<Int>, at bytes: Set<UInt8>) -> Bool {
        range.dropLast().contains { place in
            places[place].end != places[place + 1].start
                && (bytes.contains(self.bytes[place]) || bytes.contains(self.bytes[place + 1]))
        }
    }

    private mutating func append(_ byte: UInt8, _ start: Int, _ end: Int) {
        bytes.append(byte)
        places.append((Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: end)))
    }

    /// The text with full-width and foreign digits, full-width letters, odd spaces and dashes as
    /// ASCII, and without characters that have no width; nil if that changes nothing.
    static func folded(_ text: UnsafeRawBufferPointer) -> DerivedText? {
        var derived = DerivedText(expecting: text.count)
        var (at, hasChanged) = (0, false)
        while at < text.count {
            let lead = text[at]
            let count = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
            let end = min(at + count, text.count)
            switch count == 1 ? .same : fold(codePoint(text[at..<end])) {
            case .same: for place in at..<end { derived.append(text[place], place, place + 1) }
            case .nothing: hasChanged = true
            case .byte(let byte):
                hasChanged = true
                derived.append(byte, at, end)
            }
            at = end
        }
        return hasChanged ? derived : nil
    }

    /// The text without its line breaks and the indents after them; nil if it has none.
    static func joined(_ text: UnsafeRawBufferPointer) -> DerivedText? {
        guard text.contains(0x0A) else { return nil }
        var derived = DerivedText(expecting: text.count)
        var at = 0
        while at < text.count {
            let isReturn = text[at] == 0x0D && text[at...].dropFirst().first == 0x0A
            if text[at] == 0x0A || isReturn {
                at = text[at...].prefix(200).prefix(while: \.isSpace).endIndex
            } else {
                derived.append(text[at], at, at + 1)
                at += 1
            }
        }
        return derived
    }

    /// The text with `%XX` undone once; what is no ASCII character then is `?`.
    static func percentDecoded(_ text: UnsafeRawBufferPointer) -> DerivedText {
        var derived = DerivedText(expecting: text.count)
        var at = 0
        while at < text.count {
            if text[at] == UInt8(ascii: "%"), at + 2 < text.count,
                let high = hexValue(text[at + 1]), let low = hexValue(text[at + 2])
            {
                let byte = high << 4 | low
                derived.append(byte < 0x80 ? byte : UInt8(ascii: "?"), at, at + 3)
                at += 3
            } else {
                derived.append(text[at], at, at + 1)
                at += 1
            }
        }
        return derived
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        guard byte.isHexDigit else { return nil }
        return byte.isDigit ? byte - 0x30 : (byte | 0x20) - 0x57
    }

    // MARK: Folding

    private enum Fold {
        case same, nothing
        case byte(UInt8)
    }

    private static func codePoint(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt32 {
        let lead = UInt32(bytes.first ?? 0) & (0x7F >> UInt32(bytes.count))
        return bytes.dropFirst().reduce(lead) { $0 << 6 | UInt32($1 & 0x3F) }
    }

    private static func fold(_ codePoint: UInt32) -> Fold {
        let digit = { (zero: UInt32) in
            Fold.byte(0x30 + UInt8(truncatingIfNeeded: (codePoint - zero) % 10))
        }
        switch codePoint {
        case 0xFF01...0xFF5E: return .byte(UInt8(truncatingIfNeeded: codePoint - 0xFF01 + 0x21))
        case 0xAD, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x2069,
            0xFEFF:
            return .nothing
        case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: return .byte(0x20)
        case 0x2010...0x2015, 0x2212, 0xFE58, 0xFE63: return .byte(UInt8(ascii: "-"))
        case 0xFE6B: return .byte(UInt8(ascii: "@"))
        case 0x2024, 0x3002, 0xFF61: return .byte(UInt8(ascii: "."))
        case 0x0660...0x0669: return digit(0x0660)
        case 0x06F0...0x06F9: return digit(0x06F0)
        case 0x0966...0x096F: return digit(0x0966)
        case 0x1D7CE...0x1D7FF: return digit(0x1D7CE)
        default: return .same
        }
    }
}
