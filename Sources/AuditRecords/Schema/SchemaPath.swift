// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Writes the path to a node of a record, as `target[2].id`.
///
/// Names that are the schema's own are written; any other is given by its position among the names
/// of its object, in the order of the text, as `labels.#3`.
struct SchemaPath {
    let input: UnsafeRawBufferPointer

    func text(to node: Int, _ tape: borrowing JSONTape) -> String {
        var path = ""
        var (at, rule) = (0, ValueRule?.none)
        while at != node {
            let step =
                tape.nodes[at].kind == .array
                ? element(of: at, holding: node, rule, tape, &path)
                : member(of: at, holding: node, rule, tape, &path)
            guard let step else { return path }
            (at, rule) = step
        }
        return path
    }

    private func element(
        of array: Int, holding node: Int, _ rule: ValueRule?, _ tape: borrowing JSONTape,
        _ path: inout String
    ) -> (Int, ValueRule?)? {
        // What an element holds comes after it, and before the next one.
        let before = Array(tape.elements(of: array).prefix { $0 <= node })
        guard let element = before.last else { return nil }
        path += "[\(before.count - 1)]"
        guard case .array(let item, _) = rule else { return (element, nil) }
        return (element, item)
    }

    private func member(
        of object: Int, holding node: Int, _ rule: ValueRule?, _ tape: borrowing JSONTape,
        _ path: inout String
    ) -> (Int, ValueRule?)? {
        let names = tape.names(of: object)
        guard let name = names.filter({ $0 <= node }).max() else { return nil }
        if !path.isEmpty { path += "." }
        let known = object == 0 ? knownMember(name, tape) : knownName(name, rule, tape)
        path += known?.0 ?? "#\(names.count { $0 < name })"
        return name == node ? nil : (name + 1, known?.1)
    }

    private func knownMember(
        _ name: Int, _ tape: borrowing JSONTape
    ) -> (String, ValueRule)? {
        tape.withText(name, of: input, SchemaMember.init(named:)).map {
            ("\($0.name)", $0.entry.rule)
        }
    }

    private func knownName(
        _ name: Int, _ rule: ValueRule?, _ tape: borrowing JSONTape
    ) -> (String, ValueRule)? {
        guard case .object(let object) = rule,
            let place = tape.withText(name, of: input, { object.place(named: $0) })
        else { return nil }
        return (object.members[place].name.text, object.members[place].rule)
    }
}

extension RecordError {
    /// A break of the schema, with its path.
    init(
        _ violation: SchemaViolation, _ tape: borrowing JSONTape, _ input: UnsafeRawBufferPointer
    ) {
        var path = SchemaPath(input: input).text(to: violation.node, tape)
        if let missing = violation.missing { path += path.isEmpty ? missing : ".\(missing)" }
        self.init(
            violation.code, at: Int(tape.nodes[violation.node].offset), path: path,
            violation.message)
    }
}
