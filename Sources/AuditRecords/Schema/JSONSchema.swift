// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// The schema as JSON Schema 2020-12 (json-schema.org), read from the registry.
///
/// It describes what a producer sends. Members that the log sets are `readOnly`. What the language
/// cannot say (the JSON rules of the record format, depth, sizes in bytes) is for the log to check.
public enum JSONSchema {
    /// The schema of records of any type.
    public static var record: JSONValue { schema(id: "record", title: "An audit record", []) }

    /// The schema of records of one type of the registry.
    public static func record(of type: RecordType) -> JSONValue {
        let name = type.name
        var members: [JSONValue.Member] = []
        let test: JSONValue =
            name.hasSuffix(".*")
            ? ["pattern": .string("^\(name.dropLast(2))\\.[a-z0-9._-]+$")]
            : ["const": .string(name)]
        var properties = [JSONValue.Member("type", test)]
        for choice in type.rules.choices {
            let values: JSONValue = ["enum": .array(choice.values.map { .string($0.text) })]
            properties.append(property(choice.path, values))
        }
        members.append(.init("properties", merged(properties)))
        members.append(.init("required", .array(required(by: type.rules).map { .string($0) })))
        let rules =
            [JSONValue.object(members)] + inner(of: type.rules)
            + (type.rules.denialIsOutcome ? [denial] : [])
        return schema(id: type.numberedName, title: type.summary, rules)
    }

    /// All schemas' names and meanings, and the schema of any record.
    public static var index: JSONValue {
        let types = RecordType.all.map { type -> JSONValue in
            [
                "category": .string(type.category.rawValue), "schema": .string(type.numberedName),
                "summary": .string(type.summary), "type": .string(type.name),
                "verb": .string(type.verb.rawValue), "version": .integer(type.version),
            ]
        }
        return ["record": record, "types": .array(types), "v": "1"]
    }

    // MARK: Records

    private static func schema(
        id: String, title: String, _ rules: [JSONValue]
    ) -> JSONValue {
        let properties = SchemaMember.allCases.map { member -> JSONValue.Member in
            var parts = member.entry.rule.schema.members ?? []
            parts.append(.init("description", .string(member.entry.note.text)))
            if member.isStamp { parts.append(.init("readOnly", true)) }
            return .init("\(member.name)", .object(parts))
        }
        return [
            "$id": .string("urn:evident:schema:v1:\(id)"),
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": .string(title), "type": "object",
            "required": .array(RecordSchema.required.map { .string("\($0.name)") }),
            "properties": .object(properties),
            "allOf": .array([names, intent, outcome] + rules),
        ]
    }

    /// A vendor's types bring names of their own; no other type does.
    private static var names: JSONValue {
        let known = SchemaMember.allCases.map { JSONValue.string("\($0.name)") }
        return [
            "if": ["properties": ["type": ["pattern": "^x\\.[a-z0-9_-]+\\."]]],
            "then": ["propertyNames": ["pattern": "^[a-z][a-z0-9_]{0,62}$"]],
            "else": ["propertyNames": ["enum": .array(known)]],
        ]
    }

    private static var intent: JSONValue {
        [
            "if": ["properties": ["phase": ["const": "intent"]], "required": ["phase"]],
            "then": ["properties": ["outcome": ["const": "unknown"]]],
        ]
    }

    private static var outcome: JSONValue {
        [
            "if": ["properties": ["phase": ["const": "outcome"]], "required": ["phase"]],
            "then": ["required": ["outcome"]],
        ]
    }

    private static var denial: JSONValue {
        [
            "if": [
                "properties": [
                    "policy": [
                        "properties": [
                            "decision": ["const": "deny"], "mode": ["not": ["const": "observe"]],
                        ]
                    ]
                ]
            ],
            "then": [
                "properties": ["outcome": ["const": "denied"]], "required": ["outcome"],
            ],
        ]
    }

    // MARK: Types

    private static func required(by rules: TypeRules) -> [String] {
        var names: [String] = []
        for path in rules.needs where !names.contains("\(path.member.name)") {
            names.append("\(path.member.name)")
        }
        return names
    }

    /// What objects and arrays that a type needs have to hold.
    private static func inner(of rules: TypeRules) -> [JSONValue] {
        rules.needs.compactMap { path in
            if let inner = path.inner {
                return [
                    "properties": .object([
                        .init("\(path.member.name)", ["required": .array([.string(inner.text)])])
                    ])
                ]
            }
            guard case .array = path.member.entry.rule else { return nil }
            return ["properties": .object([.init("\(path.member.name)", ["minItems": 1])])]
        }
    }

    private static func property(_ path: TypeRules.Path, _ rule: JSONValue) -> JSONValue.Member {
        let name = "\(path.member.name)"
        guard let inner = path.inner else { return .init(name, rule) }
        return .init(name, ["properties": .object([.init(inner.text, rule)])])
    }

    /// One object of properties whose names are all different.
    private static func merged(_ members: [JSONValue.Member]) -> JSONValue {
        precondition(
            Set(members.map(\.name)).count == members.count, "a type has one choice for a member")
        return .object(members)
    }
}

extension ValueRule {
    /// The rule as JSON Schema.
    var schema: JSONValue {
        switch self {
        case .freeForm(nil): [:]
        case .freeForm(let limits?):
            [
                "maxProperties": .integer(limits.names),
                "propertyNames": ["maxLength": .integer(limits.nameLength)],
                "additionalProperties": ["maxLength": .integer(limits.textLength)],
            ]
        case .any: ["not": ["type": "null"]]
        case .text(let text): text.schema
        case .integer(let range):
            [
                "type": "integer", "minimum": .integer(range.lowerBound),
                "maximum": .integer(range.upperBound),
            ]
        case .truth: ["type": "boolean"]
        case .choice(let values): ["enum": .array(values.map { .string($0.text) })]
        case .array(let item, let limit):
            ["type": "array", "items": item.schema, "maxItems": .integer(limit)]
        case .object(let object): object.schema
        }
    }
}

extension TextRule {
    fileprivate var schema: JSONValue {
        var members: [JSONValue.Member] = [
            .init("type", "string"), .init("minLength", .integer(least)),
            .init("maxLength", .integer(limit)),
        ]
        if form == .time { members.append(.init("format", "date-time")) }
        if let pattern { members.append(.init("pattern", .string(pattern))) }
        return .object(members)
    }
}

extension ObjectRule {
    fileprivate var schema: JSONValue {
        let properties = members.map { member -> JSONValue.Member in
            var parts = member.rule.schema.members ?? []
            parts.append(.init("description", .string(member.note.text)))
            return .init(member.name.text, .object(parts))
        }
        var parts: [JSONValue.Member] = [
            .init("type", "object"), .init("properties", .object(properties)),
        ]
        let needed = members.filter(\.isRequired).map { JSONValue.string($0.name.text) }
        if !needed.isEmpty { parts.append(.init("required", .array(needed))) }
        let rules = conditions.map(\.schema)
        if !rules.isEmpty { parts.append(.init("allOf", .array(rules))) }
        return .object(parts)
    }
}

extension ObjectRule.Condition {
    fileprivate var schema: JSONValue {
        switch self {
        case .needs(let first, let second):
            return [
                "dependentRequired": .object([
                    .init(first.text, .array([.string(second.text)]))
                ])
            ]
        case .hides(let flag, let others):
            let flagged = JSONValue.object([.init(flag.text, ["const": true])])
            return [
                "if": ["properties": flagged, "required": .array([.string(flag.text)])],
                "then": [
                    "properties": .object(others.map { .init($0.text, .bool(false)) })
                ],
            ]
        }
    }
}
