// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// Where the members of a record come from in events of a format that nobody has written an adapter
/// for.
///
/// Data: it is read from a file, whole and strictly, before any event is.
public struct FieldMapping: Sendable {
    /// Names the format in `imported.format`.
    static let format = "ndjson"

    /// What becomes of members of an event that no rule took.
    enum Rest: Sendable, Equatable {
        /// They go there, as one object.
        case kept(MappingPath)
        case dropped
        /// The event is refused.
        case refused
    }

    /// Rules for events that have certain values.
    struct Case: Sendable {
        let when: [(path: MappingPath, value: JSONValue)]
        let rules: [MappingRule]
    }

    /// `imported.system`.
    public let system: String
    let originalID: MappingPath?
    let rules: [MappingRule]
    let cases: [Case]
    let rest: Rest

    /// Reads a mapping.
    public init(_ value: JSONValue) throws(MappingError) {
        try MappingReader.checkNames(
            value,
            of: ["mapping", "system", "original_id", "constants", "members", "cases", "rest"],
            at: "")
        guard value["mapping"]?.unsigned == 1 else {
            throw MappingError("mapping", "it says `mapping: 1`, the version of this form")
        }
        guard let system = value["system"]?.text, Fit.isText(system, 128) else {
            throw MappingError("system", "it names the events' system, in 1 to 128 characters")
        }
        self.system = system
        originalID = try value["original_id"].map { (id) throws(MappingError) in
            try MappingPath(id, at: "original_id")
        }
        rules = try MappingReader.rules(value, at: "")
        var cases: [Case] = []
        for (place, item) in try MappingReader.elements(value["cases"], at: "cases").enumerated() {
            cases.append(try Case(item, at: "cases[\(place)]"))
        }
        self.cases = cases
        rest = try Rest(value["rest"], rules + cases.flatMap(\.rules))
        for part in [rules] + cases.map({ rules + $0.rules }) {
            try MappingReader.checkTargets(part, rest)
        }
    }

    /// The record of one event.
    func imported(
        _ text: [UInt8], number: UInt64, source: String
    ) throws(RecordError) -> ImportedEvent {
        let event = try JSONValue.event(text)
        var (targets, taken) = try apply(to: event)
        let left = event.removing(taken)
        if left.members?.isEmpty == false {
            switch rest {
            case .kept(let path): targets.append((path, left))
            case .dropped: break
            case .refused:
                throw .event(
                    .unknownField, "#", "The mapping takes every member or none: rest is refuse.")
            }
        }
        var draft = RecordDraft()
        for member in MappingPath.object(targets).members ?? [] {
            draft[member.name] = member.value
        }
        draft["imported"] = [
            "system": .string(system), "format": .string(Self.format),
        ]
        if Fit.isText(source, 256) { draft.set("imported", "source", .string(source)) }
        draft.set("imported", "original_time", originalTime(event))
        let original = originalID.flatMap { event[$0] }.map(MappingRule.text)
        if let original, Fit.isText(original, 256) {
            draft.set("imported", "original_id", .string(original))
            draft["id"] = .string(
                DerivedID.make(Self.format, [Array(system.utf8), Array(original.utf8)]))
        } else if originalID != nil {
            throw .event(
                .missingField, "original_id", "The event has no identifier of 1 to 256 characters.")
        } else {
            draft["id"] = .string(
                DerivedID.make(Self.format, source: "\(system)\n\(source)", number: number, text))
        }
        return ImportedEvent(record: draft.value, isExact: nil)
    }

    /// The members that the rules make, the last rule for a target winning, and what they took.
    private func apply(
        to event: JSONValue
    ) throws(RecordError) -> (targets: [(MappingPath, JSONValue)], taken: [MappingPath]) {
        var targets: [(MappingPath, JSONValue)] = []
        var taken = originalID.map { [$0] } ?? []
        let special = cases.first { $0.holds(of: event) }?.rules ?? []
        let replaced = Set(special.map(\.target))
        for rule in rules.filter({ !replaced.contains($0.target) }) + special {
            guard let value = try rule.value(in: event) else { continue }
            targets.removeAll { $0.0 == rule.target }
            targets.append((rule.target, value))
            if let source = rule.source { taken.append(source) }
        }
        return (targets, taken)
    }

    /// What the event itself says where `time` comes from.
    private func originalTime(_ event: JSONValue) -> JSONValue? {
        let special = cases.first { $0.holds(of: event) }?.rules ?? []
        let rule = (special + rules).first { $0.target.text == "time" && $0.source != nil }
        guard let value = rule?.source.flatMap({ event[$0] }) else { return nil }
        let text = MappingRule.text(value)
        return Fit.isText(text, 64) ? .string(text) : nil
    }
}

/// Why a mapping cannot be used: which of its keys, and what it should say.
public struct MappingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key, as `members.actor.id`; empty for the mapping itself.
    public let key: String
    /// What is wrong and how to put it right.
    public let message: String

    init(_ key: String, _ message: String) {
        self.key = key
        self.message = message
    }

    /// The key and the message.
    public var description: String { key.isEmpty ? message : "\(key): \(message)" }
}

extension FieldMapping.Case {
    fileprivate init(_ value: JSONValue, at key: String) throws(MappingError) {
        try MappingReader.checkNames(value, of: ["when", "constants", "members"], at: key)
        guard let conditions = value["when"]?.members, !conditions.isEmpty else {
            throw MappingError("\(key).when", "it names members of the event and their values")
        }
        var when: [(path: MappingPath, value: JSONValue)] = []
        for condition in conditions {
            when.append(
                (try MappingPath(.string(condition.name), at: "\(key).when"), condition.value))
        }
        self.when = when
        rules = try MappingReader.rules(value, at: key)
    }

    fileprivate func holds(of event: JSONValue) -> Bool {
        when.allSatisfy { condition in event[condition.path].map { $0 == condition.value } ?? false
        }
    }
}

extension FieldMapping.Rest {
    fileprivate init(_ value: JSONValue?, _ rules: [MappingRule]) throws(MappingError) {
        switch value {
        case "drop"?: self = .dropped
        case "refuse"?: self = .refused
        case let value?: self = .kept(try MappingPath(value, at: "rest"))
        case nil:
            guard !rules.contains(where: { $0.target.steps.first == "details" }) else {
                throw MappingError(
                    "rest",
                    "details are filled by rules: say where other members go (details.other, drop or"
                        + " refuse)")
            }
            self = .kept(MappingPath(steps: ["details"]))
        }
    }
}
