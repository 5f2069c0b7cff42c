// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import SignedNote
import Testing

@Suite("Verifier keys")
struct VerifierKeyTests {
    @Test("The vector's keys parse to their parts and print as they were")
    func vectorKeys() throws {
        let vector = try CheckpointVector.load()
        let log = try VerifierKey(parsing: vector.vkey)
        #expect(log.name == vector.origin)
        #expect(log.algorithm == .ed25519)
        #expect(log.keyID == 0x233D_8EF7)
        #expect(log.vkey == vector.vkey)
        let witness = try VerifierKey(parsing: vector.witnessVkey)
        #expect(witness.algorithm == .cosignature)
        #expect(witness.vkey == vector.witnessVkey)
        let signer = try vector.signer()
        #expect(signer.verifierKey == log)
        #expect(signer.treeHeadKey == (try vector.treeHeadKey()))
    }

    @Test("A tree head key has the specified id and leads back from its text")
    func treeHeadKey() throws {
        let vector = try CheckpointVector.load()
        let key = try vector.treeHeadKey()
        #expect(String(key.keyID, radix: 16) == vector.sthKeyId)
        #expect(try VerifierKey(parsing: key.vkey) == key)
    }

    @Test("One key under two types or two names is two keys")
    func separated() throws {
        let bytes = try #require(Ed25519PublicKey(bytes: SecureRandom.bytes(32)))
        let keys: Set<VerifierKey> = [
            .ed25519(name: "a.example/l", bytes), .cosignature(name: "a.example/l", bytes),
            .ed25519(name: "a.example/m", bytes),
        ]
        #expect(Set(keys.map(\.keyID)).count == 3)
    }

    @Test("Every prefix and bumped byte of a key's text is refused")
    func mutations() throws {
        let vector = try CheckpointVector.load()
        for vkey in [vector.vkey, vector.witnessVkey, try vector.treeHeadKey().vkey] {
            let bytes = Array(vkey.utf8)
            for mutant in Array(everyPrefix(of: bytes)) + Array(everyBumpedByte(of: bytes)) {
                let text = String(decoding: mutant, as: UTF8.self)
                #expect(throws: NoteError.self) { try VerifierKey(parsing: text) }
            }
            #expect(throws: NoteError.self) { try VerifierKey(parsing: vkey + "\n") }
            #expect(throws: NoteError.self) { try VerifierKey(parsing: " " + vkey) }
        }
    }

    @Test("Another text for the same key is refused")
    func otherTexts() throws {
        let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        #expect(try VerifierKey(parsing: vkey).keyID == 0x530D_903A)
        for text in [
            vkey.replacing("530d903a", with: "530D903A"), vkey.replacing("530d903a", with: ""),
            vkey + "=", vkey.replacing("+530d903a", with: "+0x530d903a"), "", "+", "++",
            "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ] {
            #expect(throws: NoteError.malformedKey) { try VerifierKey(parsing: text) }
        }
    }

    @Test("A type that is not supported is named", arguments: [0, 2, 3, 6, 255] as [UInt8])
    func unsupported(type: UInt8) {
        let key = Base64.encode([type] + [UInt8](repeating: 1, count: 32))
        #expect(throws: NoteError.unsupportedAlgorithm(type)) {
            try VerifierKey(parsing: "a.example/l+00000000+\(key)")
        }
    }
}
