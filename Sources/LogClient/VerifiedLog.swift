// SPDX-License-Identifier: Apache-2.0

public import Merkle
public import SignedNote

/// A log of which every published leaf and tile was verified under one checkpoint.
///
/// It proves that what is public is whole and is what the log signed. It says nothing of records'
/// contents, nor, without witnesses, whether others were shown another tree.
public struct VerifiedLog: Sendable {
    /// The checkpoint that everything was compared with.
    public let checkpoint: OpenedCheckpoint

    /// The names of the pinned witnesses that cosigned it, sorted.
    public let witnesses: [String]

    /// The first leaf's time, in milliseconds since 1970; `nil` in a log without leaves.
    public let firstTimestampMS: UInt64?

    /// The last leaf's time, in milliseconds since 1970; `nil` in a log without leaves.
    public let lastTimestampMS: UInt64?

    /// The number of entries of a kind that this verifier does not know: in the tree, and not read.
    public let unknownEntries: UInt64

    /// The index of the first of them.
    public let firstUnknownEntry: UInt64?

    /// The tree's size and root.
    public var head: TreeHead { checkpoint.checkpoint.head }
}
