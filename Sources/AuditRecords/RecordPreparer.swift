// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto

/// Turns what a producer sends into what the log stores.
///
/// In this order: the text is parsed, numbers that have no safe value become text if that is
/// wanted, the record is checked against the schema, redacted, stamped and committed to. Nothing is
/// hashed or kept of what redaction took away.
///
/// Pure: time, seed and ids are arguments.
public struct RecordPreparer: Sendable {
    private let origin: Origin
    /// What a producer may send at once.
    public let limits: RecordLimits
    /// What is done with what does not fit.
    public let options: RecordOptions
    /// What replaces personal data and secrets, if anything does.
    public let redactor: Redactor?
    /// The canonical text of the redactor's identity.
    private let policy: [UInt8]?

    /// A preparer for one log: `origin` is part of every commitment.
    public init(
        origin: Origin, limits: RecordLimits = .default, options: RecordOptions = .default,
        redactor: Redactor? = nil
    ) {
        self.origin = origin
        self.limits = limits
        self.options = options
        self.redactor = redactor
        policy = redactor.map { RedactionStamp.text(of: $0.identity) }
    }

    /// The same preparer with another redactor, or with none.
    public func redacting(with redactor: Redactor?) -> RecordPreparer {
        RecordPreparer(origin: origin, limits: limits, options: options, redactor: redactor)
    }

    /// Checks, redacts, normalises and stamps one record, and commits to it.
    ///
    /// - Parameters:
    ///   - body: One JSON object.
    ///   - tenant: What the credential may write for.
    ///   - received: Now, by the log's clock.
    ///   - seed: 32 secret random bytes, for this record only.
    ///   - newID: Called if the record has no id; gives a lower-case UUID.
    ///
    /// Cost: one pass over the text, one over the canonical form, two short hashes a member, and
    /// what the redactor takes; a record that is redacted is parsed again.
    public func prepare(
        _ body: UnsafeRawBufferPointer, tenant: TenantGrant, received: Timestamp, seed: Digest,
        newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        try prepare(
            body, tenant: tenant, received: received, seed: seed, newID: newID, lending: nil)
    }

