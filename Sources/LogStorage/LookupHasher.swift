// SPDX-License-Identifier: Apache-2.0

/// Makes the keys of text values: SipHash-1-3 under a log's own secret.
///
/// Without the secret nobody can choose values that meet under one key, and nobody who reads an
/// index can test a guess at a value in it. Cost: about 10 ns and 1 ns for each 2 bytes, no
/// allocation. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one round
/// for each word and three at the end, as hash tables use it.
package struct LookupHasher: Sendable {
    private let k0, k1: UInt64

    package init(_ k0: UInt64, _ k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// The key of a text under a field: one text under two fields has unrelated keys.
    package func key(_ field: LookupField, _ text: String) -> LookupKey {
        var text = text
        return text.withUTF8 { key(field, UnsafeRawBufferPointer($0)) }
    }

    /// The key of a text's UTF-8.
    package func key(_ field: LookupField, _ text: UnsafeRawBufferPointer) -> LookupKey {
        LookupKey(rawValue: UInt64(field.rawValue) << 48 | hash(text, then: field.rawValue) >> 16)
    }

    /// SipHash-1-3 of the bytes and one more.
    func hash(_ bytes: UnsafeRawBufferPointer, then last: UInt8) -> UInt64 {
        var state = SipState(k0, k1)
        let words = bytes.count / 8
        for word in 0..<words {
            state.add(
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self))
            )
        }
        var rest: UInt64 = 0
        var shift: UInt64 = 0
        for place in words * 8..<bytes.count {
            rest |= UInt64(bytes[place]) << shift
            shift += 8
        }
        rest |= UInt64(last) << shift
        if shift == 56 {
            state.add(rest)
            rest = 0
        }
        state.add(rest | UInt64(truncatingIfNeeded: bytes.count + 1) << 56)
        return state.finish()
    }
}

private struct SipState {
    private var v0, v1, v2, v3: UInt64

    init(_ k0: UInt64, _ k1: UInt64) {
        v0 = k0 ^ 0x736F_6D65_7073_6575
        v1 = k1 ^ 0x646F_7261_6E64_6F6D
        v2 = k0 ^ 0x6C79_6765_6E65_7261
        v3 = k1 ^ 0x7465_6462_7974_6573
    }

    @inline(__always)
    mutating func add(_ word: UInt64) {
        v3 ^= word
        round()
        v0 ^= word
    }

    @inline(__always)
    mutating func finish() -> UInt64 {
        v2 ^= 0xFF
        for _ in 0..<3 { round() }
        return v0 ^ v1 ^ v2 ^ v3
    }

    @inline(__always)
    private mutating func round() {
        v0 &+= v1
        v1 = Self.rotated(v1, 13) ^ v0
        v0 = Self.rotated(v0, 32)
        v2 &+= v3
        v3 = Self.rotated(v3, 16) ^ v2
        v0 &+= v3
        v3 = Self.rotated(v3, 21) ^ v0
        v2 &+= v1
        v1 = Self.rotated(v1, 17) ^ v2
        v2 = Self.rotated(v2, 32)
    }

    @inline(__always)
    private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}
