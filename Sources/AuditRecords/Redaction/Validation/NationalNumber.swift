// SPDX-License-Identifier: Apache-2.0

/// National identifiers whose rules are more than one check digit.
enum NationalNumber {
    /// Area, group and serial that were issued; digits without separators need a word beside them.
    static func socialSecurity(_ candidate: Candidate) -> Range<Int>? {
        let number = candidate.digits.reduce(0) { $0 * 10 + $1 }
        let (area, group, serial) = (number / 1_000_000, number / 10_000 % 100, number % 10_000)
        guard candidate.digits.count == 9, area != 0, area != 666, area < 900, group != 0,
            serial != 0, ![078_051_120, 123_456_789, 219_099_999].contains(number),
            isSeparatedOrNamed(candidate, [3, 2, 4])
        else { return nil }
        return candidate.group
    }

    static func taxpayer(_ candidate: Candidate) -> Range<Int>? {
        let number = candidate.digits.reduce(0) { $0 * 10 + $1 }
        let group = number / 10_000 % 100
        let isIssued =
            50...65 ~= group || 70...88 ~= group || 90...92 ~= group || 94...99 ~= group
        guard isIssued, isSeparatedOrNamed(candidate, [3, 2, 4]) else { return nil }
        return candidate.group
    }

    /// All separators there and alike, or none and a word beside the number.
    static func isSeparatedOrNamed(_ candidate: Candidate, _ sizes: [Int]) -> Bool {
        if candidate.isBare { return candidate.hasContext }
        return candidate.groupSizes == sizes && candidate.separators.count == 1
    }

    static func nationalInsurance(_ candidate: Candidate) -> Bool {
        !["BG", "GB", "NK", "KN", "NT", "TN", "ZZ"]
            .contains(String(decoding: candidate.bytes.prefix(2), as: UTF8.self))
    }

    static func dea(_ digits: [Int]) -> Bool {
        let sum = digits[0] + digits[2] + digits[4] + 2 * (digits[1] + digits[3] + digits[5])
        return sum % 10 == digits[6]
    }

    static func nhs(_ digits: [Int]) -> Bool {
        let check = 11 - Checksums.weighted(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11
        return check % 11 == digits[9]
    }

    static func utr(_ digits: [Int]) -> Bool {
        let table = [2, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1]
        return table[Checksums.weighted(digits.dropFirst(), [6, 7, 8, 9, 10, 5, 4, 3, 2]) % 11]
            == digits[0]
    }

    /// The number's own two digits: 97 less the rest modulo 97; `2A` and `2B` count as 19 and 18.
    static func nir(_ candidate: Candidate) -> Bool {
        var text = candidate.bytes.filter { $0 != 0x20 }
        if let corsica = text.firstIndex(where: \.isLetter) {
            text[corsica - 1] = UInt8(ascii: "1")
            text[corsica] = UInt8(ascii: text[corsica] == UInt8(ascii: "A") ? "9" : "8")
        }
        let digits = text.map { Int($0 - UInt8(ascii: "0")) }
        guard digits.count == 15 else { return false }
        return 97 - Checksums.remainder(digits.prefix(13), 97) == digits[13] * 10 + digits[14]
    }

    static func nif(_ candidate: Candidate) -> Bool {
        let letters = Array("TRWAGMYFPDXBNJZSQVHLCKE".utf8)
        var number = candidate.digits.reduce(0) { $0 * 10 + $1 }
        switch candidate.bytes[0] {
        case UInt8(ascii: "Y"): number += 10_000_000
        case UInt8(ascii: "Z"): number += 20_000_000
        default: break
        }
        return letters[number % 23] == candidate.bytes.last
    }

    static func codiceFiscale(_ candidate: Candidate) -> Bool {
        let odd = [
            1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25,
            24,
            23,
        ]
        var sum = 0
        for (place, byte) in candidate.bytes.prefix(15).enumerated() {
            let value = Int(byte - UInt8(ascii: byte.isDigit ? "0" : "A"))
            sum += place % 2 == 0 ? odd[value] : value
        }
        return UInt8(ascii: "A") + UInt8(sum % 26) == candidate.bytes[15]
    }

    static func pesel(_ digits: [Int]) -> Bool {
        let sum = Checksums.weighted(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3])
        let month = (digits[2] * 10 + digits[3]) % 20
        return (10 - sum % 10) % 10 == digits[10]
            && Checksums.isDate(month: month, day: digits[4] * 10 + digits[5])
    }

