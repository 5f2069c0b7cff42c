// SPDX-License-Identifier: Apache-2.0

import Merkle
import SignedNote

/// Verifies a whole log from what it publishes: every entry, every tile, the root, the signatures.
///
/// Memory stays at some tens of tiles, whatever the size. What it takes is mostly two hashes and a
/// decoding for each entry.
public struct LogVerifier: Sendable {
    private let pinned: PinnedLog
    private let source: any LogSource

    /// How many pairs of entry bundle and hash tile are asked for at a time, while as many are
    /// being checked.
    private static let window: UInt64 = 16

    /// A verifier of the log that `pinned` names, read from `source`.
    public init(_ pinned: PinnedLog, source: any LogSource) {
        self.pinned = pinned
        self.source = source
    }

    /// Verifies the log under its newest checkpoint.
    ///
    /// Every leaf is hashed and compared with the log's own hash of it; every tile of every level
    /// is made again from the leaves and compared; so every node of every inclusion path has been
    /// recomputed when the root turns out to be the signed one. Times must not run backwards.
    ///
    /// - Parameter progress: Called with the number of leaves done and of all leaves, as each tile
    ///   is finished.
    /// - Returns: What is proven.
    /// - Throws: ``VerifyError``, or the source's own error.
    public func verify(
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) async throws -> VerifiedLog {
        guard let note = try await source.checkpoint() else { throw VerifyError.noCheckpoint }
        let opened = try pinned.open(note)
        let head = opened.checkpoint.head
        var walk = LeafWalk()
        var tiles = try await leafTiles(from: 0, treeSize: head.size)
        while let last = tiles.last {
            async let ahead = leafTiles(from: last.index + 1, treeSize: head.size)
            for tile in tiles {
                let growth = try walk.append(tile)
                for sealed in growth.sealed where sealed.level > 0 {
                    try await compare(sealed.tile, with: sealed.bytes)
                }
                progress(growth.newHead.size, head.size)
            }
            tiles = try await ahead
        }
        for partial in walk.edge.partials where partial.level > 0 {
            try await compare(partial.tile, with: partial.bytes)
        }
        guard walk.edge.head == head else {
            throw VerifyError.rootMismatch(got: walk.edge.head, want: head)
        }
        if let last = walk.lastTimestampMS { try pinned.checkTime(last, under: opened) }
        return VerifiedLog(
            checkpoint: opened, witnesses: pinned.cosigners(of: opened).map(\.name).sorted(),
            firstTimestampMS: walk.firstTimestampMS, lastTimestampMS: walk.lastTimestampMS,
            unknownEntries: walk.unknownEntries, firstUnknownEntry: walk.firstUnknownEntry)
    }

    /// The log's tile must be what the leaves below it make.
    private func compare(_ tile: Tile, with bytes: [UInt8]) async throws {
        guard try await source.bytes(of: tile) == bytes else {
            throw VerifyError.tileMismatch(tile)
        }
    }

    /// The next tiles of leaves, in order; none past the end of the tree.
    private func leafTiles(from first: UInt64, treeSize: UInt64) async throws -> [LeafTile] {
        let end = min(first + Self.window, (treeSize + 255) / 256)
        guard first < end else { return [] }
        return try await withThrowingTaskGroup(of: LeafTile.self) { group in
            for index in first..<end {
                let width = Tile.width(of: 0, index: index, treeSize: treeSize)
                group.addTask { try await leafTile(index, width: width) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
                .sorted { $0.index < $1.index }
        }
    }

    private func leafTile(_ index: UInt64, width: Int) async throws -> LeafTile {
        async let entries = source.bytes(of: Tile(.entries, index: index, width: width))
        let hashes = try await source.bytes(of: Tile(.hashes(0), index: index, width: width))
        return LeafTile(index: index, width: width, entries: try await entries, hashes: hashes)
    }
}
