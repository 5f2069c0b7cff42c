// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle

/// An entry bundle and the level-0 hash tile above it, as a log served them.
struct LeafTile: Sendable {
    let index: UInt64
    let width: Int
    let entries: [UInt8]
    let hashes: [UInt8]
}

/// Goes through a log's leaves from the first to the last, and makes its tree again.
struct LeafWalk {
    /// The tree of the leaves so far.
    private(set) var edge = TreeEdge()

    private(set) var firstTimestampMS: UInt64?
    private(set) var lastTimestampMS: UInt64?
    private(set) var unknownEntries: UInt64 = 0
    private(set) var firstUnknownEntry: UInt64?

    /// Checks the leaves of the next tile: form, times, and the log's own hash of each.
    mutating func append(_ tile: LeafTile) throws(VerifyError) -> TreeGrowth {
        guard let entries = try? EntryBundle.ranges(in: tile.entries), entries.count == tile.width
        else {
            throw .malformedTile(Tile(.entries, index: tile.index, width: tile.width))
        }
        guard tile.hashes.count == tile.width * Digest.byteCount else {
            throw .malformedTile(Tile(.hashes(0), index: tile.index, width: tile.width))
        }
        let hashes = try tile.entries.withUnsafeBufferPointer { bytes throws(VerifyError) in
            try self.hashes(of: entries, in: UnsafeRawBufferPointer(bytes), under: tile)
        }
        return edge.append(hashes)
    }

    private mutating func hashes(
        of entries: [Range<Int>], in bytes: UnsafeRawBufferPointer, under tile: LeafTile
    ) throws(VerifyError) -> [Digest] {
        var hashes: [Digest] = []
        hashes.reserveCapacity(entries.count)
        for (place, range) in entries.enumerated() {
            let index = tile.index * 256 + UInt64(place)
            let entry = UnsafeRawBufferPointer(rebasing: bytes[range])
            let hash = Digest.leafHash(entry)
            guard hash == Self.hash(place, of: tile.hashes) else {
                throw .leafHashMismatch(index: index)
            }
            try read(entry, at: index)
            hashes.append(hash)
        }
        return hashes
    }

    /// A leaf of version 1 must be exactly that; an entry of another kind is counted, no more.
    private mutating func read(
        _ entry: UnsafeRawBufferPointer, at index: UInt64
    ) throws(VerifyError) {
        guard Self.claimsVersion1(entry) else {
            unknownEntries += 1
            firstUnknownEntry = firstUnknownEntry ?? index
            return
        }
        guard let leaf = try? Leaf(decoding: entry) else { throw .malformedLeaf(index: index) }
        guard leaf.timestampMS >= lastTimestampMS ?? 0 else {
            throw .timeRunsBackwards(index: index)
        }
        lastTimestampMS = leaf.timestampMS
        firstTimestampMS = firstTimestampMS ?? leaf.timestampMS
    }

    /// Whether an entry's header is that of an RFC 6962 timed entry of type 0x8000.
    private static func claimsVersion1(_ entry: UnsafeRawBufferPointer) -> Bool {
        entry.count >= 12 && entry[0] == 0 && entry[1] == 0 && entry[10] == 0x80 && entry[11] == 0
    }

    private static func hash(_ place: Int, of tile: [UInt8]) -> Digest? {
        tile.withUnsafeBytes { bytes in
            let start = place * Digest.byteCount
            return Digest(
                UnsafeRawBufferPointer(rebasing: bytes[start..<start + Digest.byteCount]))
        }
    }
}
