// SPDX-License-Identifier: Apache-2.0

import Merkle
public import SignedNote

/// What two heads of one log are to each other.
public enum HeadRelation: Hashable, Sendable {
    /// One tree begins with all of the other.
    case consistent

    /// No single history has both.
    case fork(ForkEvidence)
}

/// Finds out from tiles what two signed heads of one log are to each other.
public struct ForkSearch: Sendable {
    private let pinned: PinnedLog

    /// Compares heads of the log that `pinned` names.
    public init(_ pinned: PinnedLog) {
        self.pinned = pinned
    }

    /// Compares two checkpoints that were opened under the pinned keys.
    ///
    /// Only the larger tree is read: its tiles, once they lead to its root, say what its first
    /// leaves are. Tiles that do not lead there are an error, and say nothing about the heads.
    ///
    /// - Parameters:
    ///   - one: A checkpoint.
    ///   - other: Another one.
    ///   - source: Where the tiles of the larger tree are read; equal sizes need none.
    /// - Throws: ``VerifyError``, or the source's own error.
    public func compare(
        _ one: OpenedCheckpoint, _ other: OpenedCheckpoint, tilesFrom source: any LogSource
    ) async throws -> HeadRelation {
        let (small, large) = one.head.size <= other.head.size ? (one, other) : (other, one)
        guard small.head != large.head, small.head.size > 0 else { return .consistent }
        let own = try TreeSplit(
            prefixSize: small.head.size, size: small.head.size, hashes: [small.head.root])
        if small.head.size == large.head.size {
            let root = large.head.root
            let split = try TreeSplit(
                prefixSize: large.head.size, size: large.head.size, hashes: [root])
            return .fork(try ForkEvidence((small, own), (large, split), of: pinned))
        }
        let split = try await TileHashes(source, head: large.head).split(at: small.head.size)
        if split.prefix == small.head { return .consistent }
        return .fork(try ForkEvidence((small, own), (large, split), of: pinned))
    }

    /// Compares two checkpoints where the larger tree's last leaves cannot be read any more.
    ///
    /// Both trees are taken apart at the last multiple of 256 that both reach, for which no tile
    /// of leaves is needed. `consistent` then says only that they agree up to there.
    public func compareFullTiles(
        _ small: (OpenedCheckpoint, any LogSource), _ large: (OpenedCheckpoint, any LogSource)
    ) async throws -> HeadRelation {
        let size = min(small.0.head.size, large.0.head.size) / 256 * 256
        guard size > 0 else { return .consistent }
        async let left = TileHashes(small.1, head: small.0.head).split(at: size)
        let right = try await TileHashes(large.1, head: large.0.head).split(at: size)
        if try await left.prefix == right.prefix { return .consistent }
        return .fork(try ForkEvidence((small.0, try await left), (large.0, right), of: pinned))
    }
}
