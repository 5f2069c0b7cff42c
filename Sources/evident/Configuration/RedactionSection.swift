// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import LogStorage

/// A redaction policy as operators write it (docs/redaction.md); strict: what is not known here is
/// an error that names it.
struct RedactionSection {
    /// Reads a policy file.
    static func load(_ path: String) throws -> RedactionPolicy {
        guard let bytes = try PrivateFile.read(path, limit: 1 << 20) else {
            throw FileError(.missing, path, "there is no such file")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure.usage("\(path): is not UTF-8 text")
        }
        return try parse(text, path: path)
    }

    /// Reads a policy; `path` is for messages only.
    static func parse(_ text: String, path: String) throws(CommandFailure) -> RedactionPolicy {
        do throws(PolicyText.Refusal) {
            return try RedactionSection(path: path).policy(try PolicyText.parse(text))
        } catch {
            let place = error.line > 0 ? "\(path):\(error.line)" : path
            throw .usage("\(place): \(error.message)")
        }
    }

    /// The redactor that a setting asks for: `standard`, `none` (nil), or the path of a policy.
    static func redactor(named name: String, tokenKey: Digest) throws -> Redactor? {
        switch name {
        case "none": nil
        case "standard": try redactor(.standard, tokenKey: tokenKey, path: name)
        default: try redactor(try load(name), tokenKey: tokenKey, path: name)
        }
    }

    /// Compiles a policy and runs its samples; `path` is for messages only.
    static func redactor(
        _ policy: RedactionPolicy, tokenKey: Digest, path: String
    ) throws(CommandFailure) -> Redactor {
        do throws(RedactionPolicyError) {
            return try Redactor(policy, tokenKey: tokenKey)
        } catch {
            throw .usage("\(path): \(error)")
        }
    }

    private let path: String
    private typealias Refusal = PolicyText.Refusal

    private func refusal(_ key: String, _ message: String) -> Refusal {
        Refusal(line: 0, message: "\(key) \(message)")
    }

    // MARK: The policy

    private func policy(_ value: JSONValue) throws(Refusal) -> RedactionPolicy {
        let members = try Members(
            value, "",
            known: [
                "id", "version", "packs", "disable", "strategies", "fields", "capture", "names",
                "placeholders", "limits", "rules", "tenants",
            ])
        var policy = RedactionPolicy(
            id: try members.text("id") ?? "custom", version: try members.number("version") ?? 1,
            fields: RedactionPolicy.standardFields)
        if let packs: [RedactionPack] = try members.choices("packs") { policy.packs = Set(packs) }
        policy.disabled = Set(try members.texts("disable") ?? [])
        policy.strategies = try strategies(members)
        policy.fields.merge(try fields(members)) { _, own in own }
        policy.capture = try capture(members)
        policy.placeholders = try members.choice("placeholders") ?? .plain
        policy.rules = try rules(members)
        if let names = try members.object("names", known: ["add", "except"]) {
            policy.deniedNames.formUnion(try names.texts("add") ?? [])
            for name in try names.texts("except") ?? [] {
                guard policy.deniedNames.remove(name) != nil else {
                    throw refusal("names.except", "names \(name), which is not denied")
                }
            }
        }
        let known: Set = ["string_bytes", "bytes_per_rejection"]
        if let limits = try members.object("limits", known: known) {
            policy.limits.stringBytes = try limits.number("string_bytes") ?? 64 << 10
            policy.limits.bytesPerRejection = try limits.number("bytes_per_rejection") ?? 16
        }
        for tenant in try members.map("tenants") {
            policy.tenants[tenant.name] = try additions(tenant)
        }
        return policy
    }

    private func additions(_ tenant: JSONValue.Member) throws(Refusal) -> TenantRedaction {
        let members = try Members(
            tenant.value, "tenants.\(tenant.name).",
            known: ["packs", "rules", "strategies", "fields", "capture", "names"])
        return TenantRedaction(
            packs: Set(try members.choices("packs") ?? []), rules: try rules(members),
            strategies: try strategies(members), fields: try fields(members),
            capture: try capture(members), deniedNames: Set(try members.texts("names") ?? []))
    }

    private func strategies(
        _ members: Members
    ) throws(Refusal) -> [String: RedactionStrategy] {
        var strategies: [String: RedactionStrategy] = [:]
        for member in try members.map("strategies") {
            strategies[member.name] = try Members.one(member.value, "strategies.\(member.name)")
        }
        return strategies
    }

    private func capture(_ members: Members) throws(Refusal) -> [String: CaptureMode] {
        var modes: [String: CaptureMode] = [:]
        for member in try members.map("capture") {
            modes[member.name] = try Members.one(member.value, "capture.\(member.name)")
        }
        return modes
    }

    // MARK: Fields

    private func fields(_ members: Members) throws(Refusal) -> [String: FieldPolicy] {
        var fields: [String: FieldPolicy] = [:]
        for member in try members.map("fields") {
            fields[member.name] = try field(member.value, "fields.\(member.name)")
        }
        return fields
    }

