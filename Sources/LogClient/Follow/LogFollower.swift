// SPDX-License-Identifier: Apache-2.0

public import Merkle

/// Follows a log from a tree that was verified to a newer one, and gives out what it has verified.
///
/// Both heads must have been opened under pinned keys. That the newer tree begins with the older
/// one is recomputed from the newer one's tiles; every tile is checked up to the newer root before
/// it is given out, and every entry against its tile. So what comes out may be kept at once, and
/// what is kept never has to be taken back. Memory stays at some tens of tiles.
public struct LogFollower: Sendable {
    private let source: any LogSource
    private let old: TreeHead
    private let head: TreeHead

    /// Follows the log at `source` from the tree under `old`, by default the empty one, to `head`.
    public init(_ source: any LogSource, from old: TreeHead = .empty, to head: TreeHead) {
        self.source = source
        self.old = old
        self.head = head
    }

    /// The newer tree, taken apart at the older one's size; `nil` where that is 0.
    ///
    /// The tiles that it is made of lead to the newer root. Where its prefix is not the older
    /// head, the two heads are a fork, and this is the proof of it: see ``ForkEvidence``.
    public func split() async throws -> TreeSplit? {
        guard old.size > 0 else { return nil }
        return try await TileHashes(source, head: head).split(at: old.size)
    }

    /// Verifies all that is new, and hands each part to `take` as soon as it is.
    ///
    /// - Parameters:
    ///   - progress: Called with the number of entries done and of all entries of the tree.
    ///   - take: Gets each part; what it throws ends the walk.
    /// - Throws: ``VerifyError``: `consistency` if the newer tree does not begin with the older
    ///   one; the source's own error.
    public func follow(
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in },
        _ take: (VerifiedPart) async throws -> Void
    ) async throws {
        if let split = try await split(), split.prefix != old {
            throw VerifyError.consistency(
                .rootMismatch(got: split.prefix.root, want: old.root))
        }
        guard old.size < head.size else { return }
        var tree = try await CheckedTiles(source, head: head)
        var tiles = try await LeafTile.readAhead(
            source, from: old.size / 256, treeSize: head.size)
        while let last = tiles.last {
            async let ahead = LeafTile.readAhead(
                source, from: last.index + 1, treeSize: head.size)
            for tile in tiles {
                try await tree.check(tile)
                for above in tree.read where isNew(above.tile) {
                    try await take(.hashes(above.tile, above.bytes))
                }
                tree.forgetRead()
                let leaves = try VerifiedLeaves(tile, treeFrom: old.size)
                try await take(.leaves(leaves))
                progress(leaves.newEntries.upperBound, head.size)
            }
            tiles = try await ahead
        }
        for open in tree.partials where isNew(open.tile) {
            try await take(.hashes(open.tile, open.bytes))
        }
    }

    /// Whether a tile of the newer tree is wider than it was in the older one, or was not there.
    private func isNew(_ tile: Tile) -> Bool {
        guard case .hashes(let level) = tile.level else { return true }
        return Tile.width(of: level, index: tile.index, treeSize: old.size) < tile.width
    }
}
