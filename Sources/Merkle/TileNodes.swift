// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// A hash tile made ready for proofs: any node within it at the cost of at most one node hash.
///
/// A tile has only its lowest row, up to 256 hashes. This value adds the rows of heights 2 to 7
/// (126 hashes in a full tile, 12 KiB in all) and makes nodes of height 1 when asked, so that the
/// 8 siblings of a proof cost one node hash and a cache of tiles stays small. Making it costs one
/// node hash for each hash of the tile.
public struct TileNodes: Sendable {
    /// The number of hashes in the tile, 1...256.
    public let width: Int

    /// Row 0, then rows 2 to 7: row h has `width >> h` hashes.
    private let hashes: [Digest]

    private static let keptRows = 2...7

    /// The nodes of a tile, given its bytes.
    ///
    /// Nothing shows yet that they belong to a log.
    public init(tile bytes: [UInt8]) throws(TileError) {
        self.init(row: try Digest.row(ofTile: bytes))
    }

    init(row: [Digest]) {
        width = row.count
        var (hashes, row) = (row, row)
        hashes.reserveCapacity(row.count + row.count / 2)
        for height in 1...7 {
            row = (0..<row.count / 2).map { .node(row[2 * $0], row[2 * $0 + 1]) }
            if Self.keptRows.contains(height) { hashes += row }
        }
        self.hashes = hashes
    }

    /// The tile as it is stored and served: its hashes, 32 bytes each.
    public var bytes: [UInt8] {
        hashes[..<width].withUnsafeBytes { [UInt8]($0) }
    }

    /// Bytes of memory that the hashes take.
    public var byteCount: Int { hashes.count * Digest.byteCount }

    /// The hash of the complete subtree of `2^height` hashes of the tile that begins with hash
    /// `index · 2^height`, or `nil` if the tile does not reach so far.
    ///
    /// Heights outside 0...7 and negative indexes are programming errors.
    public func hash(height: Int, index: Int) -> Digest? {
        precondition((0...7).contains(height) && index >= 0, "no such node in a tile")
        guard index < width >> height else { return nil }
        return node(height, index)
    }

    /// The hash of a node that this tile holds, or `nil` if the tile does not reach so far.
    public subscript(node: NodeCoordinate) -> Digest? {
        hash(height: node.heightInTile, index: node.indexInTile)
    }

    private func node(_ height: Int, _ index: Int) -> Digest {
        if height == 0 { return hashes[index] }
        if Self.keptRows.contains(height) {
            var start = width
            for row in Self.keptRows.lowerBound..<height { start += width >> row }
            return hashes[start + index]
        }
        return .node(node(height - 1, 2 * index), node(height - 1, 2 * index + 1))
    }
}

extension Digest {
    /// The hashes that a tile consists of.
    static func row(ofTile bytes: [UInt8]) throws(TileError) -> [Digest] {
        guard bytes.count % byteCount == 0, (1...256).contains(bytes.count / byteCount) else {
            throw .wrongByteCount(bytes.count)
        }
        return stride(from: 0, to: bytes.count, by: byteCount).compactMap {
            Digest(bytes[$0..<$0 + byteCount])
        }
    }
}
