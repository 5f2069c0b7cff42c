// SPDX-License-Identifier: Apache-2.0

import LogTesting
import Testing

@testable import LogCrypto

@Suite("ECDSA signatures as 64 bytes")
struct RawSignatureTests {
    /// RFC 6979, A.2.5: the signature of "sample" with SHA-256.
    private static let r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    private static let s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
    private static let point =
        "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"

    @Test("The vector of RFC 6979 verifies, and with any bit changed it does not")
    func vector() throws {
        let point = try #require(Hex.decode(Self.point))
        let key = try #require(P256PublicKey(point: point))
        let signature = try #require(Hex.decode(Self.r + Self.s))
        #expect(key.isValidRawSignature(signature, for: Array("sample".utf8)))
        #expect(!key.isValidRawSignature(signature, for: Array("samplf".utf8)))
        for flipped in everyFlippedBit(of: signature) {
            #expect(!key.isValidRawSignature(flipped, for: Array("sample".utf8)))
        }
        for prefix in everyPrefix(of: signature) {
            #expect(!key.isValidRawSignature(prefix, for: Array("sample".utf8)))
        }
    }

    @Test("DER and 64 bytes are two forms of the same numbers")
    func forms() throws {
        let cases: [(r: [UInt8], s: [UInt8], der: [UInt8])] = [
            ([1], [0x7F], [0x30, 6, 2, 1, 1, 2, 1, 0x7F]),
            ([0x80], [1, 0], [0x30, 8, 2, 2, 0, 0x80, 2, 2, 1, 0]),
            ([], [], [0x30, 6, 2, 1, 0, 2, 1, 0]),
            (
                [UInt8](repeating: 0xFF, count: 32), [1],
                [0x30, 38, 2, 33, 0] + [UInt8](repeating: 0xFF, count: 32) + [2, 1, 1]
            ),
        ]
        for (r, s, der) in cases {
            let raw = [r, s].flatMap { [UInt8](repeating: 0, count: 32 - $0.count) + $0 }
            #expect(P256Signature.der(raw: raw) == der)
            #expect(P256Signature.raw(der: der) == raw)
            for prefix in everyPrefix(of: der) { #expect(P256Signature.raw(der: prefix) == nil) }
            #expect(P256Signature.raw(der: der + [0]) == nil)
        }
        #expect(P256Signature.raw(der: [0x30, 0x81, 6, 2, 1, 1, 2, 1, 1]) == nil)
        let long = [0x30, 38, 2, 33, 1] + [UInt8](repeating: 0, count: 32) + [2, 1, 1]
        #expect(P256Signature.raw(der: long) == nil)
    }

    @Test("Our own signatures have 64 bytes and verify, many times over")
    func own() throws {
        let key = try P256PrivateKey(
            scalar: SecretBytes(copying: [UInt8](repeating: 9, count: 32)))
        // One in 256 numbers begins with a zero byte.
        for number in 0..<600 {
            let message = Array("message \(number)".utf8)
            let signature = try key.rawSignature(for: message)
            #expect(signature.count == 64)
            #expect(key.publicKey.isValidRawSignature(signature, for: message))
        }
    }
}
