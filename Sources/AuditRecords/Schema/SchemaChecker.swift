// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// A break of the schema: where on the tape, and what would be right.
struct SchemaViolation: Error {
    let code: RecordError.Code
    /// The value, or the name, that is wrong; the object that lacks a member.
    let node: Int
    /// The member that is absent.
    var missing: String?
    let message: String
}

/// Checks values on a tape against the rules of the schema.
///
/// A good record costs no allocation.
struct SchemaChecker {
    let input: UnsafeRawBufferPointer

    /// Checks one value and all that is known of what it holds.
    func check(
        _ node: Int, _ rule: ValueRule, _ tape: borrowing JSONTape
    ) throws(SchemaViolation) {
        let kind = tape.nodes[node].kind
        switch rule {
        case .freeForm(let limits):
            if let limits, kind == .object { try checkMap(node, limits, tape) }
        case .object(let object):
            guard kind == .object else { throw invalid(node, rule) }
            try checkObject(node, object, tape)
        case .array(let item, let limit):
            guard kind == .array else { throw invalid(node, rule) }
            try checkArray(node, item, limit, tape)
        case .any: guard kind != .null else { throw invalid(node, rule) }
        case .truth: guard kind == .true || kind == .false else { throw invalid(node, rule) }
        case .text(let text):
            guard kind == .string, accepts(text, node, tape) else { throw invalid(node, rule) }
        case .choice(let values):
            guard kind == .string, place(of: node, in: values, tape) != nil else {
                throw invalid(node, rule)
            }
        case .integer(let range):
            guard kind == .number, let value = integer(node, tape), range ~= value else {
                throw invalid(node, rule)
            }
        }
    }

    /// The place of a string's text among others, or nil.
    func place(
        of node: Int, in values: [StaticString], _ tape: borrowing JSONTape
    ) -> Int? {
        guard tape.nodes[node].kind == .string else { return nil }
        return tape.withText(node, of: input) { text in
            values.firstIndex { $0.isEqual(to: text) }
        }
    }

    /// Whether a value is that string.
    func isText(_ node: Int, _ text: StaticString, _ tape: borrowing JSONTape) -> Bool {
        tape.nodes[node].kind == .string
            && tape.withText(node, of: input) { text.isEqual(to: $0) }
    }

    /// The value of the member of that name, or nil.
    func value(of name: StaticString, in object: Int, _ tape: borrowing JSONTape) -> Int? {
        guard tape.nodes[object].kind == .object else { return nil }
        var next = tape.firstName(of: object)
        while let member = next {
            next = tape.name(after: member)
            if tape.withText(member, of: input, { name.isEqual(to: $0) }) { return member + 1 }
        }
        return nil
    }

    // MARK: Containers

    private func checkObject(
        _ node: Int, _ object: ObjectRule, _ tape: borrowing JSONTape
    ) throws(SchemaViolation) {
        var found: UInt64 = 0
        var next = tape.firstName(of: node)
        while let name = next {
            next = tape.name(after: name)
            let place = tape.withText(name, of: input) { object.place(named: $0) }
            guard let place else { continue }
            found |= 1 << place
            try check(name + 1, object.members[place].rule, tape)
        }
        let missing = object.required & ~found
        guard missing == 0 else {
            let member = object.members[missing.trailingZeroBitCount]
            throw lacks(member.name, node, "It is required here.")
        }
        for condition in object.conditions { try check(condition, node, tape) }
    }

    private func check(
        _ condition: ObjectRule.Condition, _ node: Int, _ tape: borrowing JSONTape
    ) throws(SchemaViolation) {
        switch condition {
        case .needs(let first, let second):
            guard value(of: first, in: node, tape) != nil, value(of: second, in: node, tape) == nil
            else { return }
            throw lacks(second, node, "Whoever sends \(first) sends it too.")
        case .hides(let flag, let others):
            guard let flag = value(of: flag, in: node, tape), tape.nodes[flag].kind == .true else {
                return
            }
            for name in others {
                guard let shown = value(of: name, in: node, tape) else { continue }
                throw SchemaViolation(
                    code: .invalidField, node: shown,
                    message: "The change is marked as secret; leave its values out.")
            }
        }
    }

    private func checkArray(
        _ node: Int, _ item: ValueRule, _ limit: Int, _ tape: borrowing JSONTape
    ) throws(SchemaViolation) {
        var count = 0
        for element in tape.elements(of: node) {
            count += 1
            guard count <= limit else {
                throw SchemaViolation(
                    code: .invalidField, node: node, message: "It has at most \(limit) elements.")
            }
            try check(element, item, tape)
        }
    }

    private func checkMap(
        _ node: Int, _ limits: MapLimits, _ tape: borrowing JSONTape
    ) throws(SchemaViolation) {
        var count = 0
        var next = tape.firstName(of: node)
        while let name = next {
            next = tape.name(after: name)
            count += 1
            guard count <= limits.names else {
                throw SchemaViolation(
                    code: .invalidField, node: node,
                    message: "It has at most \(limits.names) members.")
            }
            guard isShort(name, limits.nameLength, tape) else {
                throw SchemaViolation(
                    code: .invalidField, node: name,
                    message: "A name here has at most \(limits.nameLength) characters.")
            }
            if tape.nodes[name + 1].kind == .string,
                !isShort(name + 1, limits.textLength, tape)
            {
                throw SchemaViolation(
                    code: .invalidField, node: name + 1,
                    message: "A string here has at most \(limits.textLength) characters.")
            }
        }
    }

    // MARK: Values

    private func accepts(
        _ rule: TextRule, _ node: Int, _ tape: borrowing JSONTape
    ) -> Bool {
        switch rule.form {
        case .free: tape.textCount(node) > 0 && isShort(node, rule.limit, tape)
        case .prose: isShort(node, rule.limit, tape)
        case .word:
            tape.withText(node, of: input) { 1...rule.limit ~= $0.count && Grammar.isWord($0) }
        case .time: tape.withText(node, of: input) { Timestamp(rfc3339: $0) } != nil
        case .uuid: tape.withText(node, of: input, Grammar.isUUID)
        case .type: tape.withText(node, of: input, Grammar.isType)
        case .tenant: tape.withText(node, of: input, Grammar.isTenant)
        }
    }

    /// Whether a string or name has at most that many Unicode scalars.
    private func isShort(_ node: Int, _ limit: Int, _ tape: borrowing JSONTape) -> Bool {
        // No scalar takes less than a byte, escaped or not.
        tape.textCount(node) <= limit
            || tape.string(node, of: input).unicodeScalars.count <= limit
    }

    /// The value of a number that is whole.
    private func integer(_ node: Int, _ tape: borrowing JSONTape) -> Int? {
        tape.withText(node, of: input) { text in
            var value = 0
            var digits = text[...]
            let isNegative = digits.first == UInt8(ascii: "-")
            if isNegative { digits = digits.dropFirst() }
            for byte in digits {
                guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { return nil }
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
            }
            return isNegative ? -value : value
        }
    }

    // MARK: Violations

    private func invalid(_ node: Int, _ rule: ValueRule) -> SchemaViolation {
        SchemaViolation(
            code: .invalidField, node: node, message: "This is \(rule.description).")
    }

    private func lacks(
        _ name: StaticString, _ node: Int, _ message: String
    ) -> SchemaViolation {
        SchemaViolation(code: .missingField, node: node, missing: name.text, message: message)
    }
}
