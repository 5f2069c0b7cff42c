// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto

/// Turns what a producer sends into what the log stores.
///
/// Pure: time, seed and ids are arguments.
public struct RecordPreparer: Sendable {
    private let origin: Origin
    /// What a producer may send at once.
    public let limits: RecordLimits

    /// A preparer for one log: `origin` is part of every commitment.
    public init(origin: Origin, limits: RecordLimits = .default) {
        self.origin = origin
        self.limits = limits
    }

    /// Checks, normalises and stamps one record, and commits to it.
    ///
    /// - Parameters:
    ///   - body: One JSON object.
    ///   - tenant: What the credential may write for.
    ///   - received: Now, by the log's clock.
    ///   - seed: 32 secret random bytes, for this record only.
    ///   - newID: Called if the record has no id; gives a lower-case UUID.
    ///
    /// Cost: one pass over the text, one over the canonical form, and two short hashes a member.
    public func prepare(
        _ body: UnsafeRawBufferPointer, tenant: TenantGrant, received: Timestamp, seed: Digest,
        newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        try prepare(
            body, limits: limits.record, scope: .producer(tenant), received: received, seed: seed,
            newID: newID)
    }

    /// The same, for bytes in an array.
    public func prepare(
        _ body: [UInt8], tenant: TenantGrant, received: Timestamp, seed: Digest,
        newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        try body.withUnsafeBufferPointer { bytes throws(RecordError) in
            try prepare(
                UnsafeRawBufferPointer(bytes), tenant: tenant, received: received, seed: seed,
                newID: newID)
        }
    }

    /// Stamps one of the log's own records, under the tenant `_log`, and commits to it.
    ///
    /// - Parameter id: A lower-case UUID.
    public func prepare(
        _ record: GovernanceRecord, received: Timestamp, seed: Digest, id: String
    ) throws(RecordError) -> PreparedRecord {
        try record.body.withUnsafeBufferPointer { bytes throws(RecordError) in
            try prepare(
                UnsafeRawBufferPointer(bytes), limits: .disclosed, scope: .log,
                received: received, seed: seed, newID: { id })
        }
    }

    private func prepare(
        _ body: UnsafeRawBufferPointer, limits: JSONLimits, scope: RecordFields.Scope,
        received: Timestamp, seed: Digest, newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        let tape = try Self.parse(body, limits)
        let fields = try RecordFields(tape, body, scope: scope)
        var id = fields.id ?? newID()
        precondition(
            id.withUTF8 { Grammar.isUUID(UnsafeRawBufferPointer($0)) }, "an id is a lower-case UUID"
        )
        let text = RecordAssembly(tape, body, fields, id: id, received: received)
        guard tape.memberCount + text.addedCount <= limits.memberCount else {
            // With its stamps the record would be one that no verifier accepts.
            throw RecordError(JSONError(.tooManyMembers, at: body.count))
        }
        let commitment = text.canonical.withUnsafeBytes {
            Commitment.commit($0, members: text.members, seed: seed, origin: origin)
        }
        return PreparedRecord(
            canonical: text.canonical, seed: seed, commitment: commitment, form: text.form,
            formDigest: FormDigest.digest(seed: seed, form: text.form), id: id,
            idFromProducer: fields.id != nil, tenant: fields.tenant, type: fields.type,
            actorID: fields.actorID)
    }

    private static func parse(
        _ body: UnsafeRawBufferPointer, _ limits: JSONLimits
    ) throws(RecordError) -> JSONTape {
        do throws(JSONError) {
            return try JSONTape.parse(body, limits: limits)
        } catch {
            throw RecordError(error)
        }
    }
}
