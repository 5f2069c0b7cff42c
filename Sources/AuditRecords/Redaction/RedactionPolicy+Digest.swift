// SPDX-License-Identifier: Apache-2.0

import AuditChain

extension Redactor {
    /// Everything that decides what is taken out, as JSON: what the policy's digest covers.
    static func described(
        _ policy: RedactionPolicy, _ rules: CompiledRules, _ tenants: [String: CompiledRules]
    ) -> JSONValue {
        .object([
            .init("engine", 1), .init("id", .string(policy.id)),
            .init("version", .integer(policy.version)), .init("rules", rules.parts.described),
            .init(
                "tenants", .object(tenants.map { .init($0.key, $0.value.parts.described) })),
        ])
    }
}

extension RuleParts {
    fileprivate var described: JSONValue {
        let sorted = recognisers.sorted { $0.id < $1.id }
        var members: [JSONValue.Member] = [
            .init("rules", .array(sorted.map { $0.described(strategies[$0.id] ?? .replace) })),
            .init("denied_names", .array(deniedNames.sorted().map { .string($0) })),
            .init("fields", .object(fields.map { .init($0.key, .string($0.value.described)) })),
            .init("string_bytes", .integer(limits.stringBytes)),
            .init("bytes_per_rejection", .integer(limits.bytesPerRejection)),
            .init("placeholders", .string(style.rawValue)),
        ]
        // A policy that says nothing of it keeps the digest that it had before there were modes.
        if !capture.isEmpty {
            let modes = capture.map { JSONValue.Member($0.key, .string($0.value.rawValue)) }
            members.append(.init("capture", .object(modes)))
        }
        return .object(members)
    }
}

extension Recogniser {
    fileprivate func described(_ strategy: RedactionStrategy) -> JSONValue {
        .object([
            .init("id", .string(id)), .init("kind", .integer(kind.rawValue)),
            .init("pattern", .string(pattern)), .init("validator", .string(validator.rawValue)),
            .init("strategy", .string(strategy.rawValue)),
            .init("context", .array(context.map { .string($0) })),
            .init("context_needed", .bool(needsContext)),
            .init("context_window", .integer(contextWindow)),
            .init("priority", .string(String(priority))),
        ])
    }
}

extension FieldPolicy {
    fileprivate var described: String {
        switch self {
        case .scan: "scan"
        case .drop: "drop"
        case .keep(let shape): "keep \(shape.rawValue)"
        case .whole(let strategy): "whole \(strategy.rawValue)"
        case .matches(let strategy): "matches \(strategy.rawValue)"
        }
    }
}
