// SPDX-License-Identifier: Apache-2.0

/// Payment cards (ISO/IEC 7812) and bank accounts (ISO 13616).
enum FinancialNumber {
    /// A card number: Luhn, a known network with that length, and the grouping that cards have.
    ///
    /// Runs of digits are common, so a bare one needs a network that issues its length; lengths
    /// that hardly any card has (13, 17 to 19) and Maestro's wide ranges need a word beside it.
    static func card(_ candidate: Candidate) -> Range<Int>? {
        let digits = candidate.digits
        guard 13...19 ~= digits.count, Set(digits).count > 1, Checksums.luhn(digits),
            let network = network(of: digits), candidate.separators.count <= 1,
            !candidate.isInDecimal, !candidate.isInIdentifier
        else { return nil }
        if candidate.isBare {
            let isUsual = 14...16 ~= digits.count && network != .maestro
            guard isUsual || candidate.hasContext else { return nil }
        } else {
            let sizes = candidate.groupSizes
            guard [[4, 6, 5], [4, 6, 4]].contains(sizes) || sizes.prefix(4) == [4, 4, 4, 4] else {
                return nil
            }
        }
        return candidate.group
    }

    private enum Network { case major, maestro }

    /// The network that has issued numbers of that beginning and length, if one has.
    private static func network(of digits: [Int]) -> Network? {
        let count = digits.count
        let six = digits.prefix(6).reduce(0) { $0 * 10 + $1 }
        let (one, two, three, four) = (six / 100_000, six / 10_000, six / 1000, six / 100)
        switch count {
        case 13 where one == 4, 16 where one == 4, 19 where one == 4: return .major
        case 16 where 51...55 ~= two || 2221...2720 ~= four: return .major
        case 15 where two == 34 || two == 37: return .major
        case 16...19
        where four == 6011 || two == 65 || 644...649 ~= three || 622_126...622_925 ~= six
            || 3528...3589 ~= four || two == 62:
            return .major
        case 14...19 where 300...305 ~= three || two == 36 || two == 38 || two == 39:
            return .major
        case 13...19 where two == 50 || 56...58 ~= two || three == 639 || two == 67:
            return .maestro
        default: return nil
        }
    }

    /// An IBAN: its country's length, cut to it if more was matched, and mod 97.
    static func iban(_ candidate: Candidate) -> Range<Int>? {
        let bytes = candidate.bytes
        guard let length = lengths[String(decoding: bytes.prefix(2), as: UTF8.self)] else {
            return nil
        }
        var (end, taken) = (0, [UInt8]())
        while end < bytes.count, taken.count < length {
            if bytes[end] != 0x20 { taken.append(bytes[end]) }
            end += 1
        }
        guard taken.count == length, end == bytes.count || bytes[end] == 0x20 else { return nil }
        var remainder = 0
        for byte in taken[4...] + taken[..<4] {
            remainder =
                byte.isDigit
                ? (remainder * 10 + Int(byte - UInt8(ascii: "0"))) % 97
                : (remainder * 100 + Int(byte - UInt8(ascii: "A")) + 10) % 97
        }
        guard remainder == 1 else { return nil }
        return candidate.group.lowerBound..<candidate.group.lowerBound + end
    }

    /// Characters of an IBAN by country (SWIFT's registry, release 99).
    private static let lengths: [String: Int] = {
        let table =
            "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20"
            + "EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27"
            + "JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18"
            + "NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28"
            + "TL23TN24TR26UA29VA22VG24XK20YE30"
        var lengths: [String: Int] = [:]
        var rest = table[...]
        while !rest.isEmpty {
            lengths[String(rest.prefix(2))] = Int(rest.dropFirst(2).prefix(2))
            rest = rest.dropFirst(4)
        }
        return lengths
    }()
}
