// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Merkle

/// Nodes and proofs of the stored tree, straight from its tiles.
///
/// For recovery and checks; requests go through ``TreeReader``, which caches.
struct StoredTree {
    let reader: any LogReader

    /// The proof that the tree of `size` leaves has grown from the one of `oldSize`.
    func consistencyProof(from oldSize: UInt64, to size: UInt64) throws -> ConsistencyProof {
        let plan = try ProofPlan.consistency(from: oldSize, to: size)
        let hashes = try plan.hashes { (node) throws in try hash(at: node) }
        return ConsistencyProof(oldSize: oldSize, newSize: size, hashes: hashes)
    }

    /// The complete subtrees that make up the tree of `size` leaves, the largest first.
    func peaks(of size: UInt64) throws -> [Digest] {
        try NodeCoordinate.peaks(of: size).map(hash)
    }

    /// Whether a leaf is at an index of the tree with this head.
    func holds(_ leafHash: Digest, at index: UInt64, in head: TreeHead) throws -> Bool {
        let plan = try ProofPlan.inclusion(index: index, size: head.size)
        let hashes = try plan.hashes { (node) throws in try hash(at: node) }
        let proof = InclusionProof(leafIndex: index, treeSize: head.size, hashes: hashes)
        return (try? proof.verify(leafHash: leafHash, in: head)) != nil
    }

    private func hash(at node: NodeCoordinate) throws -> Digest {
        guard
            let bytes = try reader.hashTile(level: node.tileLevel, index: node.tileIndex),
            let hash = try TileNodes(tile: bytes)[node]
        else { throw TileError.wrongByteCount(0) }
        return hash
    }
}

extension NodeCoordinate {
    /// The complete subtrees that make up a tree of `size` leaves, the largest first.
    static func peaks(of size: UInt64) -> [NodeCoordinate] {
        (UInt8(0)..<64).reversed().filter { size >> UInt64($0) & 1 == 1 }.map { height in
            NodeCoordinate(height: height, index: (size >> UInt64(height)) - 1)
        }
    }
}
