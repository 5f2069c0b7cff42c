// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto

/// What a store keeps of a record itself: all of it, or what an erasure has left.
package struct StoredContent: Hashable, Sendable {
    /// What proves the record against its commitment.
    package enum Opening: Hashable, Sendable {
        /// The seed, and SHA256(0x05 ‖ seed ‖ the form as submitted), which recognises a repeat.
        case whole(seed: Digest, formDigest: Digest)
        /// Every field in canonical order, those that are left and those that were erased.
        case reduced([RemainingField])
    }

    /// The canonical text, exactly as it was hashed; of what is left, where fields were erased.
    package let record: [UInt8]
    package let opening: Opening

    package init(record: [UInt8], seed: Digest, formDigest: Digest) {
        self.record = record
        opening = .whole(seed: seed, formDigest: formDigest)
    }

    /// What is left after an erasure: at least one field, in canonical order.
    package init(reducedTo fields: [RemainingField]) {
        var record = Array("{".utf8)
        for case .kept(_, let member) in fields {
            if record.count > 1 { record.append(UInt8(ascii: ",")) }
            record += member
        }
        record.append(UInt8(ascii: "}"))
        self.record = record
        opening = .reduced(fields)
    }

    /// The seed, which an erasure destroys.
    package var seed: Digest? {
        if case .whole(let seed, _) = opening { seed } else { nil }
    }

    /// What recognises a repeat, which an erasure destroys.
    package var formDigest: Digest? {
        if case .whole(_, let digest) = opening { digest } else { nil }
    }

    /// The names of erased fields, each with the index of the record that announces its erasure.
    package var erased: [(name: String, by: UInt64)] {
        guard case .reduced(let fields) = opening else { return [] }
        return fields.compactMap { field in
            if case .erased(let name, _, let by) = field { (name, by) } else { nil }
        }
    }

    /// All fields of a canonical record, as a commitment has them.
    ///
    /// Throws if the text or a field is not canonical: it was altered.
    package func fields() throws -> [RemainingField] {
        switch opening {
        case .reduced(let fields): return fields
        case .whole(let seed, _):
            let record = try CanonicalRecord(verifying: record)
            return record.members.map { member in
                let name = String(decoding: record.bytes[member.name], as: UTF8.self)
                return .kept(
                    salt: Commitment.salt(name: name, seed: seed),
                    member: Array(record.bytes[member.member]))
            }
        }
    }

    /// What the leaf must bear; nil if what is stored is no record.
    package func commitment(origin: Origin) -> Digest? {
        switch opening {
        case .whole(let seed, _):
            guard let record = try? CanonicalRecord(verifying: record) else { return nil }
            return Commitment.commit(record, seed: seed, origin: origin)
        case .reduced(let fields):
            guard let committed = try? fields.map({ try $0.committed() }) else { return nil }
            return try? Commitment.commit(committed, origin: origin)
        }
    }

    /// The content without the named fields: their text and the seed are gone for good.
    ///
    /// Names that it does not have, and fields erased before, change nothing.
    ///
    /// - Parameter by: the index of the record that announces it.
    package func erasing(_ names: Set<String>, by: UInt64) throws -> StoredContent {
        StoredContent(
            reducedTo: try fields().map { field in
                guard case .kept(let salt, let member) = field else { return field }
                let committed = try CommittedField(shown: member, salt: salt)
                guard names.contains(committed.name) else { return field }
                return .erased(name: committed.name, digest: committed.digest, by: by)
            })
    }
}

/// One field of a record of which some were erased.
package enum RemainingField: Hashable, Sendable {
    /// The exact canonical text `"name":value`, and the salt that proves it.
    case kept(salt: Salt, member: [UInt8])
    /// What the commitment covers, and the index of the record that announces the erasure.
    case erased(name: String, digest: Digest, by: UInt64)

    /// The field's name, which needs no escape.
    package var name: String {
        switch self {
        case .erased(let name, _, _): name
        case .kept(_, let member):
            String(decoding: member.dropFirst().prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
    }

    /// The field as a commitment and a bundle have it.
    package func committed() throws(CommitmentError) -> CommittedField {
        switch self {
        case .kept(let salt, let member): try CommittedField(shown: member, salt: salt)
        case .erased(let name, let digest, _): try CommittedField(hidden: name, digest: digest)
        }
    }
}
