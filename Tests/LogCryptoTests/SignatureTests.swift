// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@Suite("Ed25519")
struct Ed25519Tests {
    struct Case: CustomTestStringConvertible {
        let name: String
        let seed: String
        let publicKey: String
        let message: String
        let signature: String

        var testDescription: String { name }
    }

    @Test(
        "The cases of RFC 8032 §7.1 are reproduced",
        arguments: [
            Case(
                name: "1",
                seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                message: "",
                signature: "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                    + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
            Case(
                name: "2",
                seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                message: "72",
                signature: "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
                    + "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
            Case(
                name: "3",
                seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                message: "af82",
                signature: "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
                    + "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
            Case(
                name: "SHA(abc)",
                seed: "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
                publicKey: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
                message: "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                signature: "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
                    + "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
        ])
    func rfc8032(example: Case) throws {
        let key = try Self.key(seed: example.seed)
        let message = try #require(Hex.decode(example.message))
        let signature = try key.signature(for: message)
        #expect(Hex.encode(key.publicKey.bytes) == example.publicKey)
        #expect(Hex.encode(signature) == example.signature)
        let publicKey = try #require(Ed25519PublicKey(bytes: key.publicKey.bytes))
        #expect(publicKey == key.publicKey)
        #expect(publicKey.isValidSignature(signature, for: message))
        #expect(!publicKey.isValidSignature(signature, for: message + [0]))
    }

    @Test("Every flipped bit and every other length of a signature is refused")
    func mutations() throws {
        let key = try Self.key(seed: String(repeating: "07", count: 32))
        let signature = try key.signature(for: [1, 2, 3])
        for mutant in everyFlippedBit(of: signature) {
            #expect(!key.publicKey.isValidSignature(mutant, for: [1, 2, 3]))
        }
        for prefix in everyPrefix(of: signature) {
            #expect(!key.publicKey.isValidSignature(prefix, for: [1, 2, 3]))
        }
        #expect(!key.publicKey.isValidSignature(signature + [0], for: [1, 2, 3]))
    }

    @Test("A signature whose scalar is raised by the group's order is refused")
    func malleability() throws {
        let key = try Self.key(seed: String(repeating: "07", count: 32))
        let signature = try key.signature(for: [1, 2, 3])
        let order = try #require(
            Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
        var raised = Array(signature.prefix(32))
        var carry: UInt16 = 0
        for (place, byte) in signature.dropFirst(32).enumerated() {
            let sum = UInt16(byte) + UInt16(order[place]) + carry
            raised.append(UInt8(truncatingIfNeeded: sum))
            carry = sum >> 8
        }
        #expect(!key.publicKey.isValidSignature(raised, for: [1, 2, 3]))
    }

    @Test("Keys of any length but 32 bytes are refused", arguments: [0, 31, 33, 64])
    func wrongLength(count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(throws: CryptoError.wrongKeyLength(got: count, want: 32)) {
            try Ed25519PrivateKey(seed: SecretBytes(copying: bytes))
        }
        #expect(Ed25519PublicKey(bytes: bytes) == nil)
    }

    private static func key(seed: String) throws -> Ed25519PrivateKey {
        try Ed25519PrivateKey(seed: SecretBytes(copying: #require(Hex.decode(seed))))
    }
}

@Suite("ECDSA P-256")
struct P256Tests {
    /// RFC 6979 §A.2.5.
    private static let scalar = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721"
    private static let point =
        "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
        + "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299"
    private static let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

    @Test(
        "The signatures of RFC 6979 §A.2.5 verify",
        arguments: [
            (
                "sample",
                "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                    + "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"
            ),
            (
                "test",
                "3045022100f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
                    + "0220019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
            ),
        ])
    func rfc6979(message: String, der: String) throws {
        let key = try Self.key(scalar: Self.scalar).publicKey
        let signature = try #require(Hex.decode(der))
        #expect(Hex.encode(key.spki.dropFirst(27)) == Self.point)
        #expect(key.isValidSignature(signature, for: Array(message.utf8)))
        #expect(!key.isValidSignature(signature, for: Array("other".utf8)))
        for mutant in everyFlippedBit(of: signature) {
            #expect(!key.isValidSignature(mutant, for: Array(message.utf8)))
        }
        #expect(!key.isValidSignature(signature + [0], for: Array(message.utf8)))
    }

    @Test("A signature verifies under the key that its SubjectPublicKeyInfo gives back")
    func roundTrip() throws {
        let key = try Self.key(scalar: Self.scalar)
        let publicKey = try #require(P256PublicKey(spki: key.publicKey.spki))
        #expect(publicKey == key.publicKey)
        #expect(publicKey.spki.count == 91)
        for message in [[], [1], SecureRandom.bytes(1_000)] as [[UInt8]] {
            let signature = try key.signature(for: message)
            #expect(publicKey.isValidSignature(signature, for: message))
            #expect(!publicKey.isValidSignature(signature, for: message + [0]))
        }
    }

    @Test("Every prefix, bumped byte and extension of a SubjectPublicKeyInfo is refused")
    func spkiMutations() throws {
        let spki = try Self.key(scalar: Self.scalar).publicKey.spki
        for prefix in everyPrefix(of: spki) { #expect(P256PublicKey(spki: prefix) == nil) }
        for bumped in everyBumpedByte(of: spki) { #expect(P256PublicKey(spki: bumped) == nil) }
        #expect(P256PublicKey(spki: spki + [0]) == nil)
    }

    @Test("A scalar outside 1..<order is no key, and the last one inside is")
    func scalarRange() throws {
        for scalar in [String(repeating: "00", count: 32), Self.order, Self.order.dropLast() + "2"]
        {
            #expect(throws: CryptoError.invalidPrivateKey) { try Self.key(scalar: scalar) }
        }
        let last = try Self.key(scalar: Self.order.dropLast() + "0")
        #expect(last.publicKey.isValidSignature(try last.signature(for: [1]), for: [1]))
        #expect(throws: CryptoError.wrongKeyLength(got: 31, want: 32)) {
            try Self.key(scalar: String(repeating: "01", count: 31))
        }
    }

    @Test("Threads sign and verify with one key")
    func threads() throws {
        let key = try Self.key(scalar: Self.scalar)
        let failures = failuresOnManyThreads { round in
            guard round < 10 else { return true }
            let message = [UInt8(round)]
            guard let signature = try? key.signature(for: message) else { return false }
            return key.publicKey.isValidSignature(signature, for: message)
        }
        #expect(failures == 0)
    }

    private static func key(scalar: String) throws -> P256PrivateKey {
        try P256PrivateKey(scalar: SecretBytes(copying: #require(Hex.decode(scalar))))
    }
}
