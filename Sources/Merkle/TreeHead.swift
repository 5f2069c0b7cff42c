// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// How many leaves a tree has, and the hash over all of them.
///
/// Two heads of one log that have the same size and different roots prove a fork.
public struct TreeHead: Hashable, Sendable {
    /// The number of leaves.
    public let size: UInt64

    /// The root hash; of a tree without leaves, ``LogCrypto/Digest/emptyRoot``.
    public let root: Digest

    /// The head of a tree of `size` leaves under `root`.
    public init(size: UInt64, root: Digest) {
        self.size = size
        self.root = root
    }

    /// The head of the tree that has no leaves.
    public static let empty = TreeHead(size: 0, root: .emptyRoot)
}
