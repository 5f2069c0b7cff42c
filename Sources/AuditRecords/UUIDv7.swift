// SPDX-License-Identifier: Apache-2.0

/// Identifiers that sort by the time at which they were made (RFC 9562 §5.7).
public enum UUIDv7 {
    /// The lower-case text of an identifier.
    ///
    /// - Parameters:
    ///   - millis: Milliseconds since 1970; the lower 48 bits are used.
    ///   - random: 10 random bytes, of which 74 bits are used.
    public static func make(millis: UInt64, random: [UInt8]) -> String {
        precondition(random.count == 10, "an identifier takes 10 random bytes")
        let digits: StaticString = "0123456789abcdef"
        return String(unsafeUninitializedCapacity: 36) { text in
            var at = 0
            for place in 0..<16 {
                if [4, 6, 8, 10].contains(place) {
                    text[at] = UInt8(ascii: "-")
                    at += 1
                }
                let byte = byte(place, millis, random)
                text[at] = digits.utf8Start[Int(byte >> 4)]
                text[at + 1] = digits.utf8Start[Int(byte & 0xF)]
                at += 2
            }
            return at
        }
    }

    private static func byte(_ place: Int, _ millis: UInt64, _ random: [UInt8]) -> UInt8 {
        switch place {
        case 0..<6: UInt8(truncatingIfNeeded: millis >> (40 - 8 * UInt64(place)))
        case 6: 0x70 | random[0] & 0x0F
        case 8: 0x80 | random[2] & 0x3F
        default: random[place - 6]
        }
    }
}
