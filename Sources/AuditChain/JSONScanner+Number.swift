// SPDX-License-Identifier: Apache-2.0

extension JSONScanner {
    /// Reads a number.
    ///
    /// Integers of up to 15 digits, which are their own canonical text, are only looked at;
    /// everything else goes through `DecimalNumber`.
    mutating func scanNumber() throws(JSONError) {
        let start = at
        if input[at] == UInt8(ascii: "-") {
            at += 1
            if at < input.count, input[at] == UInt8(ascii: "I") { try refuseNonFinite() }
        }
        let firstDigit = at
        try scanDigits(of: start)
        let integerDigits = at - firstDigit
        guard integerDigits == 1 || input[firstDigit] != UInt8(ascii: "0") else {
            throw JSONError(.invalidNumber, at: start)
        }
        let isPlain = try !scanFractionAndExponent(of: start)
        let isZero = input[firstDigit] == UInt8(ascii: "0")
        if isPlain, integerDigits <= 15, !isZero || firstDigit == start {
            tape.append(.number, offset: start, text: start..<at)
        } else {
            let text = UnsafeRawBufferPointer(rebasing: input[start..<at])
            let value = try DecimalNumber(text, at: start).double(at: start)
            tape.appendRewritten(.number, offset: start) { NumberText.append(value, to: &$0) }
        }
    }

    /// Reads what may follow the integer digits; false if nothing does.
    private mutating func scanFractionAndExponent(of start: Int) throws(JSONError) -> Bool {
        let end = at
        if at < input.count, input[at] == UInt8(ascii: ".") {
            at += 1
            try scanDigits(of: start)
        }
        if at < input.count, input[at] | 0x20 == UInt8(ascii: "e") {
            at += 1
            if at < input.count, input[at] == UInt8(ascii: "+") || input[at] == UInt8(ascii: "-") {
                at += 1
            }
            try scanDigits(of: start)
        }
        return at > end
    }

    /// Reads one digit or more.
    private mutating func scanDigits(of start: Int) throws(JSONError) {
        guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= (try peek()) else {
            throw JSONError(.invalidNumber, at: start)
        }
        while at < input.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= input[at] { at += 1 }
    }
}

/// A number as it was written: digits × 10^exponent, exactly.
struct DecimalNumber {
    private var isNegative = false
    /// All digits, without the zeros at either end.
    ///
    /// At most 17 of them.
    private var digits: UInt64 = 0
    private var exponent = 0

    /// Takes text that follows the number grammar; refuses more than 17 significant digits.
    init(_ text: UnsafeRawBufferPointer, at offset: Int) throws(JSONError) {
        var significant = 0
        var zeros = 0
        var fraction = 0
        var isFraction = false
        var rest = text[...]
        while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
            rest = rest.dropFirst()
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            default:
                fraction += isFraction ? 1 : 0
                if byte == UInt8(ascii: "0") {
                    zeros += 1
                    continue
                }
                // Zeros count once a digit follows them, unless none came before.
                let shift = significant == 0 ? 1 : zeros + 1
                significant += shift
                guard significant <= 17 else { throw JSONError(.numberTooPrecise, at: offset) }
                for _ in 0..<shift { digits *= 10 }
                digits += UInt64(byte - UInt8(ascii: "0"))
                zeros = 0
            }
        }
        exponent = (digits == 0 ? 0 : zeros) - fraction + Self.exponent(rest.dropFirst())
    }

    /// The value of an exponent, cut off far beyond what any number of a legal size can undo.
    private static func exponent(_ text: Slice<UnsafeRawBufferPointer>) -> Int {
        var value = 0
        for byte in text where byte != UInt8(ascii: "+") && byte != UInt8(ascii: "-") {
            value = min(value * 10 + Int(byte - UInt8(ascii: "0")), 1 << 40)
        }
        return text.first == UInt8(ascii: "-") ? -value : value
    }

    /// The nearest double, or the refusal of a number that has no safe one.
    func double(at offset: Int) throws(JSONError) -> Double {
        guard digits != 0 else { return 0 }
        guard !isAboveLimit else { throw JSONError(.numberTooLarge, at: offset) }
        let magnitude = Double("\(digits)e\(max(exponent, -400))") ?? 0
        guard magnitude != 0 else { throw JSONError(.numberRoundsToZero, at: offset) }
        return isNegative ? -magnitude : magnitude
    }

    /// Whether the magnitude is above 2^53 − 1, compared before any rounding.
    private var isAboveLimit: Bool {
        let limit: UInt64 = 1 << 53 - 1
        if exponent < -1 { return false }  // 17 digits / 100 is below the limit
        if exponent == -1 { return digits > limit * 10 }
        var value = digits
        for _ in 0..<min(exponent, 16) where value <= limit { value *= 10 }
        return value > limit
    }
}
