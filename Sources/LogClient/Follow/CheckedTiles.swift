// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle

/// The hash tiles of one tree from the root down, each checked before anything below it.
///
/// The tree's right edge is checked as a whole against the root; each full tile is one hash of the
/// tile above it. Kept is one tile of each level: the way to the tile that was checked last.
struct CheckedTiles {
    private let source: any LogSource
    private let edge: TreeEdge
    private var way: [UInt8: (index: UInt64, nodes: TileNodes)] = [:]

    /// The full tiles above level 0 that were read and checked since the last look.
    private(set) var read: [(tile: Tile, bytes: [UInt8])] = []

    /// Reads and checks the right edge of the tree under `head`.
    init(_ source: any LogSource, head: TreeHead) async throws {
        self.source = source
        let tiles = try await withThrowingTaskGroup(of: (Tile, [UInt8]).self) { group in
            for tile in TreeEdge.tiles(size: head.size) {
                group.addTask {
                    let bytes = try await source.bytes(of: tile)
                    guard bytes.count == tile.width * Digest.byteCount else {
                        throw VerifyError.malformedTile(tile)
                    }
                    return (tile, bytes)
                }
            }
            return try await group.reduce(into: [Tile: [UInt8]]()) { $0[$1.0] = $1.1 }
        }
        edge = try TreeEdge(size: head.size) { level, index, width in
            tiles[Tile(.hashes(level), index: index, width: width)] ?? []
        }
        guard edge.head == head else {
            throw VerifyError.rootMismatch(got: edge.head, want: head)
        }
    }

    /// The open tiles above level 0, final for this tree.
    var partials: [PartialTile] { edge.partials.filter { $0.level > 0 } }

    /// Checks a level-0 hash tile, and all above it that was not checked before.
    mutating func check(_ tile: LeafTile) async throws {
        let name = Tile(.hashes(0), index: tile.index, width: tile.width)
        guard name.isFull else {
            let open = edge.partials.first { $0.level == 0 }
            guard open?.bytes == tile.hashes else { throw VerifyError.tileMismatch(name) }
            return
        }
        try await check(TileNodes(tile: tile.hashes), as: name, level: 0)
    }

    /// Forgets which tiles were read.
    mutating func forgetRead() { read = [] }

    private mutating func check(_ nodes: TileNodes, as tile: Tile, level: UInt8) async throws {
        guard let left = nodes.hash(height: 7, index: 0),
            let right = nodes.hash(height: 7, index: 1)
        else { throw VerifyError.malformedTile(tile) }
        let want = try await hash(level: level + 1, index: tile.index)
        guard Digest.node(left, right) == want else { throw VerifyError.tileMismatch(tile) }
    }

    /// The hash at a place of a level above 0, out of a tile that is checked.
    private mutating func hash(level: UInt8, index: UInt64) async throws -> Digest {
        let node = NodeCoordinate(height: 8 * level, index: index)
        if let hash = edge[node] { return hash }
        if let (known, nodes) = way[level], known == node.tileIndex, let hash = nodes[node] {
            return hash
        }
        let tile = Tile(.hashes(level), index: node.tileIndex)
        let bytes = try await source.bytes(of: tile)
        guard bytes.count == tile.width * Digest.byteCount else {
            throw VerifyError.malformedTile(tile)
        }
        let nodes = try TileNodes(tile: bytes)
        try await check(nodes, as: tile, level: level)
        way[level] = (tile.index, nodes)
        read.append((tile, bytes))
        guard let hash = nodes[node] else { preconditionFailure("a full tile has all its nodes") }
        return hash
    }
}
