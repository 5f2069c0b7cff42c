// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import AuditChain

@Suite struct LeafTests {
    let leaf = Leaf(
        timestampMS: 0x0123_4567_89AB_CDEF, commitment: SHA256.hash([1]), mac: SHA256.hash([2]))

    @Test("Every prefix of a leaf is refused, and so is a longer one")
    func lengths() {
        for prefix in everyPrefix(of: leaf.encoded) {
            #expect(throws: LeafError.wrongLength(prefix.count)) { try Leaf(decoding: prefix) }
        }
        #expect(throws: LeafError.wrongLength(119)) { try Leaf(decoding: leaf.encoded + [0]) }
    }

    @Test("A bumped byte is refused, or is another value in a place that holds one")
    func bumpedBytes() {
        for (place, bytes) in everyBumpedByte(of: leaf.encoded).enumerated() {
            let holdsValue = 2..<10 ~= place || 21..<64 ~= place || 71..<114 ~= place
            guard let other = try? Leaf(decoding: bytes) else {
                // A bumped digit of base64url may be none, or leave bits that must be zero.
                #expect(!(2..<10 ~= place))
                continue
            }
            #expect(holdsValue && other != leaf && other.encoded == bytes)
        }
    }

    @Test("Spare bits at the end of a base64url text must be zero", arguments: [63, 113])
    func spareBits(place: Int) {
        // 32 bytes are 43 digits: the last digit has two bits that stand for nothing.
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var accepted = 0
        for digit in digits {
            var bytes = leaf.encoded
            bytes[place] = digit
            accepted += (try? Leaf(decoding: bytes)) == nil ? 0 : 1
        }
        #expect(accepted == 16)
    }

    @Test("A leaf is 118 bytes, the data 101 of them")
    func layout() {
        #expect(leaf.encoded.count == 118)
        #expect(leaf.encoded[12..<15] == [0, 0, 101])
        #expect(leaf.encoded[15..<21].elementsEqual(#"{"c":""#.utf8))
        #expect(leaf.encoded[114..<116].elementsEqual(#""}"#.utf8))
    }
}
