// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle

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
        let entries = try tile.ranges()
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
            let entry = UnsafeRawBufferPointer(rebasing: bytes[range])
            hashes.append(try tile.leafHash(of: entry, at: place))
            try read(entry, at: tile.index * 256 + UInt64(place))
        }
        return hashes
    }

    /// A leaf of version 1 must be exactly that; an entry of another kind is counted, no more.
    private mutating func read(
        _ entry: UnsafeRawBufferPointer, at index: UInt64
    ) throws(VerifyError) {
        switch LogEntry(entry) {
        case .unknown:
            unknownEntries += 1
            firstUnknownEntry = firstUnknownEntry ?? index
        case .malformed:
            throw .malformedLeaf(index: index)
        case .leaf(let leaf):
            guard leaf.timestampMS >= lastTimestampMS ?? 0 else {
                throw .timeRunsBackwards(index: index)
            }
            lastTimestampMS = leaf.timestampMS
            firstTimestampMS = firstTimestampMS ?? leaf.timestampMS
        }
    }
}
