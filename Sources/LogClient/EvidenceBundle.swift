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
        let members = try MemberReader(
            ProofFileError.parse(bytes), at: "",
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
        var fields: [BundleField] = []
        for (place, value) in try members.elements("fields").enumerated() {
            fields.append(try BundleField(value, place: place))
        }
        // Without its version nobody can say what the other fields mean.
        guard fields.contains(where: { $0.name == "v" && $0.member != nil }) else {
            throw .versionHidden
        }
        self.fields = fields
    }

    /// Checks that the pinned log's signed tree holds this record, without asking anyone.
    ///
    /// The order is that of the specification: names, digests, commitment under the pinned
    /// origin, leaf, signatures, inclusion, times.
    public func verify(by pinned: PinnedLog) throws(VerifyError) -> VerifiedBundle {
        let commitment: Digest
        do {
            commitment = try Commitment.commit(fields.map(\.committed), origin: pinned.origin)
        } catch {
            throw .fields(error)
        }
        let leaf = Leaf(timestampMS: timestampMS, commitment: commitment, mac: recordHash)
        let proven = try pinned.prove(
            leaf, at: index, inclusion: inclusion, checkpoint: checkpoint)
        return VerifiedBundle(proven: proven, fields: fields)
    }
}

/// One field of a bundle's record.
public struct BundleField: Sendable {
    let committed: CommittedField

    /// The index of the log's record that announces this field's erasure.
    ///
    /// A claim: check it by that record's own bundle. A hidden field without it is *withheld*.
    public let erasedBy: UInt64?

    /// The field's name.
    public var name: String { committed.name }

    /// The canonical text `"name":value` of a shown field; `nil` for a hidden one.
    public var member: [UInt8]? { committed.member }

    fileprivate init(_ value: JSONValue, place: Int) throws(ProofFileError) {
        let path = "fields[\(place)]"
        if value["member"] != nil {
            let members = try MemberReader(value, at: path, required: ["salt", "member"])
            let salt = try members.value("salt") { $0.text.flatMap { Salt(hex: $0) } }
            let text = Array(try members.text("member").utf8)
            committed = try Self.field(place) { () throws(CommitmentError) in
                try CommittedField(shown: text, salt: salt)
            }
            erasedBy = nil
        } else {
            let members = try MemberReader(
                value, at: path, required: ["name", "digest"], optional: ["erased"])
            let (name, digest) = (try members.text("name"), try members.digest("digest"))
            committed = try Self.field(place) { () throws(CommitmentError) in
                try CommittedField(hidden: name, digest: digest)
            }
            erasedBy = value["erased"] == nil ? nil : try members.number("erased")
        }
    }

    private static func field(
        _ place: Int, _ make: () throws(CommitmentError) -> CommittedField
    ) throws(ProofFileError) -> CommittedField {
        do {
            return try make()
        } catch {
            throw .field(place: place, error)
        }
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
