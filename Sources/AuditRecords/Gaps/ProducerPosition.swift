// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Where a producer stood in its own count when it made a record.
public struct ProducerPosition: Hashable, Sendable {
    /// Who counts: a tenant's producer, by the name that it gives itself.
    public struct Producer: Hashable, Sendable {
        /// The record's tenant.
        public let tenant: String
        /// The member `producer.id`.
        public let id: String

        /// A producer of that tenant.
        public init(tenant: String, id: String) {
            self.tenant = tenant
            self.id = id
        }
    }

    /// Who counts.
    public let producer: Producer
    /// The member `producer.epoch`; nil if it was not sent.
    public let epoch: UInt64?
    /// The member `producer.seq`.
    public let seq: UInt64

    /// A position in its parts.
    public init(producer: Producer, epoch: UInt64?, seq: UInt64) {
        self.producer = producer
        self.epoch = epoch
        self.seq = seq
    }

    /// Reads the position of a stored record; nil if its producer does not count.
    ///
    /// Cost: one parse.
    public static func read(canonical: [UInt8]) throws(RecordError) -> ProducerPosition? {
        try canonical.withUnsafeBufferPointer { buffer throws(RecordError) in
            let record = try StoredRecord(UnsafeRawBufferPointer(buffer))
            guard let id = record.text(.producer, "id"),
                let seq = record.number(.producer, "seq"), let tenant = record.text(.tenant)
            else { return nil }
            return ProducerPosition(
                producer: Producer(tenant: tenant, id: id),
                epoch: record.number(.producer, "epoch"), seq: seq)
        }
    }
}

/// Members of a stored record, read where they lie.
struct StoredRecord: ~Copyable {
    private let tape: JSONTape
    private let checker: SchemaChecker

    init(_ input: UnsafeRawBufferPointer) throws(RecordError) {
        do throws(JSONError) {
            tape = try JSONTape.parse(input, limits: .disclosed)
        } catch {
            throw RecordError(error)
        }
        checker = SchemaChecker(input: input)
    }

    /// The text of a member, or of a member of an object; nil if it is absent or no string.
    func text(_ member: SchemaMember, _ inner: StaticString? = nil) -> String? {
        guard let node = node(member, inner), tape.nodes[node].kind == .string else { return nil }
        return tape.string(node, of: checker.input)
    }

    /// A whole number that is not negative, or nil.
    func number(_ member: SchemaMember, _ inner: StaticString) -> UInt64? {
        guard let node = node(member, inner), tape.nodes[node].kind == .number else { return nil }
        return UInt64(tape.string(node, of: checker.input))
    }

    private func node(_ member: SchemaMember, _ inner: StaticString?) -> Int? {
        guard let value = checker.value(of: member.name, in: 0, tape), let inner else {
            return checker.value(of: member.name, in: 0, tape)
        }
        return checker.value(of: inner, in: value, tape)
    }
}
