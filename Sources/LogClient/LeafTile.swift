// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle

/// An entry bundle and the level-0 hash tile above it, as a log served them.
struct LeafTile: Sendable {
    let index: UInt64
    let width: Int
    let entries: [UInt8]
    let hashes: [UInt8]

    /// Where the entries lie in the bundle; both parts must be of the tile's width.
    func ranges() throws(VerifyError) -> [Range<Int>] {
        guard let ranges = try? EntryBundle.ranges(in: entries), ranges.count == width else {
            throw .malformedTile(Tile(.entries, index: index, width: width))
        }
        guard hashes.count == width * Digest.byteCount else {
            throw .malformedTile(Tile(.hashes(0), index: index, width: width))
        }
        return ranges
    }

    /// The hash of the entry at a place, which must be the one that the hash tile has there.
    func leafHash(
        of entry: UnsafeRawBufferPointer, at place: Int
    ) throws(VerifyError) -> Digest {
        let hash = Digest.leafHash(entry)
        let start = place * Digest.byteCount
        let want = hashes.withUnsafeBytes { bytes in
            Digest(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Digest.byteCount]))
        }
        guard hash == want else {
            throw .leafHashMismatch(index: index * UInt64(Tile.maxWidth) + UInt64(place))
        }
        return hash
    }

    /// Reads the tile `index` as wide as it is in a tree of `treeSize` leaves.
    static func read(
        _ source: any LogSource, _ index: UInt64, treeSize: UInt64
    ) async throws -> LeafTile {
        let width = Tile.width(of: 0, index: index, treeSize: treeSize)
        async let entries = source.bytes(of: Tile(.entries, index: index, width: width))
        let hashes = try await source.bytes(of: Tile(.hashes(0), index: index, width: width))
        return LeafTile(index: index, width: width, entries: try await entries, hashes: hashes)
    }

    /// How many tiles are asked for at a time, while as many are being checked.
    private static let window: UInt64 = 16

    /// The next tiles of a tree from `first` on, in order; none past its end.
    static func readAhead(
        _ source: any LogSource, from first: UInt64, treeSize: UInt64
    ) async throws -> [LeafTile] {
        let all = treeSize / 256 + (treeSize % 256 == 0 ? 0 : 1)
        guard first < all else { return [] }
        return try await withThrowingTaskGroup(of: LeafTile.self) { group in
            for index in first..<min(first + window, all) {
                group.addTask { try await read(source, index, treeSize: treeSize) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
                .sorted { $0.index < $1.index }
        }
    }
}
