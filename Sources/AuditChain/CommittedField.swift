// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// One field of a record as a bundle gives it: shown with its salt, or hidden behind its digest.
public struct CommittedField: Sendable {
    /// The field's name.
    public let name: String
    /// What the commitment covers of it.
    public let digest: Digest
    /// The exact text `"name":value` of a shown field; nil for a hidden one.
    public let member: [UInt8]?
    let nameBytes: [UInt8]
    /// Members of all objects in it, itself included; a hidden field counts as one.
    let memberCount: Int

    /// A field whose content is shown.
    ///
    /// Its member must be canonical text of exactly one member.
    public init(shown member: [UInt8], salt: Salt) throws(CommitmentError) {
        let record: CanonicalRecord
        do throws(JSONError) {
            record = try CanonicalRecord(verifying: Array("{".utf8) + member + Array("}".utf8))
            guard record.members.count == 1 else {
                throw JSONError(.trailingBytes, at: record.members[0].member.upperBound)
            }
        } catch {
            throw .invalidMember(JSONError(error.code, at: max(error.offset - 1, 0)))
        }
        nameBytes = Array(record.bytes[record.members[0].name])
        name = String(decoding: nameBytes, as: UTF8.self)
        digest = Commitment.fieldDigest(salt: salt, member: member)
        memberCount = record.memberCount
        self.member = member
    }

    /// A field of which only the name is known.
    public init(hidden name: String, digest: Digest) throws(CommitmentError) {
        nameBytes = Array(name.utf8)
        guard nameBytes.withUnsafeBytes({ MemberName.isValid($0) }) else { throw .invalidName }
        self.name = name
        self.digest = digest
        memberCount = 1
        member = nil
    }
}
