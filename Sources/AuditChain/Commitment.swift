// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Why fields do not make a commitment.
public enum CommitmentError: Error, Hashable, Sendable {
    /// No fields at all.
    case noFields
    /// A shown member that is not canonical text of one member, and where in it.
    case invalidMember(JSONError)
    /// A hidden field's name that no record has.
    case invalidName
    /// The names at this place and the one before it do not strictly increase.
    case namesOutOfOrder(place: Int)
    /// More members than a record may have.
    case tooManyMembers
}

/// The salted commitment: it proves any field of a record, and lets any field be erased.
///
///     salt_f     = SHA256(0x02 ‖ seed ‖ name)[0..<16]
///     digest_f   = SHA256(0x03 ‖ salt_f ‖ member)
///     commitment = SHA256(0x04 ‖ u8(len origin) ‖ origin ‖ u16(n) ‖ (u8(len name) ‖ name ‖ digest)…)
///
/// Cost: two hashes for each field and one for the whole; one allocation at most.
public enum Commitment {
    /// The salt of the field of that name.
    public static func salt(name: String, seed: Digest) -> Salt {
        let name = Array(name.utf8)
        return withScratch(1 + Digest.byteCount + name.count) { scratch in
            appendSaltHead(seed, to: &scratch)
            return name.withUnsafeBytes { salt(name: $0, &scratch) }
        }
    }

    /// The digest of a field: `member` is its exact canonical text `"name":value`.
    public static func fieldDigest(salt: Salt, member: [UInt8]) -> Digest {
        withScratch(1 + Salt.byteCount + member.count) { scratch in
            member.withUnsafeBytes { fieldDigest(salt: salt, member: $0, &scratch) }
        }
    }

    /// The commitment to a whole record.
    public static func commit(
        _ record: CanonicalRecord, seed: Digest, origin: Origin
    ) -> Digest {
        record.bytes.withUnsafeBytes {
            commit($0, members: record.members, seed: seed, origin: origin)
        }
    }

    /// The commitment to a record of which some fields may be hidden: a bundle's fields, in order.
    public static func commit(
        _ fields: [CommittedField], origin: Origin
    ) throws(CommitmentError) -> Digest {
        guard !fields.isEmpty else { throw .noFields }
        for place in fields.indices.dropFirst()
        where !fields[place - 1].nameBytes.lexicographicallyPrecedes(fields[place].nameBytes) {
            throw .namesOutOfOrder(place: place)
        }
        let memberCount = fields.reduce(0) { $0 + $1.memberCount }
        guard memberCount <= JSONLimits.disclosed.memberCount else { throw .tooManyMembers }
        let nameBytes = fields.reduce(0) { $0 + $1.nameBytes.count }
        return withScratch(preimageCount(origin, fields.count, nameBytes: nameBytes)) { preimage in
            appendHead(origin, fields.count, to: &preimage)
            for field in fields {
                field.nameBytes.withUnsafeBytes { append($0, field.digest, to: &preimage) }
            }
            return hash(preimage)
        }
    }

    /// The commitment to a record in memory.
    package static func commit(
        _ record: UnsafeRawBufferPointer, members: [CanonicalMember], seed: Digest, origin: Origin
    ) -> Digest {
        var nameBytes = 0
        var longest = 0
        for field in members {
            nameBytes += field.name.count
            longest = max(longest, Salt.byteCount + field.member.count)
        }
        let preimageCount = preimageCount(origin, members.count, nameBytes: nameBytes)
        return withScratch(preimageCount) { preimage in
            appendHead(origin, members.count, to: &preimage)
            withScratch(1 + Digest.byteCount + 63) { saltInput in
                appendSaltHead(seed, to: &saltInput)
                withScratch(1 + longest) { fieldInput in
                    for field in members {
                        let name = UnsafeRawBufferPointer(rebasing: record[field.name])
                        let member = UnsafeRawBufferPointer(rebasing: record[field.member])
                        let salt = salt(name: name, &saltInput)
                        let digest = fieldDigest(salt: salt, member: member, &fieldInput)
                        append(name, digest, to: &preimage)
                    }
                }
            }
            return hash(preimage)
        }
    }

    // MARK: Preimages

    /// What all salts of a record begin with.
    private static func appendSaltHead(_ seed: Digest, to scratch: inout CanonicalWriter) {
        scratch.append(0x02 as UInt8)
        scratch.append(seed)
    }

    /// The salt of a name, put behind the head in `scratch`.
    private static func salt(
        name: UnsafeRawBufferPointer, _ scratch: inout CanonicalWriter
    ) -> Salt {
        scratch.truncate(to: 1 + Digest.byteCount)
        scratch.append(name)
        return Salt(firstHalfOf: hash(scratch))
    }

    private static func fieldDigest(
        salt: Salt, member: UnsafeRawBufferPointer, _ scratch: inout CanonicalWriter
    ) -> Digest {
        scratch.truncate(to: 0)
        scratch.append(0x03 as UInt8)
        salt.withUnsafeBytes { scratch.append($0) }
        scratch.append(member)
        return hash(scratch)
    }

    private static func preimageCount(_ origin: Origin, _ count: Int, nameBytes: Int) -> Int {
        4 + origin.text.utf8.count + count * (1 + Digest.byteCount) + nameBytes
    }

    private static func appendHead(
        _ origin: Origin, _ count: Int, to preimage: inout CanonicalWriter
    ) {
        preimage.append(0x04 as UInt8)
        preimage.append(UInt8(origin.text.utf8.count))
        preimage.append(origin.text)
        // A record has at most 1,000 members.
        preimage.append(UInt8(count >> 8))
        preimage.append(UInt8(count & 0xFF))
    }

    private static func append(
        _ name: UnsafeRawBufferPointer, _ digest: Digest, to preimage: inout CanonicalWriter
    ) {
        preimage.append(UInt8(name.count))
        preimage.append(name)
        preimage.append(digest)
    }

    private static func hash(_ preimage: CanonicalWriter) -> Digest {
        SHA256.hash(preimage.written(0..<preimage.count))
    }
}

/// Lends memory that holds `count` bytes: on the stack when they are few.
func withScratch<R>(_ count: Int, _ body: (inout CanonicalWriter) -> R) -> R {
    withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { memory in
        var writer = CanonicalWriter(memory)
        return body(&writer)
    }
}
