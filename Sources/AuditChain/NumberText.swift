// SPDX-License-Identifier: Apache-2.0

/// The text of a double in ECMAScript (`Number::toString`, radix 10), which RFC 8785 requires.
public enum NumberText {
    /// The text, or nil for NaN and the infinities, which JSON cannot hold.
    public static func text(_ value: Double) -> String? {
        guard value.isFinite else { return nil }
        var bytes = [UInt8]()
        append(value, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the text of a finite value.
    static func append(_ value: Double, to out: inout some RangeReplaceableCollection<UInt8>) {
        precondition(value.isFinite, "JSON has no text for NaN and infinities")
        guard value != 0 else {
            out.append(UInt8(ascii: "0"))
            return
        }
        if value < 0 { out.append(UInt8(ascii: "-")) }
        let (digits, point) = shortest(value.magnitude)
        switch point {
        case digits.count...21:
            out.append(contentsOf: digits)
            appendZeros(point - digits.count, to: &out)
        case 1..<max(digits.count, 1):
            out.append(contentsOf: digits[..<point])
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: digits[point...])
        case -5...0:
            out.append(contentsOf: "0.".utf8)
            appendZeros(-point, to: &out)
            out.append(contentsOf: digits)
        default:
            appendExponential(digits, exponent: point - 1, to: &out)
        }
    }

    /// The fewest digits that identify the value, and where the point lies: 0.digits × 10^point.
    ///
    /// The standard library's description has the digits that ECMAScript asks for (fewest, then
    /// nearest); only its layout differs.
    private static func shortest(_ value: Double) -> (digits: [UInt8], point: Int) {
        var digits = [UInt8]()
        var point: Int?
        var exponent = 0
        var text = value.description.utf8[...]
        while let byte = text.popFirst(), byte != UInt8(ascii: "e") {
            if byte == UInt8(ascii: ".") { point = digits.count } else { digits.append(byte) }
        }
        if let written = Int(String(decoding: text, as: UTF8.self)) { exponent = written }
        var place = (point ?? digits.count) + exponent
        let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
        digits.removeFirst(leading)
        place -= leading
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return (digits, place)
    }

    private static func appendExponential(
        _ digits: [UInt8], exponent: Int, to out: inout some RangeReplaceableCollection<UInt8>
    ) {
        out.append(digits[0])
        if digits.count > 1 {
            out.append(UInt8(ascii: "."))
            out.append(contentsOf: digits[1...])
        }
        out.append(contentsOf: exponent < 0 ? "e-".utf8 : "e+".utf8)
        out.append(contentsOf: String(exponent.magnitude).utf8)
    }

    private static func appendZeros(
        _ count: Int, to out: inout some RangeReplaceableCollection<UInt8>
    ) {
        out.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
    }
}
