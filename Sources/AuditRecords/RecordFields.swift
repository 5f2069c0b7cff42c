// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What the log reads of a submitted record, checked.
struct RecordFields {
    /// Whose record it is.
    enum Scope {
        case producer(TenantGrant)
        /// A governance record: the one writer of the tenant `_log`.
        case log
    }

    let type: String
    let tenant: String
    private(set) var actorID: String?
    /// The producer's own id, if it sent one.
    let id: String?
    let time: Timestamp?
    /// The node of the name that ``time`` stands behind.
    private(set) var timeName: Int?
    let hasTenant: Bool
    let hasVersion: Bool

    /// Checks a record as it was sent against the whole schema.
    ///
    /// Cost: no allocation beyond the texts that it keeps.
    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, scope: Scope
    ) throws(RecordError) {
        let sent = try SentMembers(tape, input)
        let reader = FieldReader(input: input)
        guard let typeNode = sent.nodes[.type] else {
            throw RecordError(
                .missingField, path: "type", "A record needs a type, such as \"tool.call\".")
        }
        guard let actorNode = sent.nodes[.actor] else {
            throw RecordError(
                .missingField, path: "actor", "A record needs an actor: an object with id and type."
            )
        }
        type = try reader.type(typeNode, tape)
        if let unknown = sent.firstUnknown {
            try reader.checkUnknown(unknown, tape, typeNode)
        }
        if let version = sent.nodes[.v] { try reader.version(version, tape) }
        hasVersion = sent.nodes[.v] != nil
        id = try sent.nodes[.id].map { node throws(RecordError) in try reader.id(node, tape) }
        time = try sent.nodes[.time].map { node throws(RecordError) in
            try reader.time(node, tape)
        }
        timeName = sent.nodes[.time].map { $0 - 1 }
        hasTenant = sent.nodes[.tenant] != nil
        tenant = try reader.tenant(sent.nodes[.tenant], tape, scope)
        do throws(SchemaViolation) {
            try sent.check(typeNode, tape, input)
        } catch {
            throw RecordError(error, tape, input)
        }
        actorID = reader.actorID(actorNode, tape)
    }

    /// The same record after redaction.
    ///
    /// What was replaced no longer has to follow the schema: only what the log itself goes by must
    /// still be there, unchanged. No tape of the record before is kept.
    func reread(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer
    ) throws(RecordError) -> RecordFields {
        let sent = try SentMembers(tape, input)
        let reader = FieldReader(input: input)
        let kept: [(SchemaMember, String?)] = [
            (.type, type), (.id, id), (.tenant, hasTenant ? tenant : nil),
            (.v, hasVersion ? RecordSchema.version.text : nil),
        ]
        for (member, text) in kept
        where sent.nodes[member].map({ tape.string($0, of: input) }) != text {
            throw RecordError(
                .invalidField, path: "\(member.name)",
                "It holds something that this log's redaction replaces; send another value.")
        }
        for name in tape.names(of: 0) where !tape.withText(name, of: input, MemberName.isValid) {
            throw reader.unknown(
                .invalidField, name, tape, JSONError.Code.invalidMemberName.advice)
        }
        var fields = self
        fields.timeName = sent.nodes[.time].map { $0 - 1 }
        fields.actorID = sent.nodes[.actor].flatMap { reader.actorID($0, tape) }
        return fields
    }
}

/// Where the members that were sent lie.
private struct SentMembers {
    private(set) var nodes = MemberNodes()
    /// The first name that the schema does not have, in the order of the text.
    private(set) var firstUnknown: Int?

    init(_ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer) throws(RecordError) {
        var next = tape.firstName(of: 0)
        while let name = next {
            next = tape.name(after: name)
            guard let member = tape.withText(name, of: input, SchemaMember.init(named:)) else {
                firstUnknown = min(firstUnknown ?? name, name)
                continue
            }
            guard !member.isStamp else {
                throw RecordError(
                    .stampedField, at: Int(tape.nodes[name].offset), path: "\(member.name)",
                    "Only the log sets this member; leave it out.")
            }
            nodes[member] = name + 1
        }
    }

    /// Checks all members against their rules, then against the type's.
    func check(
        _ type: Int, _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer
    ) throws(SchemaViolation) {
        let checker = SchemaChecker(input: input)
        let rules = RecordSchema.rules
        for place in rules.indices {
            guard let node = nodes[place] else { continue }
            try checker.check(node, rules[place], tape)
        }
        try TypeChecker(checker: checker, members: nodes).check(type, tape)
    }
}
