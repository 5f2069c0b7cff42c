// SPDX-License-Identifier: Apache-2.0

/// The bytes of the tile in which a log serves its entries: each a u16 length and the entry.
///
/// Source: https://c2sp.org/tlog-tiles, "Log Entries".
public enum EntryBundle {
    /// The bundle of 0 to 256 entries of at most 65,535 bytes each; more is a programming error.
    public static func encode(_ entries: [[UInt8]]) -> [UInt8] {
        precondition(entries.count <= Tile.maxWidth, "a bundle holds 256 entries")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + 2 + $1.count })
        for entry in entries {
            let count = UInt16(entry.count)
            bytes.append(UInt8(count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
            bytes += entry
        }
        return bytes
    }

    /// The entries of a bundle.
    ///
    /// How many there must be, the tile's width says, not the bundle.
    public static func decode(_ bytes: [UInt8]) throws(TileError) -> [[UInt8]] {
        try ranges(in: bytes).map { Array(bytes[$0]) }
    }

    /// Where the entries of a bundle lie within it, without their lengths; nothing is copied.
    public static func ranges(in bytes: [UInt8]) throws(TileError) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(Tile.maxWidth)
        var offset = 0
        while offset < bytes.count {
            guard ranges.count < Tile.maxWidth else { throw .tooManyEntries }
            let start = offset + 2
            guard start <= bytes.count else { throw .truncatedEntry(offset: offset) }
            let end = start + Int(bytes[offset]) << 8 + Int(bytes[offset + 1])
            guard end <= bytes.count else { throw .truncatedEntry(offset: offset) }
            ranges.append(start..<end)
            offset = end
        }
        return ranges
    }
}
