// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// What one append to a tree made: the new head, the tiles to store, and the leaves' proofs.
public struct TreeGrowth: Sendable {
    /// The tree before.
    public let oldHead: TreeHead

    /// The tree after.
    ///
    /// It is not signed, nor stored, by being here.
    public let newHead: TreeHead

    /// The tiles that filled up, level 0 first and by index within a level: to be stored, and
    /// never changed.
    public let sealed: [SealedTile]

    /// The partial tile of each level above 0 that is wider or new: to be stored in place of the
    /// one before.
    ///
    /// Level 0's is the open leaves' own hashes.
    public let partials: [PartialTile]

    /// By level, the tiles that filled up, and the one that is open now.
    private let touched: [[OpenTile]]
    private let edge: RightEdge

    init(from oldHead: TreeHead, to newHead: TreeHead, touched: [[OpenTile]], edge: RightEdge) {
        self.oldHead = oldHead
        self.newHead = newHead
        self.touched = touched
        self.edge = edge
        var (sealed, partials) = ([SealedTile](), [PartialTile]())
        for (level, tiles) in zip(UInt8(0)..., touched) {
            for tile in tiles.dropLast() {
                sealed.append(SealedTile(level: level, index: tile.index, bytes: tile.bytes))
            }
            let nodes = (oldHead.size >> (8 * UInt64(level)), newHead.size >> (8 * UInt64(level)))
            if level > 0, nodes.0 < nodes.1, let open = tiles.last, open.width > 0 {
                partials.append(PartialTile(level: level, index: open.index, bytes: open.bytes))
            }
        }
        self.sealed = sealed
        self.partials = partials
    }

    /// The proof that a leaf of this append is in the tree under ``newHead``.
    ///
    /// Nothing is hashed. An index outside of this append is a programming error.
    public func inclusionProof(of index: UInt64) -> InclusionProof {
        let size = newHead.size
        precondition(oldHead.size <= index && index < size, "not a leaf of this append")
        var hashes: [Digest] = []
        hashes.reserveCapacity(InclusionProof.hashCount(leafIndex: index, treeSize: size))
        for (level, tiles) in touched.enumerated() {
            // The way up from the leaf leads through one tile of each level. It was open before
            // this append, or made by it, so it is here.
            let tile = tiles[Int(index >> (8 * (level + 1)) - tiles[0].index)]
            for height in 0..<8 {
                let sibling = (index >> (8 * level + height)) ^ 1
                let complete = size >> (8 * level + height)
                if sibling < complete {
                    hashes.append(tile.node(height, Int(sibling & (0xFF >> UInt64(height)))))
                } else if sibling == complete, let rest = edge.incomplete[8 * level + height] {
                    hashes.append(rest)
                }
            }
        }
        return InclusionProof(leafIndex: index, treeSize: size, hashes: hashes)
    }
}

/// A hash tile that is full, and so final.
public struct SealedTile: Hashable, Sendable {
    /// The level, 0...7.
    public let level: UInt8

    /// The place among the tiles of its level.
    public let index: UInt64

    /// 256 hashes: 8,192 bytes.
    public let bytes: [UInt8]

    /// The tile's name.
    public var tile: Tile { Tile(.hashes(level), index: index) }
}

/// A hash tile that is not full yet: a prefix of what it will be.
public struct PartialTile: Hashable, Sendable {
    /// The level, 0...7.
    public let level: UInt8

    /// The place among the tiles of its level.
    public let index: UInt64

    /// 1 to 255 hashes of 32 bytes.
    public let bytes: [UInt8]

    /// The tile's name.
    public var tile: Tile {
        Tile(.hashes(level), index: index, width: bytes.count / Digest.byteCount)
    }
}
