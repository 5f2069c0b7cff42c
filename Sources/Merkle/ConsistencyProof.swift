// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Shows that a log only appended between two heads: the old tree is a prefix of the new one.
///
/// Source: RFC 6962 §2.1.2. From size 0, and from a size to itself, the proof is empty.
public struct ConsistencyProof: Hashable, Sendable {
    /// The number of leaves of the earlier tree.
    public let oldSize: UInt64

    /// The number of leaves of the later tree.
    public let newSize: UInt64

    /// The hashes from which both roots are made, lowest first; at most 65.
    public let hashes: [Digest]

    /// A proof as it was received: nothing is proven before ``verify(from:to:)``.
    public init(oldSize: UInt64, newSize: UInt64, hashes: [Digest]) {
        self.oldSize = oldSize
        self.newSize = newSize
        self.hashes = hashes
    }

    /// Checks that the tree under `new` begins with all leaves of the tree under `old`.
    ///
    /// Cost: at most two node hashes for each hash of the proof.
    public func verify(from old: TreeHead, to new: TreeHead) throws(ProofError) {
        guard oldSize == old.size else { throw .wrongSize(got: oldSize, want: old.size) }
        guard newSize == new.size else { throw .wrongSize(got: newSize, want: new.size) }
        guard oldSize <= newSize else { throw .sizesOutOfOrder(old: oldSize, new: newSize) }
        let want = Self.hashCount(oldSize: oldSize, newSize: newSize)
        guard hashes.count == want else { throw .wrongLength(got: hashes.count, want: want) }
        let (oldRoot, newRoot) = roots(old: old, new: new)
        guard oldRoot == old.root else { throw .rootMismatch(got: oldRoot, want: old.root) }
        guard newRoot == new.root else { throw .rootMismatch(got: newRoot, want: new.root) }
    }

    /// The roots of both trees that the proof leads to.
    ///
    /// Source: RFC 9162 §2.1.4.2.
    private func roots(old: TreeHead, new: TreeHead) -> (old: Digest, new: Digest) {
        if oldSize == 0 { return (.emptyRoot, new.root) }
        if oldSize == newSize { return (new.root, new.root) }
        // A complete old tree is a node of the new one, so the proof leaves it out.
        let path = oldSize.nonzeroBitCount == 1 ? [old.root] + hashes : hashes
        let roots = TreeSplit.roots(prefixSize: oldSize, size: newSize, hashes: path)
        return (roots.prefix, roots.whole)
    }

    /// The number of hashes in the proof; the old size must not exceed the new one.
    ///
    /// It is the inclusion proof of the old tree's lowest complete subtree, and that subtree
    /// itself unless it is the whole old tree.
    static func hashCount(oldSize: UInt64, newSize: UInt64) -> Int {
        guard oldSize > 0, oldSize < newSize else { return 0 }
        return TreeSplit.hashCount(prefixSize: oldSize, size: newSize)
            - (oldSize.nonzeroBitCount == 1 ? 1 : 0)
    }
}
