// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Grows a log's tree: takes leaf hashes in batches, and gives back full tiles and proofs.
///
/// Only the right edge of a tree can change: the open tile of each level, at most 8 of them. All
/// their nodes are kept (16 KiB a level), so a leaf costs one node hash, and every proof for the
/// leaves of a batch is a look-up in what the batch has made. The value is cheap to copy: keep the
/// old one until the batch is committed, and drop the new one if it is not.
public struct TreeEdge: Sendable {
    /// The size and root of the tree.
    public private(set) var head: TreeHead

    /// The open tile of each level that the tree reaches, level 0 first; none of them is full.
    private var open: [OpenTile]

    /// The edge of the tree that has no leaves.
    public init() {
        head = .empty
        open = []
    }

    /// The hash tiles that ``init(size:tile:)`` asks for: the partial tile of each level.
    public static func tiles(size: UInt64) -> [Tile] {
        levels(size: size).compactMap { level in
            let index = size >> (8 * (UInt64(level) + 1))
            return Tile.hashes(level, index, treeSize: size)
        }
    }

    /// The edge of a tree of `size` leaves, loaded from its partial tiles.
    ///
    /// Each tile must be exactly as wide as asked for (else ``TileError``); whether it belongs to
    /// the log shows when ``head`` is compared with a signed one. Cost: one node hash for each
    /// hash loaded.
    public init<E: Error>(
        size: UInt64,
        tile: (_ level: UInt8, _ index: UInt64, _ width: Int) throws(E) -> [UInt8]
    ) throws {
        open = []
        for level in Self.levels(size: size) {
            let index = size >> (8 * (UInt64(level) + 1))
            let width = Tile.width(of: level, index: index, treeSize: size)
            var loaded = OpenTile(index: index)
            if width > 0 {
                let bytes = try tile(level, index, width)
                let row = try Digest.row(ofTile: bytes)
                guard row.count == width else { throw TileError.wrongByteCount(bytes.count) }
                _ = loaded.fill(row[...])
            }
            open.append(loaded)
        }
        head = TreeHead(size: size, root: RightEdge(open).root)
    }

    /// The partial tile of each level that has one, level 0's too, as it is now.
    public var partials: [PartialTile] {
        zip(UInt8(0)..., open).compactMap { level, tile in
            tile.width == 0
                ? nil : PartialTile(level: level, index: tile.index, bytes: tile.bytes)
        }
    }

    /// Adds leaves at the right, and tells what that made.
    ///
    /// Cost: one node hash for each leaf, and one for each bit set in the new size.
    public mutating func append(_ leafHashes: [Digest]) -> TreeGrowth {
        let oldHead = head
        var touched: [[OpenTile]] = []
        var (level, added) = (0, leafHashes)
        while level < open.count || !added.isEmpty {
            if level == open.count { open.append(OpenTile(index: 0)) }
            // What fills up at this level is what is added to the next.
            let full = fill(level, with: added)
            touched.append(full + [open[level]])
            (level, added) = (level + 1, full.map(\.root))
        }
        let edge = RightEdge(open)
        head = TreeHead(size: oldHead.size + UInt64(leafHashes.count), root: edge.root)
        return TreeGrowth(from: oldHead, to: head, touched: touched, edge: edge)
    }

    /// The hash of a complete subtree that one of the open tiles holds; `nil` if it is in a full
    /// tile, or beyond the tree.
    public subscript(node: NodeCoordinate) -> Digest? {
        guard node.tileLevel < open.count else { return nil }
        let tile = open[Int(node.tileLevel)]
        guard tile.index == node.tileIndex, node.indexInTile < tile.width >> node.heightInTile
        else { return nil }
        return tile.node(node.heightInTile, node.indexInTile)
    }

    /// Adds hashes to the open tile of a level, opening the next one as often as it fills up.
    ///
    /// Returns the full ones.
    private mutating func fill(_ level: Int, with hashes: [Digest]) -> [OpenTile] {
        var full: [OpenTile] = []
        var rest = hashes[...]
        while !rest.isEmpty {
            rest = open[level].fill(rest)
            if open[level].isFull {
                full.append(open[level])
                open[level] = OpenTile(index: open[level].index + 1)
            }
        }
        return full
    }

    /// The levels at which a tree has at least one node.
    private static func levels(size: UInt64) -> Range<UInt8> {
        0..<(size == 0 ? 0 : UInt8(size.floorLog2 / 8) + 1)
    }
}

/// The hashes of the incomplete subtrees at a tree's right edge, one for each height.
///
/// At height h it covers the last `size mod 2^h` leaves: the sibling, in a proof, of the last
/// complete node of that height.
struct RightEdge: Sendable {
    /// By height; `nil` where no leaves are left over.
    let incomplete: [Digest?]

    /// The hash over all leaves.
    let root: Digest

    /// The edge of a tree with these open tiles.
    ///
    /// Cost: one node hash for each bit set in its size.
    init(_ open: [OpenTile]) {
        var (incomplete, edge) = ([Digest?](), Digest?.none)
        incomplete.reserveCapacity(8 * open.count)
        for tile in open {
            for height in 0..<8 {
                incomplete.append(edge)
                let complete = tile.width >> height
                guard complete & 1 == 1 else { continue }
                let peak = tile.node(height, complete - 1)
                edge = edge.map { .node(peak, $0) } ?? peak
            }
        }
        self.incomplete = incomplete
        root = edge ?? .emptyRoot
    }
}
