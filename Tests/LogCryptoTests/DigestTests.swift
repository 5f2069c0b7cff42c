// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@Suite("Digest")
struct DigestTests {
    private static let counting = Array(UInt8(0)..<32)

    @Test("A digest gives back its bytes, from any collection")
    func bytes() throws {
        let digest = try #require(Digest(Self.counting))
        #expect(digest.bytes == Self.counting)
        #expect(Digest(([9] + Self.counting)[1...]) == digest)
        #expect(Digest(Self.counting.lazy.map { $0 }) == digest)
        #expect(digest.withUnsafeBytes { Array($0) } == Self.counting)
        #expect(Digest.zero.bytes == [UInt8](repeating: 0, count: 32))
    }

    @Test("Only 32 bytes make a digest", arguments: [0, 1, 31, 33, 64])
    func wrongCount(count: Int) {
        #expect(Digest([UInt8](repeating: 1, count: count)) == nil)
    }

    @Test("Each text form leads back to the digest")
    func texts() throws {
        let digest = SHA256.hash(Self.counting)
        #expect(Digest(hex: digest.hex) == digest)
        #expect(Digest(base64: digest.base64) == digest)
        #expect("\(digest)" == digest.hex)
        #expect(Digest(hex: digest.hex.uppercased()) == nil)
        #expect(Digest(hex: digest.hex.dropLast(2)) == nil)
        #expect(Digest(base64: digest.base64.dropLast()) == nil)
    }

    @Test("The constant-time comparison sees every bit")
    func constantTime() throws {
        let digest = SHA256.hash(Self.counting)
        #expect(Digest.constantTimeEquals(digest, digest))
        for bit in 0..<256 {
            var bytes = digest.bytes
            bytes[bit / 8] ^= 1 << (bit % 8)
            let other = try #require(Digest(bytes))
            #expect(!Digest.constantTimeEquals(digest, other))
            #expect(digest != other)
        }
    }

    @Test("Random digests differ")
    func random() {
        #expect(Set((0..<100).map { _ in Digest.random() }).count == 100)
        #expect(SecureRandom.bytes(0).isEmpty)
        #expect(SecureRandom.bytes(33).count == 33)
        #expect(SecureRandom.bytes(33) != SecureRandom.bytes(33))
    }

    @Test("Numbers are appended big-endian, and as decimals without leading zeros")
    func appending() {
        var bytes: [UInt8] = [7]
        bytes.append(Digest.zero)
        #expect(bytes == [7] + [UInt8](repeating: 0, count: 32))
        bytes = []
        bytes.appendBigEndian(UInt16(0x0102))
        bytes.appendBigEndian(UInt64(0x0304_0506_0708_090A))
        #expect(bytes == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
        for value in [0, 9, 10, 1_780_300_800_020, UInt64.max] {
            bytes = []
            bytes.appendDecimal(value)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
        }
    }
}
