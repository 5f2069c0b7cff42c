// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("COSE receipts under a pinned log")
struct COSEReceiptVerifyTests {
    private let signer: ReceiptSigner
    private let log: TestLog

    init() throws {
        let scalar = SecretBytes(copying: [UInt8](repeating: 5, count: 32))
        signer = ReceiptSigner(origin: TestLog.origin, ecdsa: try P256PrivateKey(scalar: scalar))
        log = try TestLog(count: 1)
    }

    private func receipt(_ entry: [UInt8]) throws -> COSEReceipt {
        let head = TreeHead(size: 1, root: .leafHash(entry))
        return try signer.sign(
            leaf: entry, proof: InclusionProof(leafIndex: 0, treeSize: 1, hashes: []), in: head)
    }

    @Test("The leaf comes out verified, with its time and the head")
    func verified() throws {
        let leaf = TestLog.leaf(0)
        let verified = try receipt(leaf.encoded).verify(by: log.pinned(), key: signer.key)
        #expect(verified.leaf == leaf && verified.index == 0)
        #expect(try verified.head == log.head)
    }

    @Test("What is not proven, and what it says of the log")
    func refused() throws {
        let genuine = try receipt(TestLog.leaf(0).encoded)
        let pinned = try log.pinned()
        let other = try P256PrivateKey(
            scalar: SecretBytes(copying: [UInt8](repeating: 6, count: 32)))
        let otherKey = try #require(ReceiptKey(spki: other.publicKey.spki))
        #expect(throws: VerifyError.coseReceipt(.unknownKey)) {
            try genuine.verify(by: pinned, key: otherKey)
        }
        #expect(VerifyError.coseReceipt(.unknownKey).verdict == .unverifiable)
        #expect(VerifyError.coseReceipt(.wrongIssuer(got: "", want: "")).verdict == .unverifiable)
        for error in [COSEReceiptError.claimsDiffer, .invalidSignature] {
            #expect(VerifyError.coseReceipt(error).verdict == .tampered)
        }
        #expect(throws: VerifyError.malformedLeaf(index: 0)) {
            try receipt([1, 2, 3]).verify(by: pinned, key: signer.key)
        }
        let witness = VerifierKey.cosignature(
            name: "witness.example.net/w",
            try Ed25519PrivateKey(
                seed: SecretBytes(copying: [UInt8](repeating: 8, count: 32))
            ).publicKey)
        let policy = try WitnessPolicy(1, of: [witness])
        let strict = try PinnedLog(keys: pinned.keys, policy: policy)
        #expect(throws: VerifyError.quorumNotMet(got: 0, want: 1)) {
            try genuine.verify(by: strict, key: signer.key)
        }
    }
}
