// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// Makes proofs from a log's tiles, so that nobody has to be asked for them.
///
/// Tiles are not trusted: a proof made of wrong ones does not verify. All tiles of a proof are
/// fetched side by side, at most two for each level of the tree.
public struct TileHashes: Sendable {
    private let source: any LogSource

    /// The tree that the proofs are for.
    public let head: TreeHead

    /// Reads the tiles of the tree under `head`, which somebody must vouch for.
    public init(_ source: any LogSource, head: TreeHead) {
        self.source = source
        self.head = head
    }

    /// The proof that a leaf is at an index; it was checked against the head.
    public func inclusionProof(of index: UInt64, leafHash: Hash) async throws -> InclusionProof {
        do {
            let plan = try ProofPlan.inclusion(index: index, size: head.size)
            let proof = InclusionProof(
                leafIndex: index, treeSize: head.size, hashes: try await hashes(plan))
            try proof.verify(leafHash: leafHash, in: head)
            return proof
        } catch let error as ProofError {
            throw VerifyError.inclusion(error)
        }
    }

    /// The proof that the tree begins with all of an older one; it was checked against both heads.
    public func consistencyProof(from old: TreeHead) async throws -> ConsistencyProof {
        do {
            let plan = try ProofPlan.consistency(from: old.size, to: head.size)
            let proof = ConsistencyProof(
                oldSize: old.size, newSize: head.size, hashes: try await hashes(plan))
            try proof.verify(from: old, to: head)
            return proof
        } catch let error as ProofError {
            throw VerifyError.consistency(error)
        }
    }

    /// The tree taken apart at a size from 1 to its own; the whole was checked against the head.
    ///
    /// Its prefix is then the only tree of that size which this one can begin with.
    public func split(at prefixSize: UInt64) async throws -> TreeSplit {
        do {
            let plan = try ProofPlan.split(of: head.size, at: prefixSize)
            let split = try TreeSplit(
                prefixSize: prefixSize, size: head.size, hashes: try await hashes(plan))
            guard split.whole == head else {
                throw VerifyError.rootMismatch(got: split.whole, want: head)
            }
            return split
        } catch let error as ProofError {
            throw VerifyError.consistency(error)
        }
    }

    private func hashes(_ plan: ProofPlan) async throws -> [Hash] {
        let tiles = try await withThrowingTaskGroup(of: (Tile, TileNodes).self) { group in
            for tile in plan.tiles {
                group.addTask {
                    let bytes = try await source.bytes(of: tile)
                    guard bytes.count == tile.width * Hash.byteCount else {
                        throw VerifyError.malformedTile(tile)
                    }
                    return (tile, try TileNodes(tile: bytes))
                }
            }
            return try await group.reduce(into: [Tile: TileNodes]()) { $0[$1.0] = $1.1 }
        }
        return try plan.hashes { node throws(VerifyError) in
            let tile = Tile.hashes(node.tileLevel, node.tileIndex, treeSize: head.size)
            guard let tile, let hash = tiles[tile]?[node] else {
                preconditionFailure("a plan names every tile of its nodes")
            }
            return hash
        }
    }
}
