// SPDX-License-Identifier: Apache-2.0

import LogCrypto
public import Merkle

/// Where a log is read from: a server, a folder, a mirror.
///
/// Nothing that it gives is trusted.
///
/// Bytes are those of https://c2sp.org/tlog-tiles, not compressed. Calls may run side by side, and
/// in any order. `nil` says that there is no such thing (404); an error, that it could not be
/// asked for, and reaches the caller of the verification as it is.
public protocol LogSource: Sendable {
    /// The signed note of the newest checkpoint.
    func checkpoint() async throws -> [UInt8]?

    /// The bytes of a hash tile or an entry bundle, exactly as wide as asked for.
    func tile(_ tile: Tile) async throws -> [UInt8]?
}

extension LogSource {
    /// The bytes of a tile, cut from the full tile where the partial one is no longer served.
    func bytes(of tile: Tile) async throws -> [UInt8] {
        if let bytes = try await self.tile(tile) { return bytes }
        let full = Tile(tile.level, index: tile.index)
        guard !tile.isFull, let bytes = try await self.tile(full) else {
            throw VerifyError.missingTile(tile)
        }
        switch tile.level {
        case .hashes: return Array(bytes.prefix(tile.width * Hash.byteCount))
        case .entries:
            guard let entries = try? EntryBundle.ranges(in: bytes), entries.count == Tile.maxWidth
            else { throw VerifyError.malformedTile(full) }
            return Array(bytes[..<entries[tile.width - 1].upperBound])
        }
    }
}
