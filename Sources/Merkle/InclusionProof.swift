// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Shows that a leaf is at an index of the tree under a head: RFC 6962's Merkle audit path.
///
/// Leaf 2 of 5 is proven by the hashes of 3, of *a* and of 4, in that order:
///
///              root
///             /    \
///            *      4
///          /   \
///         a     *
///        / \   / \
///       0   1 2   3
public struct InclusionProof: Hashable, Sendable {
    /// The leaf's index, from 0.
    public let leafIndex: UInt64

    /// The number of leaves of the tree that the proof leads to.
    public let treeSize: UInt64

    /// The hashes beside the way from the leaf to the root, lowest first; at most 64.
    public let hashes: [Digest]

    /// A proof as it was received: nothing is proven before ``verify(leafHash:in:)``.
    public init(leafIndex: UInt64, treeSize: UInt64, hashes: [Digest]) {
        self.leafIndex = leafIndex
        self.treeSize = treeSize
        self.hashes = hashes
    }

    /// Checks that the tree under `head` has this leaf at ``leafIndex``.
    ///
    /// Cost: one node hash for each hash of the proof.
    public func verify(leafHash: Digest, in head: TreeHead) throws(ProofError) {
        guard treeSize == head.size else { throw .wrongSize(got: treeSize, want: head.size) }
        let root = try root(fromLeafHash: leafHash)
        guard root == head.root else { throw .rootMismatch(got: root, want: head.root) }
    }

    /// The root that the proof leads to from a leaf.
    ///
    /// Source: RFC 9162 §2.1.3.2.
    public func root(fromLeafHash leafHash: Digest) throws(ProofError) -> Digest {
        guard leafIndex < treeSize else {
            throw .leafBeyondTree(index: leafIndex, size: treeSize)
        }
        let want = Self.hashCount(leafIndex: leafIndex, treeSize: treeSize)
        guard hashes.count == want else { throw .wrongLength(got: hashes.count, want: want) }
        // The node reached so far, and the last node of the same height.
        var (node, last) = (leafIndex, treeSize - 1)
        var root = leafHash
        for hash in hashes {
            if node & 1 == 1 || node == last {
                root = .node(hash, root)
                // A last node that is a left one has no sibling, and stands for its parent.
                while node & 1 == 0 && node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                root = .node(root, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return root
    }

    /// The number of hashes in the proof of a leaf; the index must be smaller than the size.
    ///
    /// Below the height at which the ways of the leaf and of the last leaf meet, every node has a
    /// sibling. From there on the way is the right edge, with a sibling wherever it turns left.
    static func hashCount(leafIndex: UInt64, treeSize: UInt64) -> Int {
        let meeting = 64 - (leafIndex ^ (treeSize - 1)).leadingZeroBitCount
        return meeting + (leafIndex >> meeting).nonzeroBitCount
    }
}
