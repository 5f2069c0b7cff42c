// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// A tree taken apart at one size, so that its root and that of its prefix can both be made.
///
/// The hashes are those of RFC 6962 §2.1.2's SUBPROOF(prefix, D[size], false), lowest first: a
/// consistency proof that never leaves out the first hash. They fix the prefix: under one root of
/// one size no other hashes fit, so `prefix.root` is the only root that the first leaves of that
/// tree can have. So a split, unlike a consistency proof that fails, also shows that a smaller
/// head does *not* belong to the tree.
public struct TreeSplit: Hashable, Sendable {
    /// The number of leaves at which the tree is taken apart, 1 to ``size``.
    public let prefixSize: UInt64

    /// The number of leaves of the whole tree.
    public let size: UInt64

    /// The hashes, lowest first; at most 65.
    public let hashes: [Digest]

    /// The tree's first ``prefixSize`` leaves.
    public let prefix: TreeHead

    /// The whole tree, as the hashes make it; nothing is shown before it is compared with a signed
    /// head.
    public let whole: TreeHead

    /// A split by its parts.
    ///
    /// Refuses a prefix of no leaves, one larger than the tree, and another number of hashes than
    /// the sizes call for. Cost: at most two node hashes for each hash.
    public init(prefixSize: UInt64, size: UInt64, hashes: [Digest]) throws(ProofError) {
        guard prefixSize > 0, prefixSize <= size else {
            throw .sizesOutOfOrder(old: prefixSize, new: size)
        }
        let want = Self.hashCount(prefixSize: prefixSize, size: size)
        guard hashes.count == want else { throw .wrongLength(got: hashes.count, want: want) }
        self.prefixSize = prefixSize
        self.size = size
        self.hashes = hashes
        let roots = Self.roots(prefixSize: prefixSize, size: size, hashes: hashes)
        prefix = TreeHead(size: prefixSize, root: roots.prefix)
        whole = TreeHead(size: size, root: roots.whole)
    }

    /// The roots of the prefix and of the whole that as many hashes as there must be lead to.
    ///
    /// Source: RFC 9162 §2.1.4.2.
    static func roots(
        prefixSize: UInt64, size: UInt64, hashes: [Digest]
    ) -> (prefix: Digest, whole: Digest) {
        if prefixSize == size { return (hashes[0], hashes[0]) }
        // The last node of either tree, at the height of the prefix's lowest complete subtree.
        let height = prefixSize.trailingZeroBitCount
        var (node, last) = ((prefixSize - 1) >> height, (size - 1) >> height)
        var (prefix, whole) = (hashes[0], hashes[0])
        for hash in hashes.dropFirst() {
            if node & 1 == 1 || node == last {
                prefix = .node(hash, prefix)
                whole = .node(hash, whole)
                while node & 1 == 0 && node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                whole = .node(whole, hash)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return (prefix, whole)
    }

    /// The number of hashes: the inclusion proof of the prefix's lowest complete subtree, and that
    /// subtree itself.
    static func hashCount(prefixSize: UInt64, size: UInt64) -> Int {
        guard prefixSize < size else { return 1 }
        let height = prefixSize.trailingZeroBitCount
        return 1
            + InclusionProof.hashCount(
                leafIndex: (prefixSize - 1) >> height, treeSize: ((size - 1) >> height) + 1)
    }
}
