// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import Merkle
public import SignedNote

/// A leaf that a log's COSE receipt proves.
public struct VerifiedCOSEReceipt: Sendable {
    /// The leaf's index.
    public let index: UInt64

    /// The leaf.
    public let leaf: Leaf

    /// The tree that holds it, as the log signed it.
    public let head: TreeHead
}

extension COSEReceipt {
    /// Checks that the pinned log signed a tree that holds the leaf, without asking anyone.
    ///
    /// The receipt key is pinned beside the log's own. No witness's cosignature is in such a
    /// receipt, so that a policy which asks for any is not met. Cost: a node hash for each hash of
    /// the proof, and one signature verification.
    public func verify(
        by pinned: PinnedLog, key: ReceiptKey
    ) throws(VerifyError) -> VerifiedCOSEReceipt {
        let head: TreeHead
        do {
            head = try open(issuer: Self.issuer(origin: pinned.origin.text), key: key)
        } catch {
            throw .coseReceipt(error)
        }
        guard pinned.policy.isSatisfied(by: []) else {
            throw .quorumNotMet(got: 0, want: pinned.policy.fewest)
        }
        guard let leaf = try? Leaf(decoding: self.leaf) else {
            throw .malformedLeaf(index: claims.index)
        }
        return VerifiedCOSEReceipt(index: claims.index, leaf: leaf, head: head)
    }
}
