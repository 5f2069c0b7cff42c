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
    let actorID: String
    /// The producer's own id, if it sent one.
    let id: String?
    let time: Timestamp?
    /// The node of the name that ``time`` stands behind.
    let timeName: Int?
    let hasTenant: Bool
    let hasVersion: Bool

    init(
        _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer, scope: Scope
    ) throws(RecordError) {
        let members = try KnownMembers(tape, input)
        let reader = FieldReader(input: input)
        guard let typeNode = members.type else {
            throw RecordError(
                .missingField, path: "type", "A record needs a type, such as \"tool.call\".")
        }
        guard let actorNode = members.actor else {
            throw RecordError(
                .missingField, path: "actor", "A record needs an actor: an object with id and type."
            )
        }
        type = try reader.type(typeNode, tape)
        if let unknown = members.firstUnknown {
            try reader.checkUnknown(unknown, tape, typeNode)
        }
        actorID = try reader.actor(actorNode, tape)
        if let version = members.version { try reader.version(version, tape) }
        hasVersion = members.version != nil
        id = try members.id.map { node throws(RecordError) in try reader.id(node, tape) }
        time = try members.time.map { node throws(RecordError) in try reader.time(node, tape) }
        timeName = members.time.map { $0 - 1 }
        hasTenant = members.tenant != nil
        tenant = try reader.tenant(members.tenant, tape, scope)
    }
}

/// Where the members that the log reads lie: nodes of their values.
private struct KnownMembers {
    var actor: Int?
    var id: Int?
    var tenant: Int?
    var time: Int?
    var type: Int?
    var version: Int?
    /// The first name that the schema does not have, in the order of the text.
    var firstUnknown: Int?

    init(_ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer) throws(RecordError) {
        var next = tape.firstName(of: 0)
        while let name = next {
            next = tape.name(after: name)
            let value = name + 1
            guard let member = tape.withText(name, of: input, SchemaMember.init(named:)) else {
                firstUnknown = min(firstUnknown ?? name, name)
                continue
            }
            switch member {
            case .actor: actor = value
            case .id: id = value
            case .tenant: tenant = value
            case .time: time = value
            case .type: type = value
            case .v: version = value
            case let member where member.isStamp:
                throw RecordError(
                    .stampedField, at: Int(tape.nodes[name].offset), path: "\(member.name)",
                    "Only the log sets this member; leave it out.")
            default: break
            }
        }
    }
}
