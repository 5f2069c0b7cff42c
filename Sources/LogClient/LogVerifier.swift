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
        var tiles = try await LeafTile.readAhead(source, from: 0, treeSize: head.size)
        while let last = tiles.last {
            async let ahead = LeafTile.readAhead(
                source, from: last.index + 1, treeSize: head.size)
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
            checkpoint: opened, witnesses: pinned.cosigners(of: opened),
            firstTimestampMS: walk.firstTimestampMS, lastTimestampMS: walk.lastTimestampMS,
            unknownEntries: walk.unknownEntries, firstUnknownEntry: walk.firstUnknownEntry)
    }

    /// The log's tile must be what the leaves below it make.
    private func compare(_ tile: Tile, with bytes: [UInt8]) async throws {
        guard try await source.bytes(of: tile) == bytes else {
            throw VerifyError.tileMismatch(tile)
        }
    }
}
