// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Writes CBOR in its deterministic form: shortest heads, definite lengths.
///
/// The caller gives the entries of a map in the bytewise order of their keys.
///
/// Source: RFC 8949, section 4.2.1.
struct CBORWriter {
    private(set) var encoded: [UInt8] = []

    mutating func integer(_ value: Int64) {
        if value < 0 { head(1, UInt64(-1 - value)) } else { head(0, UInt64(value)) }
    }

    mutating func unsigned(_ value: UInt64) { head(0, value) }

    mutating func bytes(_ value: some Collection<UInt8>) {
        head(2, UInt64(value.count))
        encoded += value
    }

    mutating func text(_ value: String) {
        head(3, UInt64(value.utf8.count))
        encoded += value.utf8
    }

    /// The head of an array, before its elements.
    mutating func array(_ count: Int) { head(4, UInt64(count)) }

    /// The head of a map, before its keys and values.
    mutating func map(_ count: Int) { head(5, UInt64(count)) }

    mutating func tag(_ number: UInt64) { head(6, number) }

    mutating func null() { encoded.append(0xF6) }

    /// The major type, and its argument in the fewest bytes.
    private mutating func head(_ type: UInt8, _ argument: UInt64) {
        let type = type << 5
        switch argument {
        case 0..<24: encoded.append(type | UInt8(argument))
        case 24...0xFF: encoded += [type | 24, UInt8(argument)]
        case 0x100...0xFFFF:
            encoded.append(type | 25)
            encoded.appendBigEndian(UInt16(argument))
        case 0x1_0000...0xFFFF_FFFF:
            encoded.append(type | 26)
            encoded.appendBigEndian(UInt32(argument))
        default:
            encoded.append(type | 27)
            encoded.appendBigEndian(argument)
        }
    }
}
