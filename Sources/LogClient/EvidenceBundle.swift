// SPDX-License-Identifier: Apache-2.0

import AuditChain
public import LogCrypto

/// A record, whole or in part, with all that it takes to check offline that a log holds it.
///
/// Every field of the record is listed, shown or hidden, so that nothing can be left out unseen. A
/// bundle is parsed, not proven: see ``verify(by:)``.
public struct EvidenceBundle: Sendable {
    /// The leaf's index, from 0.
    public let index: UInt64

    /// The log's time at sequencing, in milliseconds since 1970.
    public let timestampMS: UInt64

    /// The record's MAC in the log's chain.
    public let recordHash: Digest

    /// All fields of the record, in its order.
    public let fields: [BundleField]

    /// The inclusion proof's hashes, lowest first.
    public let inclusion: [Digest]

    /// The signed note of a checkpoint whose tree holds the leaf, as the log served it.
    public let checkpoint: String

    /// Parses a bundle.
    ///
    /// Members in any order, none unknown; every shown field canonical text.
    public init(parsing bytes: [UInt8]) throws(ProofFileError) {
        var limits = JSONLimits.disclosed
        limits.memberCount = BundleField.memberLimit
        try self.init(ProofFileError.parse(bytes, limits: limits), at: "")
    }

    /// Reads a bundle that stands at a place of a file.
    init(_ value: JSONValue, at place: String) throws(ProofFileError) {
        let members = try MemberReader(
            value, at: place,
            required: [
                "bundle", "index", "timestamp_ms", "record_hash", "fields", "inclusion",
                "checkpoint",
            ])
        try members.require("bundle", is: "evident/v1")
        index = try members.number("index")
        timestampMS = try members.number("timestamp_ms")
        recordHash = try members.digest("record_hash")
        inclusion = try members.hashes("inclusion")
        checkpoint = try members.text("checkpoint")
        fields = try BundleField.all(in: members)
    }

    /// Checks that the pinned log's signed tree holds this record, without asking anyone.
    ///
    /// The order is that of the specification: names, digests, commitment under the pinned
    /// origin, leaf, signatures, inclusion, times.
    public func verify(by pinned: PinnedLog) throws(VerifyError) -> VerifiedBundle {
        let leaf = try BundleField.leaf(
            of: fields, timestampMS: timestampMS, recordHash: recordHash, by: pinned)
        let proven = try pinned.prove(
            leaf, at: index, inclusion: inclusion, checkpoint: checkpoint)
        return VerifiedBundle(proven: proven, fields: fields)
    }
}

/// A bundle that was verified, and what that proves.
public struct VerifiedBundle: Sendable {
    /// The leaf, its index, and who signed the tree that holds it.
    public let proven: ProvenLeaf

    /// All fields of the record, in its order: no other name has a value in it.
    public let fields: [BundleField]

    /// The fields that are shown, with their text.
    public var shown: [BundleField] { fields.filter { $0.member != nil } }

    /// The fields of which only the name is known.
    ///
    /// Whoever shows the bundle to somebody must name these too.
    public var hidden: [BundleField] { fields.filter { $0.member == nil } }
}
