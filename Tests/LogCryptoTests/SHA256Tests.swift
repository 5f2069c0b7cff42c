// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@Suite("SHA-256")
struct SHA256Tests {
    @Test(
        "The examples of FIPS 180 are reproduced",
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
            (
                "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
                    + "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
                "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
            ),
        ])
    func examples(message: String, digest: String) {
        #expect(SHA256.hash(Array(message.utf8)).hex == digest)
    }

    @Test("A million bytes in pieces of any size give FIPS 180's digest", arguments: [1_000, 999])
    func stream(piece: Int) {
        var stream = SHA256Stream()
        var left = 1_000_000
        while left > 0 {
            stream.update([UInt8](repeating: UInt8(ascii: "a"), count: min(piece, left)))
            left -= min(piece, left)
        }
        #expect(
            stream.finalize().hex
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test("A stream of nothing and a stream of a digest equal the plain hash")
    func shortStreams() {
        #expect(SHA256Stream().finalize() == SHA256.hash([UInt8]()))
        let digest = SHA256.hash([1])
        var stream = SHA256Stream()
        stream.update(digest)
        stream.update([UInt8]())
        #expect(stream.finalize() == SHA256.hash(digest.bytes))
    }

    @Test("A prefix hashes as if it stood before the bytes, at every length")
    func prefixed() {
        let bytes = (0..<1_100).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for count in bytes.indices {
            let message = bytes[..<count]
            let prefixed = message.withUnsafeBytes { SHA256.hash(prefix: 5, $0) }
            #expect(prefixed == SHA256.hash([5] + message))
            #expect(SHA256.hash(message) == SHA256.hash(Array(message)))
        }
    }

    @Test("A pair hashes as its 65 bytes, in order")
    func pair() {
        let (left, right) = (SHA256.hash([1]), SHA256.hash([2]))
        #expect(
            SHA256.hash(prefix: 1, left, right) == SHA256.hash([1] + left.bytes + right.bytes))
        #expect(SHA256.hash(prefix: 1, left, right) != SHA256.hash(prefix: 1, right, left))
        #expect(SHA256.hash(prefix: 1, left, right) != SHA256.hash(prefix: 0, left, right))
    }

    @Test("Threads that come and go hash without meeting")
    func threads() {
        let messages = (0..<200).map { [UInt8](repeating: UInt8($0), count: $0) }
        let expected = messages.map { message in
            var stream = SHA256Stream()
            stream.update(message)
            return stream.finalize()
        }
        let failures = failuresOnManyThreads { round in
            let place = round % messages.count
            return SHA256.hash(messages[place]) == expected[place]
        }
        #expect(failures == 0)
    }
}
