// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// A hash tile at the right edge of a growing tree, with all of its nodes at the heights 0 to 7.
///
/// Filling it costs one node hash for each hash added, once for all; reading a node, none.
struct OpenTile: Sendable {
    /// The tile's place among those of its level.
    let index: UInt64

    /// The number of hashes so far, 0...256.
    private(set) var width = 0

    /// The rows of all heights, one after the other, with room for a full tile: 256 hashes from
    /// 0, 128 from 256, 64 from 384, and so on to 2 from 508.
    private var nodes: [Digest]

    private static func start(ofRow height: Int) -> Int { 512 - 512 >> height }

    /// A tile that holds nothing yet.
    init(index: UInt64) {
        self.index = index
        nodes = Array(repeating: .zero, count: Self.start(ofRow: 8))
    }

    var isFull: Bool { width == Tile.maxWidth }

    /// Adds as many of the hashes as there is room for, and returns the others.
    mutating func fill(_ hashes: ArraySlice<Digest>) -> ArraySlice<Digest> {
        let added = hashes.prefix(Tile.maxWidth - width)
        nodes.replaceSubrange(width..<width + added.count, with: added)
        var complete = width..<width + added.count
        for height in 0..<7 {
            let (row, parents) = (Self.start(ofRow: height), Self.start(ofRow: height + 1))
            complete = complete.lowerBound / 2..<complete.upperBound / 2
            for parent in complete {
                let left = row + 2 * parent
                nodes[parents + parent] = .node(nodes[left], nodes[left + 1])
            }
        }
        width += added.count
        return hashes.dropFirst(added.count)
    }

    /// The hash of the complete subtree `index` of `2^height` hashes, height 0...7.
    func node(_ height: Int, _ index: Int) -> Digest {
        assert(index < width >> height, "this subtree is not complete yet")
        return nodes[Self.start(ofRow: height) + index]
    }

    /// The hash over a full tile: one hash of the level above.
    var root: Digest {
        precondition(isFull, "only a full tile has a node above it")
        return .node(node(7, 0), node(7, 1))
    }

    /// The tile as it is stored and served: its hashes, 32 bytes each.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(width * Digest.byteCount)
        for hash in nodes[..<width] { bytes.append(hash) }
        return bytes
    }
}
