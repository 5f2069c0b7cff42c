// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

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

    private init(_ value: JSONValue, at path: String, place: Int) throws(ProofFileError) {
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
            if erasedBy != nil, Self.neverErasedAlone.contains(name) {
                throw .malformed("\(path).erased")
            }
        }
    }

    /// What says which record it is.
    private static let neverErasedAlone: Set = ["v", "id", "type", "tenant", "received"]

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

extension BundleField {
    /// Members of all objects of a bundle: two or three for each field of its record.
    static let memberLimit = 4_096

    /// The member `fields` of a bundle, or of one of a set's records.
    static func all(in members: MemberReader) throws(ProofFileError) -> [BundleField] {
        var fields: [BundleField] = []
        for (place, value) in try members.elements("fields").enumerated() {
            let path = "\(members.path("fields"))[\(place)]"
            fields.append(try BundleField(value, at: path, place: place))
        }
        // Without its version nobody can say what the other fields mean.
        guard fields.contains(where: { $0.name == "v" && $0.member != nil }) else {
            throw .versionHidden
        }
        return fields
    }

    /// The leaf that a record of these fields has in the pinned log.
    static func leaf(
        of fields: [BundleField], timestampMS: UInt64, recordHash: Digest, by pinned: PinnedLog
    ) throws(VerifyError) -> Leaf {
        do {
            let commitment = try Commitment.commit(
                fields.map(\.committed), origin: pinned.origin)
            return Leaf(timestampMS: timestampMS, commitment: commitment, mac: recordHash)
        } catch {
            throw .fields(error)
        }
    }
}
