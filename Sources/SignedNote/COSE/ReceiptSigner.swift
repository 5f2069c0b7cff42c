// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// Signs one log's COSE receipts, and nothing else.
///
/// It signs under whatever head it is given: that only published ones are, is its owner's to see to.
/// Each receipt is verified before it leaves. Safe from any thread.
public final class ReceiptSigner: Sendable {
    /// The key that verifies the receipts.
    public let key: ReceiptKey

    /// The log's name in receipts.
    public let issuer: String

    private let ecdsa: P256PrivateKey

    /// The signer of a log.
    public init(origin: String, ecdsa: P256PrivateKey) {
        self.ecdsa = ecdsa
        key = ReceiptKey(ecdsa.publicKey)
        issuer = COSEReceipt.issuer(origin: origin)
    }

    /// The receipt of a leaf in the tree under a head.
    ///
    /// Two of the same leaf differ in their signatures.
    public func sign(
        leaf: [UInt8], proof: InclusionProof, in head: TreeHead
    ) throws(COSEReceiptError) -> COSEReceipt {
        do {
            try proof.verify(leafHash: .leafHash(leaf), in: head)
        } catch {
            throw .proof(error)
        }
        let claims = COSEReceipt.Claims(
            issuer: issuer, index: proof.leafIndex, treeSize: proof.treeSize)
        let message = COSEReceipt.message(claims, keyID: key.id, root: head.root)
        let signature: [UInt8]
        do {
            signature = try ecdsa.rawSignature(for: message)
        } catch {
            throw .signingFailed
        }
        let receipt = COSEReceipt(
            claims: claims, keyID: key.id, proof: proof, leaf: leaf, signature: signature)
        guard (try? receipt.open(issuer: issuer, key: key)) == head else { throw .signingFailed }
        return receipt
    }
}
