// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogTesting
import Testing

@testable import AuditChain

/// The shared vectors of record, commitment, chain and leaf.
struct RecordVectors: Decodable {
    struct Field: Decodable {
        let name, salt, member, digest: String
    }
    struct Record: Decodable {
        let index, timestamp_ms: UInt64
        let seed, canonical: String
        let fields: [Field]
        let commitment, chain_key, prev_hash, record_hash, leaf_base64, leaf_hash: String
    }
    let origin, genesis: String
    let key_check_values: [String: String]
    let records: [Record]

    static func load() throws -> RecordVectors {
        try Vectors.decode(RecordVectors.self, from: "records")
    }

    /// The schedule that the records' own keys spell out.
    func schedule() throws -> ChainSchedule {
        var epochs: [ChainSchedule.Epoch] = []
        var current = ""
        for record in records where record.chain_key != current {
            current = record.chain_key
            epochs.append(.init(first: record.index, key: try Self.key(current)))
        }
        return try ChainSchedule(epochs)
    }

    static func key(_ hex: String) throws -> ChainKey {
        try ChainKey(SecretBytes(copying: #require(Hex.decode(hex))))
    }
}

@Suite struct RecordVectorTests {
    let vectors: RecordVectors
    let origin: Origin

    init() throws {
        vectors = try RecordVectors.load()
        origin = try Origin(vectors.origin)
    }

    @Test("Each record's members are those of the vector")
    func members() throws {
        for vector in vectors.records {
            let record = try CanonicalRecord(verifying: Array(vector.canonical.utf8))
            #expect(record.members.count == vector.fields.count)
            for (member, field) in zip(record.members, vector.fields) {
                #expect(Array(record.bytes[member.name]) == Array(field.name.utf8))
                #expect(Array(record.bytes[member.member]) == Array(field.member.utf8))
            }
        }
    }

    @Test("Salts, field digests and commitments")
    func commitments() throws {
        for vector in vectors.records {
            let seed = try #require(Digest(hex: vector.seed))
            for field in vector.fields {
                let salt = Commitment.salt(name: field.name, seed: seed)
                #expect(salt.hex == field.salt)
                #expect(Salt(hex: field.salt) == salt)
                let digest = Commitment.fieldDigest(salt: salt, member: Array(field.member.utf8))
                #expect(digest.hex == field.digest)
            }
            let record = try CanonicalRecord(verifying: Array(vector.canonical.utf8))
            let commitment = Commitment.commit(record, seed: seed, origin: origin)
            #expect(commitment.hex == vector.commitment)
        }
    }

    @Test("Any mixture of shown and hidden fields leads to the same commitment")
    func mixtures() throws {
        var generator = SeededGenerator(seed: 7)
        for vector in vectors.records {
            for _ in 0..<16 {
                let fields = try vector.fields.map { field in
                    Bool.random(using: &generator)
                        ? try CommittedField(
                            shown: Array(field.member.utf8), salt: #require(Salt(hex: field.salt)))
                        : try CommittedField(
                            hidden: field.name, digest: #require(Digest(hex: field.digest)))
                }
                #expect(try Commitment.commit(fields, origin: origin).hex == vector.commitment)
            }
        }
    }

    @Test("Genesis and key check values")
    func keys() throws {
        #expect(try vectors.schedule().genesis(origin).hex == vectors.genesis)
        for (key, checkValue) in vectors.key_check_values {
            #expect(Hex.encode(try RecordVectors.key(key).checkValue) == checkValue)
        }
    }

    @Test("The chain's MACs, with the key by index")
    func chain() throws {
        let schedule = try vectors.schedule()
        #expect(schedule.epochs.map(\.first) == [0, 9])
        var previous = schedule.genesis(origin)
        for vector in vectors.records {
            #expect(previous.hex == vector.prev_hash)
            previous = schedule.key(at: vector.index).mac(
                index: vector.index, timestampMS: vector.timestamp_ms,
                commitment: try #require(Digest(hex: vector.commitment)), previous: previous)
            #expect(previous.hex == vector.record_hash)
        }
    }

    @Test("Leaves and their hashes")
    func leaves() throws {
        for vector in vectors.records {
            let leaf = Leaf(
                timestampMS: vector.timestamp_ms,
                commitment: try #require(Digest(hex: vector.commitment)),
                mac: try #require(Digest(hex: vector.record_hash)))
            let encoded = try #require(Base64.decode(vector.leaf_base64))
            #expect(leaf.encoded == encoded)
            #expect(try Leaf(decoding: encoded) == leaf)
            #expect(leaf.hash.hex == vector.leaf_hash)
            #expect(Leaf.hash(encoded: encoded) == leaf.hash)
        }
    }
}
