// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogTesting
import Testing

@Suite("Base64 and hexadecimal")
struct EncodingTests {
    @Test("Every length up to 70 bytes agrees with Foundation and leads back")
    func roundTrip() {
        var generator = SeededGenerator(seed: 1)
        for count in 0...70 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let standard = Data(bytes).base64EncodedString()
            let url = standard.replacing("+", with: "-").replacing("/", with: "_")
                .replacing("=", with: "")
            #expect(Base64.encode(bytes) == standard)
            #expect(Base64.encodeURL(bytes) == url)
            #expect(Base64.decode(standard) == bytes)
            #expect(Base64.decodeURL(url) == bytes)
            #expect(Hex.decode(Hex.encode(bytes)) == bytes)
        }
        #expect(Hex.encode([0x00, 0x9A, 0xBC, 0xFF]) == "009abcff")
    }

    @Test("What a decoder accepts, the encoder gives back, for every text of up to two digits")
    func oneTextForEachValue() {
        let digits = (0...255).map { UInt8($0) }
        for first in digits {
            for second in digits {
                for text in [[first, second], [first, second, 0x3D, 0x3D]] {
                    if let bytes = Base64.decode(ascii: text) {
                        #expect(Array(Base64.encode(bytes).utf8) == text)
                    }
                    if let bytes = Base64.decodeURL(ascii: text) {
                        #expect(Array(Base64.encodeURL(bytes).utf8) == text)
                    }
                }
            }
        }
    }

    @Test(
        "Base64 that is not exactly the encoder's is refused",
        arguments: [
            "A", "AA", "AAA", "AA=", "A===", "====", "=", "AA==AA==", "AAA=AAAA", "AAAA=", "AA=A",
            "AB==", "AAB=", "AAAA\n", " AAAA", "AA AA", "AA-_", "AA==\n", "ＡＡＡＡ", "AAA\u{0}",
        ])
    func strictBase64(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test(
        "Base64url that is not exactly the encoder's is refused",
        arguments: ["A", "AA==", "AAA=", "AB", "AAB", "AAAAA", "AA+/", "AA\n", " AA"])
    func strictBase64URL(text: String) {
        #expect(Base64.decodeURL(text) == nil)
    }

    @Test(
        "Hexadecimal that is not lower-case pairs of digits is refused",
        arguments: ["0", "0A", "g0", "0x", "00 ", " 00", "0\u{0}", "００", "/0", ":0", "`0"])
    func strictHex(text: String) {
        #expect(Hex.decode(text) == nil)
    }

    @Test("A text of an odd length is refused, whatever lies behind it in memory")
    func oddHex() {
        #expect(Hex.decode("00ff".dropLast()) == nil)
        #expect(Hex.decode(ascii: Array("00ff".utf8)[..<3]) == nil)
    }

    @Test("The appending forms write the same characters")
    func appending() {
        let digest = SHA256.hash([1])
        var bytes = Array("x".utf8)
        Base64.append(digest, to: &bytes)
        Base64.appendURL(digest, to: &bytes)
        Hex.append(digest, to: &bytes)
        let expected = "x" + digest.base64 + Base64.encodeURL(digest.bytes) + digest.hex
        #expect(String(decoding: bytes, as: UTF8.self) == expected)
        #expect(bytes.count == 1 + 44 + 43 + 64)
    }
}
