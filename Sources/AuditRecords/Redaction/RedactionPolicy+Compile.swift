// SPDX-License-Identifier: Apache-2.0

import AuditChain

extension RedactionPolicy {
    /// Members that every record needs, or whose form others rely on.
    private static let frame: Set<String> = [
        "v", "id", "type", "time", "tenant", "actor", "actor.id", "actor.type",
    ]

    /// The policy's own rules, checked.
    func parts() throws(RedactionPolicyError) -> RuleParts {
        let isName = id.utf8.allSatisfy {
            $0.isLowercase || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        }
        guard isName, 1...40 ~= id.utf8.count else { throw .invalidName(id) }
        guard version >= 1 else { throw .invalidLimit("version") }
        guard limits.stringBytes >= 1, limits.stringBytes <= 1 << 24 else {
            throw .invalidLimit("string_bytes")
        }
        guard limits.bytesPerRejection >= 1 else { throw .invalidLimit("bytes_per_rejection") }
        var recognisers = Self.recognisers(of: packs)
        try Self.check(disabled, known: recognisers)
        recognisers.removeAll { disabled.contains($0.id) }
        var parts = RuleParts(
            recognisers: recognisers, strategies: [:], deniedNames: deniedNames, fields: fields,
            capture: capture, limits: limits, style: placeholders)
        try Self.add(rules, to: &parts)
        try Self.check(Set(strategies.keys), known: parts.recognisers)
        parts.strategies.merge(strategies) { _, new in new }
        try Self.check(fields)
        try Self.check(capture)
        for name in deniedNames where !DeniedNames.isTerm(name) { throw .invalidName(name) }
        return parts
    }

    /// The rules for one tenant: the policy's and what it adds.
    func parts(
        adding tenant: TenantRedaction, of name: String
    ) throws(RedactionPolicyError) -> RuleParts {
        var parts = try parts()
        let known = Set(parts.recognisers.map(\.id))
        // What the policy switches off stays off, unless the tenant's own packs bring it.
        parts.recognisers += Self.recognisers(of: tenant.packs).filter { !known.contains($0.id) }
        try Self.add(tenant.rules, to: &parts)
        try Self.check(Set(tenant.strategies.keys), known: parts.recognisers)
        for (rule, strategy) in tenant.strategies {
            let own = parts.strategies[rule] ?? .replace
            guard strategy.rank >= own.rank else {
                throw .weakens(tenant: name, "\(strategy.rawValue) for \(rule)")
            }
            parts.strategies[rule] = strategy
        }
        try Self.check(tenant.fields)
        for (path, policy) in tenant.fields {
            guard policy.rank >= (parts.fields[path] ?? .scan).rank else {
                throw .weakens(tenant: name, "the policy of the field \(path)")
            }
            parts.fields[path] = policy
        }
        try Self.check(tenant.capture)
        let own = CaptureModes(capture)
        for (pattern, mode) in tenant.capture {
            guard mode.rank >= own.mode(of: pattern).rank else {
                throw .weakens(tenant: name, "capture \(mode.rawValue) for \(pattern)")
            }
            parts.capture[pattern] = mode
        }
        for name in tenant.deniedNames where !DeniedNames.isTerm(name) { throw .invalidName(name) }
        parts.deniedNames.formUnion(tenant.deniedNames)
        return parts
    }

    private static func recognisers(of packs: Set<RedactionPack>) -> [Recogniser] {
        RedactionPack.allCases.filter(packs.contains).flatMap(\.recognisers)
    }

    private static func add(
        _ rules: [RedactionRule], to parts: inout RuleParts
    ) throws(RedactionPolicyError) {
        var known = Set(parts.recognisers.map(\.id)).union(Placeholder.reserved)
        for rule in rules {
            guard Placeholder.isName(rule.id) else { throw .invalidName(rule.id) }
            guard known.insert(rule.id).inserted else { throw .repeatedRule(rule.id) }
            guard 0...1024 ~= rule.contextWindow else { throw .invalidLimit("context_window") }
            parts.recognisers.append(Recogniser(rule))
            parts.strategies[rule.id] = rule.strategy
        }
    }

    private static func check(
        _ ids: Set<String>, known: [Recogniser]
    ) throws(RedactionPolicyError) {
        for id in ids.sorted() where !known.contains(where: { $0.id == id }) {
            throw .unknownRule(id)
        }
    }

    private static func check(
        _ capture: [String: CaptureMode]
    ) throws(RedactionPolicyError) {
        for pattern in capture.keys.sorted() where !CaptureModes.isPattern(pattern) {
            throw .invalidCapture(pattern)
        }
    }

    private static func check(
        _ fields: [String: FieldPolicy]
    ) throws(RedactionPolicyError) {
        for (path, policy) in fields.sorted(by: { $0.key < $1.key }) {
            guard FieldTree.isPath(path) else {
                throw .invalidField(path, "a path is names joined by dots")
            }
            let isWhole =
                switch policy {
                case .drop, .whole: true
                case .matches(let strategy): strategy == .remove
                case .scan, .keep: false
                }
            if isWhole, frame.contains(path) || path.split(separator: ".").first == "*" {
                throw .invalidField(path, "every record needs it; use matches, or leave it out")
            }
        }
    }
}

extension FieldPolicy {
    /// How little is left: a tenant's policy may not rank below the policy's own.
    fileprivate var rank: Int {
        switch self {
        case .keep: -1
        case .scan: 2
        case .matches(let strategy): strategy.rank
        case .whole(let strategy): 4 + strategy.rank
        case .drop: 8
        }
    }
}
