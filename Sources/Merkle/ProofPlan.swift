// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Which nodes a proof is made of, found before any of them is read.
///
/// A proof hash covers a subtree of the tree as it was at some size. If that subtree is complete,
/// it is one stored node; if it reaches the tree's right edge, it is folded from several. A reader
/// of tiles fetches ``tiles`` in one go, then calls ``hashes(node:)``.
///
/// The two planners below follow PATH and SUBPROOF of RFC 6962 §2.1 as loops from the root down;
/// proofs list hashes from the leaves up, hence the reversal.
public struct ProofPlan: Hashable, Sendable {
    /// For each hash of the proof, in its order, the nodes that it is folded from, right to left.
    public let parts: [[NodeCoordinate]]

    /// The size of the tree in which the nodes are looked up.
    public let treeSize: UInt64

    /// The plan of the proof that leaf `index` is in the tree of `size` leaves: PATH(index, D[size]).
    public static func inclusion(index: UInt64, size: UInt64) throws(ProofError) -> ProofPlan {
        guard index < size else { throw .leafBeyondTree(index: index, size: size) }
        var subtrees: [Range<UInt64>] = []
        var (start, end) = (UInt64(0), size)
        while end - start > 1 {
            let middle = start + split(end - start)
            if index < middle {
                subtrees.append(middle..<end)
                end = middle
            } else {
                subtrees.append(start..<middle)
                start = middle
            }
        }
        return ProofPlan(subtrees: subtrees.reversed(), size: size)
    }

    /// The plan of the proof that the tree of `old` leaves is a prefix of that of `new`:
    /// SUBPROOF(old, D[new], true).
    ///
    /// From size 0, and from a size to itself, the proof is empty.
    public static func consistency(
        from old: UInt64, to new: UInt64
    ) throws(ProofError) -> ProofPlan {
        guard old <= new else { throw .sizesOutOfOrder(old: old, new: new) }
        guard old > 0, old < new else { return ProofPlan(subtrees: [], size: new) }
        let subtrees = subtrees(splitting: new, at: old)
        // The old tree's last subtree; if it is the whole old tree, the verifier has its root.
        return ProofPlan(
            subtrees: Array(subtrees.dropFirst(subtrees[0].lowerBound == 0 ? 1 : 0)), size: new)
    }

    /// The plan of the hashes of a ``TreeSplit``: SUBPROOF(prefix, D[size], false).
    public static func split(of size: UInt64, at prefix: UInt64) throws(ProofError) -> ProofPlan {
        guard prefix > 0, prefix <= size else {
            throw .sizesOutOfOrder(old: prefix, new: size)
        }
        return ProofPlan(subtrees: subtrees(splitting: size, at: prefix), size: size)
    }

    /// The subtrees on the way down from the root of a tree to the last one of a prefix that is
    /// not empty; lowest first.
    private static func subtrees(
        splitting size: UInt64, at prefix: UInt64
    ) -> [Range<UInt64>] {
        var subtrees: [Range<UInt64>] = []
        var (start, end) = (UInt64(0), size)
        while end != prefix {
            let middle = start + split(end - start)
            if prefix <= middle {
                subtrees.append(middle..<end)
                end = middle
            } else {
                subtrees.append(start..<middle)
                start = middle
            }
        }
        return [start..<end] + subtrees.reversed()
    }

    /// Every node of the plan, in the order of its parts.
    public var nodes: [NodeCoordinate] {
        parts.flatMap(\.self)
    }

    /// The hash tiles that hold the nodes, each once, as wide as the tree's size lets them be.
    public var tiles: [Tile] {
        var seen: Set<Tile> = []
        return nodes.compactMap { node in
            let tile = Tile.hashes(node.tileLevel, node.tileIndex, treeSize: treeSize)
            return tile.flatMap { seen.insert($0).inserted ? $0 : nil }
        }
    }

    /// The proof's hashes, made of the nodes that `node` answers with.
    public func hashes<E: Error>(
        node: (NodeCoordinate) throws(E) -> Digest
    ) throws(E) -> [Digest] {
        var hashes: [Digest] = []
        hashes.reserveCapacity(parts.count)
        for part in parts {
            var folded: Digest?
            for coordinate in part.reversed() {
                let hash = try node(coordinate)
                folded = folded.map { .node(hash, $0) } ?? hash
            }
            if let folded { hashes.append(folded) }
        }
        return hashes
    }

    private init(subtrees: [Range<UInt64>], size: UInt64) {
        parts = subtrees.map(NodeCoordinate.cover)
        treeSize = size
    }

    /// The largest power of two smaller than `count`, which is at least 2: RFC 6962's k.
    private static func split(_ count: UInt64) -> UInt64 {
        1 << (count - 1).floorLog2
    }
}
