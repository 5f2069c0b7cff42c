// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle

/// A place where a log can be seen: its own address, a mirror's, a witness's.
public struct VantagePoint: Sendable {
    /// What it is called in events and in the state; its address without anything secret.
    public let name: String

    /// Where it is read.
    public let source: any LogSource

    /// A place by its name, which no other place of the same monitor has.
    public init(name: String, source: any LogSource) {
        self.name = name
        self.source = source
    }
}

/// Reads each tile at the first of several places that has it.
///
/// Nothing that a source gives is trusted, so it does not matter which one answers.
struct FallbackSource: LogSource {
    let sources: [any LogSource]

    func checkpoint() async throws -> [UInt8]? { nil }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        var failure: (any Error)?
        for source in sources {
            do {
                if let bytes = try await source.tile(tile) { return bytes }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return nil
    }
}

/// Tiles in memory.
struct TileShelf: LogSource {
    /// The widest tile of each place; ``Tile/width`` of a key is always 256.
    private(set) var tiles: [Tile: [UInt8]] = [:]

    /// How many level-0 tiles are kept, the newest ones.
    static let newestLeafTiles: UInt64 = 1024

    mutating func keep(_ tile: Tile, _ bytes: [UInt8]) {
        tiles[Tile(tile.level, index: tile.index)] = bytes
        if tile.level == .hashes(0), tile.index >= Self.newestLeafTiles {
            tiles[Tile(.hashes(0), index: tile.index - Self.newestLeafTiles)] = nil
        }
    }

    func checkpoint() async throws -> [UInt8]? { nil }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        guard let bytes = tiles[Tile(tile.level, index: tile.index)] else { return nil }
        let count = tile.width * Hash.byteCount
        return bytes.count >= count ? Array(bytes.prefix(count)) : nil
    }
}
