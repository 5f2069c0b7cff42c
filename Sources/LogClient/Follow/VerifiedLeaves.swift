// SPDX-License-Identifier: Apache-2.0

public import Merkle

/// A part of a log that was checked up to the signed root, in the order in which it comes.
public enum VerifiedPart: Sendable {
    /// An entry bundle and the level-0 hash tile over it.
    case leaves(VerifiedLeaves)

    /// A hash tile above level 0.
    ///
    /// Full ones come before the first leaves under them; the open ones come last.
    case hashes(Tile, [UInt8])
}

/// An entry bundle, every entry of which is in the signed tree, and the hash tile over it.
public struct VerifiedLeaves: Sendable {
    /// The place of bundle and hash tile among those of their kind.
    public let tileIndex: UInt64

    /// The number of entries, 1 to 256.
    public let width: Int

    /// The entry bundle as it is served.
    public let bundle: [UInt8]

    /// The level-0 hash tile as it is served.
    public let hashes: [UInt8]

    /// The indexes of the entries that the old tree had not.
    public let newEntries: Range<UInt64>

    private let ranges: [Range<Int>]

    /// The bundle's name.
    public var bundleTile: Tile { Tile(.entries, index: tileIndex, width: width) }

    /// The hash tile's name.
    public var hashTile: Tile { Tile(.hashes(0), index: tileIndex, width: width) }

    /// Checks each entry against the hash tile, which must have been checked.
    init(_ tile: LeafTile, treeFrom oldSize: UInt64) throws(VerifyError) {
        let ranges = try tile.ranges()
        try tile.entries.withUnsafeBufferPointer { bytes throws(VerifyError) in
            let bytes = UnsafeRawBufferPointer(bytes)
            for (place, range) in ranges.enumerated() {
                _ = try tile.leafHash(
                    of: UnsafeRawBufferPointer(rebasing: bytes[range]), at: place)
            }
        }
        self.ranges = ranges
        (tileIndex, width, bundle, hashes) = (tile.index, tile.width, tile.entries, tile.hashes)
        let first = tile.index * UInt64(Tile.maxWidth)
        let end = first + UInt64(tile.width)
        newEntries = max(first, min(oldSize, end))..<end
    }

    /// Reads the entries that the old tree had not, in order.
    public func forEachNewEntry<E: Error>(
        _ body: (_ index: UInt64, _ entry: LogEntry) throws(E) -> Void
    ) throws(E) {
        let first = tileIndex * UInt64(Tile.maxWidth)
        try bundle.withUnsafeBufferPointer { bytes throws(E) in
            let bytes = UnsafeRawBufferPointer(bytes)
            for index in newEntries {
                let range = ranges[Int(index - first)]
                try body(index, LogEntry(UnsafeRawBufferPointer(rebasing: bytes[range])))
            }
        }
    }
}
