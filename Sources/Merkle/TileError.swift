// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not the tile or entry bundle that they were taken for.
public enum TileError: Error, Hashable, Sendable {
    /// A hash tile is 1 to 256 hashes of 32 bytes; if its width is known, exactly so many.
    case wrongByteCount(Int)

    /// An entry bundle ends within an entry that begins at this offset.
    case truncatedEntry(offset: Int)

    /// An entry bundle holds more than 256 entries.
    case tooManyEntries
}
