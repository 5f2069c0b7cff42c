// SPDX-License-Identifier: Apache-2.0

/// The hash tiles that a tree consists of, and those that change as it grows.
public enum TileCover {
    /// All hash tiles of a tree of `size` leaves, level by level.
    ///
    /// Cost: O(size / 255), which is also the number of tiles.
    public static func tiles(size: UInt64) -> [Tile] {
        tiles(from: 0, to: size)
    }

    /// The hash tiles that are new or wider when a tree grows from one size to another, level by
    /// level, each as wide as it is at the new size.
    ///
    /// These must be published, and durable, before a checkpoint of the new size is shown. A new
    /// size that is not larger gives none. Cost: O(number of tiles returned).
    /// Source: https://c2sp.org/tlog-tiles, "Partial Tiles".
    public static func tiles(from oldSize: UInt64, to newSize: UInt64) -> [Tile] {
        var tiles: [Tile] = []
        var (level, old, new) = (UInt8(0), oldSize, newSize)
        while old < new {
            for index in (old / 256)...((new - 1) / 256) {
                let width = min(256, new - index * 256)
                tiles.append(Tile(.hashes(level), index: index, width: Int(width)))
            }
            (level, old, new) = (level + 1, old / 256, new / 256)
        }
        return tiles
    }
}
