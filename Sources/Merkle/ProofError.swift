// SPDX-License-Identifier: Apache-2.0

/// Why a proof cannot be made or does not hold.
public enum ProofError: Error, Hashable, Sendable {
    /// The tree of `size` leaves has no leaf `index`.
    case leafBeyondTree(index: UInt64, size: UInt64)

    /// A tree does not grow from `old` leaves to fewer.
    case sizesOutOfOrder(old: UInt64, new: UInt64)

    /// The proof speaks of a tree of another size than the head that it is held against.
    case wrongSize(got: UInt64, want: UInt64)

    /// The proof has not the number of hashes that its index and sizes call for.
    case wrongLength(got: Int, want: Int)

    /// The hashes lead to another root than the head's.
    case rootMismatch(got: Hash, want: Hash)
}
