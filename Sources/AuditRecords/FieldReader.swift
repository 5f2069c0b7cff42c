// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Checks single members of a submitted record.
///
/// Every function takes a value's node.
struct FieldReader {
    let input: UnsafeRawBufferPointer

    func type(_ node: Int, _ tape: borrowing JSONTape) throws(RecordError) -> String {
        guard text(node, tape, Grammar.isType) else {
            throw invalid(
                "type", node, tape,
                "A type has 1 to 64 lower-case characters in segments, such as \"tool.call\".")
        }
        return tape.string(node, of: input)
    }

    /// The id of an actor that has been checked; nil if redaction took it away.
    func actorID(_ node: Int, _ tape: borrowing JSONTape) -> String? {
        let id = SchemaChecker(input: input).value(of: "id", in: node, tape)
        guard let id, tape.nodes[id].kind == .string else { return nil }
        return tape.string(id, of: input)
    }

    func version(_ node: Int, _ tape: borrowing JSONTape) throws(RecordError) {
        guard text(node, tape, { $0.count == 1 && $0[0] == UInt8(ascii: "1") }) else {
            throw RecordError(
                .unsupportedVersion, at: offset(node, tape), path: "v",
                "This log knows schema version \"1\" (a string); leave v out to get it.")
        }
    }

    func id(_ node: Int, _ tape: borrowing JSONTape) throws(RecordError) -> String {
        guard text(node, tape, Grammar.isUUID) else {
            throw invalid(
                "id", node, tape,
                "An id is a lower-case UUID; put any other identifier into Idempotency-Key.")
        }
        return tape.string(node, of: input)
    }

    func time(_ node: Int, _ tape: borrowing JSONTape) throws(RecordError) -> Timestamp {
        let isString = tape.nodes[node].kind == .string
        guard isString, let time = tape.withText(node, of: input, { Timestamp(rfc3339: $0) })
        else {
            throw invalid(
                "time", node, tape,
                "A time is RFC 3339 with an offset, such as \"2026-06-01T08:00:01.25+02:00\".")
        }
        return time
    }

    /// The tenant that the record belongs to: the credential says it, a body may only agree.
    func tenant(
        _ node: Int?, _ tape: borrowing JSONTape, _ scope: RecordFields.Scope
    ) throws(RecordError) -> String {
        guard case .producer(let grant) = scope else { return TenantGrant.log }
        let named = try node.map { node throws(RecordError) in try namedTenant(node, tape) }
        switch (grant, named) {
        case (.any, let named?):
            return named
        case (.any, nil):
            throw RecordError(
                .tenantRequired, path: "tenant",
                "This credential may write for many tenants; name one in tenant.")
        case (.only(let own), _):
            guard TenantGrant.isValid(tenant: own) else {
                throw RecordError(
                    .reservedTenant, path: "tenant",
                    "The credential's tenant is none that a credential may hold.")
            }
            guard let named, named != own else { return own }
            throw RecordError(
                .tenantMismatch, at: node.map { offset($0, tape) }, path: "tenant",
                "This credential may not write for that tenant; leave tenant out.")
        }
    }

    private func namedTenant(
        _ node: Int, _ tape: borrowing JSONTape
    ) throws(RecordError) -> String {
        guard !text(node, tape, { $0.first == UInt8(ascii: "_") }) else {
            throw RecordError(
                .reservedTenant, at: offset(node, tape), path: "tenant",
                "Tenants whose name begins with _ belong to the log; name your own.")
        }
        guard text(node, tape, Grammar.isTenant) else {
            throw invalid(
                "tenant", node, tape, "A tenant has 1 to 64 characters of [a-z0-9._-].")
        }
        return tape.string(node, of: input)
    }

    /// Refuses names that are not the schema's, unless the type is a vendor's own.
    func checkUnknown(
        _ firstUnknown: Int, _ tape: borrowing JSONTape, _ type: Int
    ) throws(RecordError) {
        guard text(type, tape, Grammar.isVendorType) else {
            throw unknown(
                .unknownField, firstUnknown, tape,
                "The schema has no such member; put it under labels or details, or use a type "
                    + "x.<vendor>.<name>.")
        }
        for name in tape.names(of: 0) where !tape.withText(name, of: input, MemberName.isValid) {
            throw unknown(
                .invalidField, name, tape, JSONError.Code.invalidMemberName.advice)
        }
    }

    // MARK: Parts

    /// Whether a value is a string whose text satisfies the check.
    private func text(
        _ node: Int, _ tape: borrowing JSONTape, _ check: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        tape.nodes[node].kind == .string && tape.withText(node, of: input, check)
    }

    private func invalid(
        _ path: String, _ node: Int, _ tape: borrowing JSONTape, _ message: String
    ) -> RecordError {
        RecordError(.invalidField, at: offset(node, tape), path: path, message)
    }

    func unknown(
        _ code: RecordError.Code, _ name: Int, _ tape: borrowing JSONTape, _ message: String
    ) -> RecordError {
        var position = 0
        for other in tape.names(of: 0) where other < name { position += 1 }
        return RecordError(code, at: offset(name, tape), path: "#\(position)", message)
    }

    private func offset(_ node: Int, _ tape: borrowing JSONTape) -> Int {
        Int(tape.nodes[node].offset)
    }
}
