// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// How a line of JSON is written, without what it says: names in their order and spelling, brackets
/// and white space as they were, and `~` for each string, number, true, false and null.
///
/// A digit behind `~` says how a string's characters are escaped where that is not as kerno does.
/// Names are content, so a layout lies beside the values it belongs to and goes with them.
struct KernoLayout {
    let text: String

    init(_ text: String) { self.text = text }

    /// The layout of an object that has been parsed without an error; nil if a value is written in a
    /// way that has no digit, or a number not as short as it can be.
    init?(of line: [UInt8]) {
        var out: [UInt8] = []
        var at = 0
        while at < line.count {
            switch line[at] {
            case UInt8(ascii: "\""):
                let end = Self.endOfString(line, at)
                let raw = Array(line[at..<end])
                if Self.isName(line, end) {
                    out += raw
                } else {
                    guard let style = StringStyle.style(of: raw) else { return nil }
                    out += style.mark
                }
                at = end
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "t"),
                UInt8(ascii: "f"), UInt8(ascii: "n"):
                let end = line[at...].firstIndex { !Self.isScalarByte($0) } ?? line.count
                out.append(UInt8(ascii: "~"))
                at = end
            case let byte:
                out.append(byte)
                at += 1
            }
        }
        text = String(decoding: out, as: UTF8.self)
    }

    /// The place after the string that begins with the quote at `start`.
    static func endOfString(_ bytes: [UInt8], _ start: Int) -> Int {
        var at = start + 1
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(at + 1, bytes.count)
    }

    private static func isName(_ bytes: [UInt8], _ end: Int) -> Bool {
        bytes[end...].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: ":")
    }

    private static func isScalarByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

/// How the characters of a string are escaped.
enum StringStyle: UInt8, CaseIterable {
    /// As Go does since 1.22 without escapes for HTML: what kerno writes.
    case plain
    /// As Go did before: \b and \f by number.
    case numbered
    /// As Go does with escapes for HTML.
    case html
    /// As Python does: everything that is not ASCII by number.
    case ascii
    /// As Go does with bytes that were no UTF-8: U+FFFD by number.
    case replaced

    /// What stands in a layout for a string of this style.
    var mark: [UInt8] {
        self == .plain ? [UInt8(ascii: "~")] : [UInt8(ascii: "~"), UInt8(ascii: "0") + rawValue]
    }

    /// The style that writes a string as it is written here, quotes included; nil if none does.
    static func style(of raw: [UInt8]) -> StringStyle? {
        guard let text = text(of: raw) else { return nil }
        return allCases.first { $0.quoted(text) == raw }
    }

    /// What a string that is written like this says.
    static func text(of raw: [UInt8]) -> String? {
        let object = Array(#"{"s":"#.utf8) + raw + [UInt8(ascii: "}")]
        return (try? JSONValue.parse(object, limits: .event))?["s"]?.text
    }

    func quoted(_ text: String) -> [UInt8] {
        var out: [UInt8] = [UInt8(ascii: "\"")]
        if self != .html, text.utf8.allSatisfy(Self.isOrdinary) {
            out += text.utf8
        } else {
            for scalar in text.unicodeScalars { append(scalar, to: &out) }
        }
        out.append(UInt8(ascii: "\""))
        return out
    }

    /// Whether every style writes a byte as it is, but that for HTML.
    private static func isOrdinary(_ byte: UInt8) -> Bool {
        0x20..<0x7F ~= byte && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private func append(_ scalar: Unicode.Scalar, to out: inout [UInt8]) {
        switch scalar {
        case "\"": out += #"\""#.utf8
        case "\\": out += #"\\"#.utf8
        case "\n": out += #"\n"#.utf8
        case "\r": out += #"\r"#.utf8
        case "\t": out += #"\t"#.utf8
        case "\u{8}" where self != .numbered: out += #"\b"#.utf8
        case "\u{C}" where self != .numbered: out += #"\f"#.utf8
        case "<", ">", "&":
            if self == .html { Self.appendNumber(scalar.value, to: &out) } else { fallthrough }
        default:
            if isNumbered(scalar) {
                for unit in String(scalar).utf16 { Self.appendNumber(UInt32(unit), to: &out) }
            } else {
                out += String(scalar).utf8
            }
        }
    }

    private func isNumbered(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20: true
        // Python takes DEL for printable, as Go does.
        case 0x20...0x7F: false
        case 0x2028, 0x2029: true
        case 0xFFFD: self == .ascii || self == .replaced
        default: self == .ascii
        }
    }

    private static func appendNumber(_ unit: UInt32, to out: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        out += #"\u"#.utf8
        for shift in [12, 8, 4, 0] { out.append(digits[Int(unit >> shift & 15)]) }
    }
}
