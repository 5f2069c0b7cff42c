// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// The least of a tree that lets it grow: the hashes of its complete subtrees, at most 64.
///
/// Each bit set in the size is one such subtree, a *peak*. Five leaves have two:
///
///         peak of 4
///         /       \
///        *         *
///       / \       / \
///      0   1     2   3     4 = peak of 1
///
/// Appending costs one node hash on average; the root, one for each peak but the first. Any log
/// can be followed with this alone, and neither leaves nor tiles are kept.
public struct CompactRange: Hashable, Sendable {
    /// The number of leaves.
    public private(set) var size: UInt64

    /// The hashes of the complete subtrees, largest and leftmost first.
    public private(set) var peaks: [Digest]

    /// The range of a tree that has no leaves.
    public init() {
        size = 0
        peaks = []
    }

    /// The range of a tree of `size` leaves, or `nil` if that size has another number of peaks.
    ///
    /// Nothing shows that the peaks are the tree's own but a root that somebody vouches for.
    public init?(size: UInt64, peaks: [Digest]) {
        guard peaks.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.peaks = peaks
    }

    /// Adds a leaf at the right.
    public mutating func append(_ leafHash: Digest) {
        append(subtree: leafHash, height: 0)
    }

    /// Adds the `2^height` leaves of a complete subtree at the right, of which only the hash is
    /// known.
    ///
    /// The size so far must be a multiple of their number, and the sum below 2^64: anything else
    /// is a programming error. See ``NodeCoordinate/cover(_:)``.
    public mutating func append(subtree: Digest, height: UInt8) {
        let subtrees = size >> height
        precondition(subtrees << height == size, "a subtree begins at a multiple of its leaves")
        var merged = subtree
        // As in binary addition: each trailing 1 is a peak to carry over.
        for _ in 0..<(~subtrees).trailingZeroBitCount {
            merged = .node(peaks.removeLast(), merged)
        }
        peaks.append(merged)
        size += 1 << height
    }

    /// The root hash of the tree.
    ///
    /// An incomplete tree is its largest complete subtree beside the incomplete rest, so the peaks
    /// are folded from the right.
    public var root: Digest {
        guard let last = peaks.last else { return .emptyRoot }
        return peaks.dropLast().reversed().reduce(last) { .node($1, $0) }
    }

    /// The size and the root.
    public var head: TreeHead {
        TreeHead(size: size, root: root)
    }
}
