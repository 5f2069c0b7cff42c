// SPDX-License-Identifier: Apache-2.0

/// Names a complete subtree: `2^height` leaves, of which the first is leaf `index · 2^height`.
///
///     height 2          (2,0)
///                      /     \
///     height 1     (1,0)     (1,1)      (1,2)
///                   / \       / \        / \
///     height 0     0   1     2   3      4   5      leaves
///
/// Only complete subtrees have a name: their hashes never change as the tree grows.
public struct NodeCoordinate: Hashable, Sendable {
    /// The height above the leaves, 0...63; a leaf's own is 0.
    public let height: UInt8

    /// The place among the nodes of this height, counted from the left, from 0.
    public let index: UInt64

    /// The node at `height` and `index`.
    ///
    /// A height above 63 is a programming error.
    public init(height: UInt8, index: UInt64) {
        precondition(height < 64, "a tree of 2^64 leaves has no name")
        self.height = height
        self.index = index
    }

    /// The level of the hash tile that holds this node: tiles are 8 high.
    public var tileLevel: UInt8 { height / 8 }

    /// The index of the hash tile that holds this node.
    public var tileIndex: UInt64 { index >> (8 - heightInTile) }

    /// The node's height in its tile, 0...7; 0 is the tile's own row of up to 256 hashes.
    public var heightInTile: Int { Int(height % 8) }

    /// The node's place among the nodes of its height in its tile.
    public var indexInTile: Int { Int(index & (0xFF >> UInt64(heightInTile))) }

    /// The fewest complete subtrees that adjoin to cover a range of leaves, left to right.
    ///
    /// At most 126: their heights rise and then fall.
    public static func cover(_ leaves: Range<UInt64>) -> [NodeCoordinate] {
        var nodes: [NodeCoordinate] = []
        var start = leaves.lowerBound
        while start < leaves.upperBound {
            let fitting = (leaves.upperBound - start).floorLog2
            // 64 for 0, where every subtree may begin.
            let height = min(fitting, start.trailingZeroBitCount)
            nodes.append(NodeCoordinate(height: UInt8(height), index: start >> height))
            start += 1 << height
        }
        return nodes
    }
}

extension UInt64 {
    /// The place of the highest bit that is set, 0...63.
    ///
    /// Zero has none, and traps.
    var floorLog2: Int { 63 - leadingZeroBitCount }
}