    /// The same, and lends what the record will be found by to `terms`, once, if it is taken.
    package func prepare(
        _ body: UnsafeRawBufferPointer, tenant: TenantGrant, received: Timestamp, seed: Digest,
        newID: () -> String, lending terms: ((LentTerms) -> Void)?
    ) throws(RecordError) -> PreparedRecord {
        let job = Job(
            limits: limits.record, scope: .producer(tenant), received: received, seed: seed,
            cut: FieldCut(
                byteCount: limits.fieldByteCount, policy: options.onOversize, seed: seed),
            terms: terms)
        let tape: JSONTape
        do throws(JSONError) {
            tape = try JSONTape.parse(body, limits: job.limits)
        } catch {
            guard options.numbersAsText, NumbersAsText.mayCure(error.code) else {
                throw RecordError(error)
            }
            return try prepareAsText(body, job, newID: newID)
        }
        return try redact(tape, body, job, asText: 0, newID: newID)
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
    /// The log's own words are not redacted.
    ///
    /// - Parameter id: A lower-case UUID.
    public func prepare(
        _ record: GovernanceRecord, received: Timestamp, seed: Digest, id: String
    ) throws(RecordError) -> PreparedRecord {
        let job = Job(
            limits: .disclosed, scope: .log, received: received, seed: seed,
            cut: FieldCut(byteCount: .max, policy: .refuse, seed: seed), terms: nil)
        return try record.body.withUnsafeBufferPointer { bytes throws(RecordError) in
            let body = UnsafeRawBufferPointer(bytes)
            let tape = try Self.parse(body, job.limits)
            let fields = try RecordFields(tape, body, scope: job.scope)
            return try stamp(tape, body, fields, .none, job, newID: { id })
        }
    }

    // MARK: Steps

    /// What one record is prepared with.
    private struct Job {
        let limits: JSONLimits
        let scope: RecordFields.Scope
        let received: Timestamp
        let seed: Digest
        var cut: FieldCut
        let terms: ((LentTerms) -> Void)?
    }

    /// Prepares a text that the parser refused for a number's value.
    private func prepareAsText(
        _ body: UnsafeRawBufferPointer, _ job: Job, newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        let numbers = NumbersAsText(body)
        // The quotes that were added are not the producer's to answer for.
        var limits = job.limits
        limits.byteCount += 2 * numbers.count
        do throws(RecordError) {
            return try numbers.text.withUnsafeBufferPointer { bytes throws(RecordError) in
                let text = UnsafeRawBufferPointer(bytes)
                let tape = try Self.parse(text, limits)
                return try redact(tape, text, job, asText: numbers.count, newID: newID)
            }
        } catch {
            throw error.moved(numbers.offset)
        }
    }

    /// Checks a record as it was sent, and takes away what the policy does not let through.
    private func redact(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, _ job: Job, asText: Int,
        newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        let fields = try RecordFields(tape, input, scope: job.scope)
        var counts = asText == 0 ? [:] : [RecordSchema.numberAsText.text: asText]
        guard let redactor else {
            let redaction = RedactionStamp(counts: counts, policy: nil)
            return try stamp(tape, input, fields, redaction, job, newID: newID)
        }
        let capture = redactor.capture(type: fields.type, tenant: fields.tenant)
        var job = job
        job.cut.hashesPayload = capture == .hashOnly
        switch redactor.redact(input, tape, tenant: fields.tenant, capture: capture) {
        case .unchanged:
            let redaction = RedactionStamp(counts: counts, policy: policy)
            return try stamp(tape, input, fields, redaction, job, newID: newID)
        case .changed(let json, let found):
            counts.merge(found.filter { $0.value > 0 }, uniquingKeysWith: +)
            let redaction = RedactionStamp(counts: counts, policy: policy)
            return try json.withUnsafeBufferPointer { bytes throws(RecordError) in
                let redacted = UnsafeRawBufferPointer(bytes)
                do throws(RecordError) {
                    let tape = try Self.parse(redacted, .disclosed)
                    let fields = try fields.reread(tape, redacted)
                    return try stamp(tape, redacted, fields, redaction, job, newID: newID)
                } catch {
                    // Places in the redacted text mean nothing to whoever sent the record.
                    throw error.moved { _ in nil }
                }
            }
        }
    }

    private func stamp(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, _ fields: RecordFields,
        _ redaction: RedactionStamp, _ job: Job, newID: () -> String
    ) throws(RecordError) -> PreparedRecord {
        var id = fields.id ?? newID()
        precondition(
            id.withUTF8 { Grammar.isUUID(UnsafeRawBufferPointer($0)) }, "an id is a lower-case UUID"
        )
        let stamps = RecordStamps(id: id, received: job.received, redaction: redaction)
        let text = RecordAssembly(tape, input, fields, stamps, job.cut)
        if let place = text.oversize { throw Self.oversize(text.members[place], text, job.cut) }
        var memberCount = tape.memberCount + text.addedCount
        if text.isCut {
            memberCount = try text.canonical.withUnsafeBufferPointer { bytes throws(RecordError) in
                try Self.parse(UnsafeRawBufferPointer(bytes), .disclosed).memberCount
            }
        }
        guard memberCount <= job.limits.memberCount else {
            // With its stamps the record would be one that no verifier accepts.
            throw RecordError(JSONError(.tooManyMembers, at: input.count))
        }
        let commitment = text.canonical.withUnsafeBytes {
            Commitment.commit($0, members: text.members, seed: job.seed, origin: origin)
        }
        job.terms?(
            LentTerms(
                tape, input, id: id, tenant: fields.tenant, time: fields.time ?? job.received,
                received: job.received))
        return PreparedRecord(
            canonical: text.canonical, seed: job.seed, commitment: commitment, form: text.form,
            formDigest: FormDigest.digest(seed: job.seed, form: text.form), id: id,
            idFromProducer: fields.id != nil, tenant: fields.tenant, type: fields.type,
            actorID: fields.actorID)
    }

    private static func oversize(
        _ member: CanonicalMember, _ text: RecordAssembly, _ cut: FieldCut
    ) -> RecordError {
        let name = text.canonical.withUnsafeBytes { bytes in
            SchemaMember(named: UnsafeRawBufferPointer(rebasing: bytes[member.name]))?.name.text
        }
        return RecordError(
            .oversize, path: name,
            "A member's value is larger than \(cut.byteCount) bytes; send less, or its digest.")
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
