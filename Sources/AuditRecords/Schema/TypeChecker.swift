// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Where the top-level members lie: nodes of their values, 0 for those that were not sent.
struct MemberNodes {
    private var nodes = InlineArray<33, UInt32>(repeating: 0)

    subscript(member: SchemaMember) -> Int? {
        get { self[Int(member.rawValue)] }
        set { nodes[Int(member.rawValue)] = UInt32(truncatingIfNeeded: newValue ?? 0) }
    }

    /// The node of the member at a place of ``SchemaMember``'s order.
    subscript(place: Int) -> Int? {
        let node = Int(nodes[place])
        return node == 0 ? nil : node
    }
}

/// Checks what a record's type, and its phase, ask of its members.
struct TypeChecker {
    let checker: SchemaChecker
    let members: MemberNodes

    /// Checks a record whose members have been checked one by one.
    func check(_ type: Int, _ tape: borrowing JSONTape) throws(SchemaViolation) {
        try checkPhase(tape)
        let place = tape.withText(type, of: checker.input, RecordTypes.place(of:))
        guard let place else { return }
        let rules = RecordTypes.all[place].rules
        guard !rules.isEmpty else { return }
        for path in rules.needs where isAbsent(path, tape) {
            throw SchemaViolation(
                code: .missingField, node: 0, missing: path.text,
                message: "Records of this type have it.")
        }
        for choice in rules.choices {
            guard let node = node(choice.path, tape),
                checker.place(of: node, in: choice.values, tape) == nil
            else { continue }
            throw SchemaViolation(
                code: .invalidField, node: node,
                message: "In a record of this type it is "
                    + "\(ValueRule.choice(choice.values).description).")
        }
        if rules.denialIsOutcome { try checkDenial(tape) }
    }

    /// An intent has not ended, and an outcome has.
    private func checkPhase(_ tape: borrowing JSONTape) throws(SchemaViolation) {
        guard let phase = members[.phase] else { return }
        if checker.isText(phase, "intent", tape) {
            guard let outcome = members[.outcome], !checker.isText(outcome, "unknown", tape) else {
                return
            }
            throw SchemaViolation(
                code: .invalidField, node: outcome,
                message: "An intent has no outcome yet; leave it out, or send phase single.")
        }
        if members[.outcome] == nil, checker.isText(phase, "outcome", tape) {
            throw SchemaViolation(
                code: .missingField, node: 0, missing: "outcome",
                message: "A record whose phase is outcome says how it ended.")
        }
    }

    private func checkDenial(_ tape: borrowing JSONTape) throws(SchemaViolation) {
        guard let policy = members[.policy], isText("deny", "decision", in: policy, tape),
            !isText("observe", "mode", in: policy, tape)
        else { return }
        guard let outcome = members[.outcome] else {
            throw SchemaViolation(
                code: .missingField, node: 0, missing: "outcome",
                message: "A denial in force has the outcome denied.")
        }
        guard checker.isText(outcome, "denied", tape) else {
            throw SchemaViolation(
                code: .invalidField, node: outcome,
                message: "A denial in force has the outcome denied.")
        }
    }

    private func isText(
        _ text: StaticString, _ name: StaticString, in object: Int, _ tape: borrowing JSONTape
    ) -> Bool {
        guard let node = checker.value(of: name, in: object, tape) else { return false }
        return checker.isText(node, text, tape)
    }

    /// Whether a member was not sent, or is an array without elements.
    private func isAbsent(_ path: TypeRules.Path, _ tape: borrowing JSONTape) -> Bool {
        guard let node = node(path, tape) else { return true }
        guard tape.nodes[node].kind == .array else { return false }
        return !tape.elements(of: node).contains { _ in true }
    }

    private func node(_ path: TypeRules.Path, _ tape: borrowing JSONTape) -> Int? {
        guard let member = members[path.member] else { return nil }
        guard let inner = path.inner else { return member }
        return checker.value(of: inner, in: member, tape)
    }
}
