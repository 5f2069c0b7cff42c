// SPDX-License-Identifier: Apache-2.0

/// Names a tile: the unit in which a log is read, cached and mirrored.
///
/// A hash tile of level L holds up to 256 adjoining node hashes of height 8·L; tile N begins with
/// node 256·N of them. An entry bundle holds the leaves under the level-0 tile of its index. A
/// full tile never changes; a partial one is a prefix of all that follow it.
/// Source: https://c2sp.org/tlog-tiles.
public struct Tile: Hashable, Sendable {
    /// What a tile holds.
    public enum Level: Hashable, Sendable {
        /// The leaves themselves.
        case entries

        /// Hashes of nodes of height 8 times the level, which is 0...63.
        case hashes(UInt8)
    }

    /// The number of entries or hashes in a full tile.
    public static let maxWidth = 256

    /// What the tile holds.
    public let level: Level

    /// The place among the tiles of its level, from 0.
    public let index: UInt64

    /// The number of entries or hashes, 1...256.
    public let width: Int

    /// A tile by its parts.
    ///
    /// A level above 63 or a width outside 1...256 is a programming error.
    public init(_ level: Level, index: UInt64, width: Int = Tile.maxWidth) {
        if case .hashes(let level) = level { precondition(level < 64, "no such level") }
        precondition((1...Self.maxWidth).contains(width), "no such width")
        self.level = level
        self.index = index
        self.width = width
    }

    /// Hash tile `index` of a level, as wide as a tree's size lets it be; `nil` if it has none.
    public static func hashes(_ level: UInt8, _ index: UInt64, treeSize: UInt64) -> Tile? {
        let width = width(of: level, index: index, treeSize: treeSize)
        return width == 0 ? nil : Tile(.hashes(level), index: index, width: width)
    }

    /// The width of a hash tile in a tree of `treeSize` leaves, 0 if the tree has no such tile.
    ///
    /// An entry bundle is as wide as the level-0 tile of its index.
    public static func width(of level: UInt8, index: UInt64, treeSize: UInt64) -> Int {
        let nodes = treeSize >> (8 * UInt64(level))
        let full = nodes / 256
        return index < full ? maxWidth : index == full ? Int(nodes % 256) : 0
    }

    /// Whether the tile is as wide as it will ever be.
    public var isFull: Bool { width == Self.maxWidth }
}
