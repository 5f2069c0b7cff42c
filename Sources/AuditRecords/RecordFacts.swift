// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What a stored record can be found by: for building look-ups again from the records.
public struct RecordFacts: Hashable, Sendable {
    /// A lower-case UUID.
    public let id: String
    /// The tenant that the record belongs to.
    public let tenant: String
    /// What kind of event it records.
    public let type: String
    /// Who did it.
    public let actorID: String?

    /// Reads a record's bytes, which must be JSON with string members id, tenant and type.
    ///
    /// Whether the record is genuine is for its commitment to say. Cost: one parse.
    public static func read(canonical: [UInt8]) throws(RecordError) -> RecordFacts {
        try canonical.withUnsafeBufferPointer { buffer throws(RecordError) in
            let input = UnsafeRawBufferPointer(buffer)
            let tape: JSONTape
            do throws(JSONError) {
                tape = try JSONTape.parse(input, limits: .disclosed)
            } catch {
                throw RecordError(error)
            }
            return try RecordFacts(tape, input)
        }
    }

    private init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer
    ) throws(RecordError) {
        let finder = MemberFinder(input: input)
        id = try finder.text(.id, tape)
        tenant = try finder.text(.tenant, tape)
        type = try finder.text(.type, tape)
        var actorID: String?
        if let actor = finder.value(of: .actor, in: 0, tape),
            let node = finder.value(of: .id, in: actor, tape)
        {
            actorID = finder.string(node, tape)
        }
        self.actorID = actorID
    }

    init(id: String, tenant: String, type: String, actorID: String?) {
        self.id = id
        self.tenant = tenant
        self.type = type
        self.actorID = actorID
    }
}

/// Finds members of a stored record.
private struct MemberFinder {
    let input: UnsafeRawBufferPointer

    /// The node of a member's value; nil if it is absent, or `object` is no object.
    func value(of member: SchemaMember, in object: Int, _ tape: borrowing JSONTape) -> Int? {
        var next = tape.firstName(of: object)
        while let name = next {
            next = tape.name(after: name)
            if tape.withText(name, of: input, SchemaMember.init(named:)) == member {
                return name + 1
            }
        }
        return nil
    }

    func string(_ node: Int, _ tape: borrowing JSONTape) -> String? {
        tape.nodes[node].kind == .string ? tape.string(node, of: input) : nil
    }

    func text(_ member: SchemaMember, _ tape: borrowing JSONTape) throws(RecordError) -> String {
        guard let node = value(of: member, in: 0, tape), let text = string(node, tape) else {
            throw RecordError(
                .missingField, path: "\(member.name)", "A stored record has this member.")
        }
        return text
    }
}