    private func field(_ value: JSONValue, _ path: String) throws(Refusal) -> FieldPolicy {
        switch value.text {
        case "scan": return .scan
        case "drop": return .drop
        case nil: break
        default: throw refusal(path, "is scan, drop, or one of {keep: …}, {whole: …}, {matches: …}")
        }
        let members = try Members(value, path + ".", known: ["keep", "whole", "matches"])
        guard members.count == 1 else {
            throw refusal(path, "has one of keep, whole and matches")
        }
        if let shape: ValueShape = try members.choice("keep") { return .keep(shape) }
        if let strategy: RedactionStrategy = try members.choice("whole") { return .whole(strategy) }
        return .matches(try members.choice("matches") ?? .replace)
    }

    // MARK: Rules

    private func rules(_ members: Members) throws(Refusal) -> [RedactionRule] {
        var rules: [RedactionRule] = []
        for (place, value) in try members.list("rules").enumerated() {
            let path = "rules[\(place + 1)]."
            let rule = try Members(
                value, path,
                known: [
                    "id", "pattern", "validator", "strategy", "context", "context_window",
                    "priority", "positive", "negative",
                ])
            guard let id = try rule.text("id"), let pattern = try rule.text("pattern") else {
                throw refusal("rules[\(place + 1)]", "needs an id and a pattern")
            }
            rules.append(
                RedactionRule(
                    id: id, pattern: pattern, validator: try rule.choice("validator") ?? .none,
                    strategy: try rule.choice("strategy") ?? .replace,
                    context: try rule.texts("context") ?? [],
                    contextWindow: try rule.number("context_window") ?? 40,
                    priority: try rule.number("priority") ?? 100,
                    positives: try rule.texts("positive") ?? [],
                    negatives: try rule.texts("negative") ?? []))
        }
        return rules
    }
}

/// The members of one mapping, all of whose names are known.
private struct Members {
    private let members: [JSONValue.Member]
    private let prefix: String

    init(_ value: JSONValue, _ prefix: String, known: Set<String>) throws(PolicyText.Refusal) {
        guard let members = value.members else {
            let name = prefix.isEmpty ? "the policy" : String(prefix.dropLast())
            throw Self.refusal(name, "is a mapping")
        }
        for member in members where !known.contains(member.name) {
            throw Self.refusal(prefix + member.name, "is not a key of this version")
        }
        self.members = members
        self.prefix = prefix
    }

    var count: Int { members.count }

    private subscript(_ name: String) -> JSONValue? {
        members.first { $0.name == name }?.value
    }

    private static func refusal(_ key: String, _ message: String) -> PolicyText.Refusal {
        PolicyText.Refusal(line: 0, message: "\(key) \(message)")
    }

    func text(_ name: String) throws(PolicyText.Refusal) -> String? {
        guard let value = self[name] else { return nil }
        guard let text = value.text else { throw Self.refusal(prefix + name, "is text") }
        return text
    }

    func number(_ name: String) throws(PolicyText.Refusal) -> Int? {
        guard let value = self[name] else { return nil }
        guard let number = value.unsigned, number <= 1 << 31 else {
            throw Self.refusal(prefix + name, "is a whole number")
        }
        return Int(number)
    }

    func list(_ name: String) throws(PolicyText.Refusal) -> [JSONValue] {
        guard let value = self[name] else { return [] }
        guard let elements = value.elements else { throw Self.refusal(prefix + name, "is a list") }
        return elements
    }

    func texts(_ name: String) throws(PolicyText.Refusal) -> [String]? {
        guard self[name] != nil else { return nil }
        var texts: [String] = []
        for element in try list(name) {
            guard let text = element.text else {
                throw Self.refusal(prefix + name, "is a list of texts; put numbers into quotes")
            }
            texts.append(text)
        }
        return texts
    }

    func map(_ name: String) throws(PolicyText.Refusal) -> [JSONValue.Member] {
        guard let value = self[name] else { return [] }
        guard let members = value.members else {
            throw Self.refusal(prefix + name, "is a mapping")
        }
        return members
    }

    func object(
        _ name: String, known: Set<String>
    ) throws(PolicyText.Refusal) -> Members? {
        guard let value = self[name] else { return nil }
        return try Members(value, prefix + name + ".", known: known)
    }

    func choice<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(PolicyText.Refusal) -> Choice? where Choice.RawValue == String {
        guard let value = self[name] else { return nil }
        return try Self.one(value, prefix + name)
    }

    func choices<Choice: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(PolicyText.Refusal) -> [Choice]? where Choice.RawValue == String {
        guard self[name] != nil else { return nil }
        var choices: [Choice] = []
        for element in try list(name) { choices.append(try Self.one(element, prefix + name)) }
        return choices
    }

    static func one<Choice: RawRepresentable & CaseIterable>(
        _ value: JSONValue, _ path: String
    ) throws(PolicyText.Refusal) -> Choice where Choice.RawValue == String {
        guard let text = value.text, let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw refusal(path, "is one of \(all)")
        }
        return choice
    }
}