    static func bsn(_ digits: [Int]) -> Bool {
        Checksums.weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 == 0
    }

    /// A date (day plus 60 for a coordination number) and Luhn over the last ten digits.
    static func personnummer(_ digits: [Int]) -> Bool {
        let ten = Array(digits.suffix(10))
        let (month, day) = (ten[2] * 10 + ten[3], ten[4] * 10 + ten[5])
        return Checksums.isDate(month: month, day: day > 60 ? day - 60 : day)
            && Checksums.luhn(ten)
    }

    static func hetu(_ candidate: Candidate) -> Bool {
        let letters = Array("0123456789ABCDEFHJKLMNPRSTUVWXY".utf8)
        let digits = candidate.bytes.prefix(10).filter(\.isDigit).map { Int($0 - 0x30) }
        let isDate = Checksums.isDate(
            month: digits[2] * 10 + digits[3], day: digits[0] * 10 + digits[1])
        return isDate && letters[Checksums.remainder(digits, 31)] == candidate.bytes.last
    }

    /// Mod 97; for whoever was born from 2000 on a 2 stands before the number.
    static func belgian(_ digits: [Int]) -> Bool {
        let check = digits[9] * 10 + digits[10]
        let isOf = { (number: [Int]) in 97 - Checksums.remainder(number, 97) == check }
        return isOf(Array(digits.prefix(9))) || isOf([2] + digits.prefix(9))
    }

    static func abn(_ digits: [Int]) -> Bool {
        var digits = digits
        digits[0] -= 1
        return Checksums.weighted(digits, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) % 89 == 0
    }

    static func nric(_ candidate: Candidate) -> Bool {
        let bytes = candidate.bytes
        let sum = Checksums.weighted(candidate.digits, [2, 7, 6, 5, 4, 3, 2])
        let (offset, letters): (Int, String) =
            switch bytes[0] {
            case UInt8(ascii: "S"): (0, "JZIHGFEDCBA")
            case UInt8(ascii: "T"): (4, "JZIHGFEDCBA")
            case UInt8(ascii: "F"): (0, "XWUTRQPNMLK")
            case UInt8(ascii: "G"): (4, "XWUTRQPNMLK")
            default: (3, "KLJNPQRTUWX")
            }
        let place = (sum + offset) % 11
        let index = bytes[0] == UInt8(ascii: "M") ? 10 - place : place
        return Array(letters.utf8)[index] == bytes[8]
    }

    /// A date; the old check digit is not asked for, since numbers of 2020 and later have none.
    static func rrn(_ digits: [Int]) -> Bool {
        Checksums.isDate(month: digits[2] * 10 + digits[3], day: digits[4] * 10 + digits[5])
    }

    static func cpf(_ digits: [Int]) -> Bool {
        guard Set(digits).count > 1 else { return false }
        let check = { (count: Int) in
            Checksums.weighted(digits.prefix(count), Array((2...count + 1).reversed())) * 10 % 11
                % 10
        }
        return check(9) == digits[9] && check(10) == digits[10]
    }

    static func cnpj(_ digits: [Int]) -> Bool {
        guard Set(digits).count > 1 else { return false }
        let weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
        let check = { (count: Int) in
            let rest = Checksums.weighted(digits.prefix(count), Array(weights.suffix(count))) % 11
            return rest < 2 ? 0 : 11 - rest
        }
        return check(12) == digits[12] && check(13) == digits[13]
    }
}
