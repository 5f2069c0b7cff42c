// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@Suite("HMAC-SHA-256")
struct HMACSHA256Tests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let key: [UInt8]
        let message: [UInt8]
        let code: String

        var testDescription: String { name }

        init(_ name: String, _ key: [UInt8], _ message: [UInt8], _ code: String) {
            (self.name, self.key, self.message, self.code) = (name, key, message, code)
        }
    }

    @Test(
        "The cases of RFC 4231 are reproduced",
        arguments: [
            Case(
                "1", bytes(0x0B, 20), Array("Hi There".utf8),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            Case(
                "2", Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
            Case(
                "3", bytes(0xAA, 20), bytes(0xDD, 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            Case(
                "4", Array(1...25), bytes(0xCD, 50),
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            Case(
                "5, not truncated", bytes(0x0C, 20), Array("Test With Truncation".utf8),
                "a3b6167473100ee06e0c796c2955552bfa6f7c0a6a8aef8b93f860aab0cd20c5"),
            Case(
                "6", bytes(0xAA, 131),
                Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
            Case(
                "7", bytes(0xAA, 131),
                Array(
                    ("This is a test using a larger than block-size key and a larger than "
                        + "block-size data. The key needs to be hashed before being used by the "
                        + "HMAC algorithm.").utf8),
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"),
        ])
    func rfc4231(example: Case) {
        let hmac = HMACSHA256(key: SecretBytes(copying: example.key))
        #expect(hmac.code(for: example.message).hex == example.code)
        // The context is used again: the first message must have left nothing in it.
        #expect(hmac.code(for: example.message).hex == example.code)
    }

    @Test("An empty message has a code, under an empty key too")
    func empty() {
        // RFC 2104 pads both to the same block, so the two codes are equal.
        let one = HMACSHA256(key: SecretBytes(copying: []))
        let other = HMACSHA256(key: SecretBytes(copying: [0]))
        #expect(one.code(for: [UInt8]()) == other.code(for: [UInt8]()))
        #expect(
            one.code(for: [UInt8]()).hex
                == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
    }

    @Test("Threads share a key without mixing their messages")
    func threads() {
        let hmac = HMACSHA256(key: SecretBytes(copying: Self.bytes(7, 32)))
        let messages = (0..<200).map { Self.bytes(UInt8($0), $0) }
        let expected = messages.map { hmac.code(for: $0) }
        let failures = failuresOnManyThreads { round in
            let place = round % messages.count
            return hmac.code(for: messages[place]) == expected[place]
        }
        #expect(failures == 0)
    }

    private static func bytes(_ value: UInt8, _ count: Int) -> [UInt8] {
        [UInt8](repeating: value, count: count)
    }
}
