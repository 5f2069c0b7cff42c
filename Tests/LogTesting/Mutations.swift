// SPDX-License-Identifier: Apache-2.0

/// Every proper prefix of the bytes, the empty one first.
package func everyPrefix(of bytes: [UInt8]) -> some Sequence<[UInt8]> {
    bytes.indices.lazy.map { Array(bytes[..<$0]) }
}

/// The bytes with one byte raised by one (255 becomes 0), for each place in turn.
package func everyBumpedByte(of bytes: [UInt8]) -> some Sequence<[UInt8]> {
    bytes.indices.lazy.map { place in
        var bumped = bytes
        bumped[place] &+= 1
        return bumped
    }
}

/// The bytes with one bit flipped, for each bit in turn.
package func everyFlippedBit(of bytes: [UInt8]) -> some Sequence<[UInt8]> {
    (0..<bytes.count * 8).lazy.map { place in
        var flipped = bytes
        flipped[place / 8] ^= 1 << (place % 8)
        return flipped
    }
}
