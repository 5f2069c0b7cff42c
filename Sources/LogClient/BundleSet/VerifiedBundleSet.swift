// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import SignedNote

/// A bundle set that was verified, and what that proves.
///
/// Every record in it is in the pinned log's signed tree. That it holds *all* records that match its
/// query is the operator's claim, unless ``showsAll``.
public struct VerifiedBundleSet: Sendable {
    /// What was asked for: claims, which the log's own record made permanent.
    public let header: BundleSetHeader

    /// The checkpoint whose tree holds all records.
    public let checkpoint: OpenedCheckpoint

    /// The names of the pinned witnesses that cosigned it, sorted.
    public let witnesses: [String]

    /// How many records there are.
    public internal(set) var records: UInt64 = 0

    /// How many indexes of the header's range are not shown.
    public internal(set) var skipped: UInt64 = 0

    /// How many of these were erased as a whole, by the erasure records that were at hand before.
    public internal(set) var erased: UInt64 = 0

    /// The names of fields that are shown, and in how many records.
    public internal(set) var shown: [String: UInt64] = [:]

    /// The names of fields of which only the name is known, and in how many records.
    ///
    /// Whoever shows the set to somebody must name these too.
    public internal(set) var withheld: [String: UInt64] = [:]

    /// The fields that are said to have been erased, by name and erasure record.
    public internal(set) var erasedFields: [ErasedFields] = []

    /// What the log says of itself.
    public internal(set) var reports: [BundleSetReport] = []

    /// The erasure records that are in the set.
    public internal(set) var erasures = ErasureRecords()

    /// The index of the log's own record of the set.
    public internal(set) var vouchedBy: UInt64 = 0

    /// The SHA-256 that this record holds: of all lines but the last.
    public internal(set) var digest = Digest.zero

    /// Whether nothing was left out between the first and the last index asked for: no index is
    /// skipped there but those of records that were erased.
    public var showsAll: Bool { skipped == erased }
}
