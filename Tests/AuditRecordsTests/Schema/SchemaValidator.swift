// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// As much of JSON Schema 2020-12 as the served schemas use; any other keyword fails the test.
struct SchemaValidator {
    /// Keywords that say nothing of what is valid.
    private static let silent: Set<String> = [
        "$id", "$schema", "title", "description", "readOnly", "format", "then", "else",
    ]

    static func accepts(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if case .bool(let verdict) = schema { return verdict }
        guard let keywords = schema.members else { preconditionFailure("no schema: \(schema)") }
        return keywords.allSatisfy { keyword in
            silent.contains(keyword.name) || holds(keyword.name, keyword.value, value, schema)
        }
    }

    private static func holds(
        _ name: String, _ rule: JSONValue, _ value: JSONValue, _ schema: JSONValue
    ) -> Bool {
        switch name {
        case "type": isType(value, rule.text ?? "")
        case "enum": rule.elements?.contains(value) == true
        case "const": rule == value
        case "not": !accepts(value, rule)
        case "allOf": rule.elements?.allSatisfy { accepts(value, $0) } == true
        case "if": holdsCondition(rule, value, schema)
        case "minLength", "maxLength", "pattern": holdsText(name, rule, value)
        case "minimum", "maximum": holdsNumber(name, rule, value)
        case "items", "minItems", "maxItems": holdsArray(name, rule, value)
        default: holdsObject(name, rule, value)
        }
    }

    private static func isType(_ value: JSONValue, _ type: String) -> Bool {
        switch (value, type) {
        case (.null, "null"), (.bool, "boolean"), (.string, "string"), (.array, "array"),
            (.object, "object"):
            true
        case (.number(let number), "integer"): number == number.rounded()
        default: false
        }
    }

    private static func holdsCondition(
        _ rule: JSONValue, _ value: JSONValue, _ schema: JSONValue
    ) -> Bool {
        let branch = accepts(value, rule) ? schema["then"] : schema["else"]
        return branch.map { accepts(value, $0) } ?? true
    }

    private static func holdsText(_ name: String, _ rule: JSONValue, _ value: JSONValue) -> Bool {
        guard let text = value.text else { return true }
        let count = UInt64(text.unicodeScalars.count)
        switch name {
        case "minLength": return count >= rule.unsigned ?? 0
        case "maxLength": return count <= rule.unsigned ?? 0
        default:
            guard let pattern = try? Regex(rule.text ?? "") else { return false }
            return text.contains(pattern.matchingSemantics(.unicodeScalar))
        }
    }

    private static func holdsNumber(
        _ name: String, _ rule: JSONValue, _ value: JSONValue
    ) -> Bool {
        guard case .number(let number) = value, case .number(let limit) = rule else { return true }
        return name == "minimum" ? number >= limit : number <= limit
    }

    private static func holdsArray(_ name: String, _ rule: JSONValue, _ value: JSONValue) -> Bool {
        guard let elements = value.elements else { return true }
        switch name {
        case "items": return elements.allSatisfy { accepts($0, rule) }
        case "minItems": return UInt64(elements.count) >= rule.unsigned ?? 0
        default: return UInt64(elements.count) <= rule.unsigned ?? 0
        }
    }

    private static func holdsObject(
        _ name: String, _ rule: JSONValue, _ value: JSONValue
    ) -> Bool {
        guard let members = value.members else { return true }
        let names = members.map { JSONValue.string($0.name) }
        switch name {
        case "required": return rule.elements?.allSatisfy(names.contains) == true
        case "properties":
            return members.allSatisfy { member in
                rule[member.name].map { accepts(member.value, $0) } ?? true
            }
        case "additionalProperties": return members.allSatisfy { accepts($0.value, rule) }
        case "propertyNames": return names.allSatisfy { accepts($0, rule) }
        case "maxProperties": return UInt64(names.count) <= rule.unsigned ?? 0
        case "dependentRequired":
            return rule.members?.allSatisfy { dependent in
                value[dependent.name] == nil
                    || dependent.value.elements?.allSatisfy(names.contains) == true
            } == true
        default: preconditionFailure("the validator lacks \(name)")
        }
    }
}
