// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// How one member of a record is made from an event.
struct MappingRule: Sendable {
    /// Another form of a value.
    enum Form: String, CaseIterable, Sendable {
        /// A number or a truth as text.
        case text
        /// A whole number from its text.
        case integer
        /// Seconds or milliseconds since 1970, as a time.
        case epochS = "epoch_s"
        case epochMS = "epoch_ms"
        /// Milliseconds in microseconds.
        case msToUS = "ms_to_us"
        /// One value as an array of it.
        case list
    }

    /// What it does with a value that it finds.
    struct Reading: Sendable {
        let source: MappingPath
        var form: Form?
        var map: [String: JSONValue]?
        var isRequired = false
    }

    let target: MappingPath
    let reading: Reading?
    /// The constant, or what stands where the event has nothing, or nothing that the map knows.
    let fallback: JSONValue?

    var source: MappingPath? { reading?.source }

    /// The member's value; nil if it has none in this record.
    func value(in event: JSONValue) throws(RecordError) -> JSONValue? {
        guard let reading else { return fallback }
        guard let found = event[reading.source], !found.isNull else {
            guard fallback == nil, reading.isRequired else { return fallback }
            throw .event(.missingField, target.text, "The mapping requires it.")
        }
        if let map = reading.map {
            guard let value = map[Self.text(found)] ?? fallback else {
                throw .event(
                    .invalidField, target.text, "The mapping's map has no entry for this value.")
            }
            return value
        }
        guard let form = reading.form else { return found }
        guard let value = Self.convert(found, to: form) else {
            throw .event(
                .invalidField, target.text, "The value cannot be read as \(form.rawValue).")
        }
        return value
    }

    private static func convert(_ value: JSONValue, to form: Form) -> JSONValue? {
        switch form {
        case .text: value.members == nil && value.elements == nil ? .string(text(value)) : nil
        case .integer: integer(value)
        case .epochS: time(value, microseconds: 1_000_000)
        case .epochMS: time(value, microseconds: 1_000)
        case .msToUS: Fit.milliseconds(value)
        case .list: value.elements == nil ? [value] : value
        }
    }

    private static func integer(_ value: JSONValue) -> JSONValue? {
        if case .number(let number) = value { return number.rounded() == number ? value : nil }
        guard let number = value.text.flatMap({ Int64($0) }), number.magnitude < 1 << 53 else {
            return nil
        }
        return .integer(number)
    }

    private static func time(_ value: JSONValue, microseconds unit: Double) -> JSONValue? {
        guard case .number(let number) = value, (number * unit).magnitude < 0x1p62,
            let time = Timestamp(microseconds: Int64((number * unit).rounded()))
        else { return nil }
        return .string(time.description)
    }

    /// A scalar as a map names it; anything else as its JSON.
    static func text(_ value: JSONValue) -> String {
        value.text ?? String(decoding: value.canonical, as: UTF8.self)
    }
}

/// Reads the parts of a mapping.
enum MappingReader {
    /// Members of a record that a mapping does not make.
    private static let own: Set<String> = [
        "v", "id", "received", "redactions", "redaction_policy", "imported",
    ]

    static func checkNames(
        _ value: JSONValue, of known: Set<String>, at key: String
    ) throws(MappingError) {
        guard let members = value.members else {
            throw MappingError(key, "it is a mapping of names to values")
        }
        for member in members where !known.contains(member.name) {
            throw MappingError(
                path(key, member.name),
                "there is no such key; there are \(known.sorted().joined(separator: ", "))")
        }
    }

    static func elements(_ value: JSONValue?, at key: String) throws(MappingError) -> [JSONValue] {
        guard let value else { return [] }
        guard let elements = value.elements else { throw MappingError(key, "it is a list") }
        return elements
    }

    /// The rules of `constants` and `members`.
    static func rules(_ value: JSONValue, at key: String) throws(MappingError) -> [MappingRule] {
        var rules: [MappingRule] = []
        for (name, read) in [("constants", constant), ("members", member)] {
            guard let part = value[name] else { continue }
            guard let members = part.members else {
                throw MappingError(path(key, name), "it is a mapping of members to values")
            }
            for member in members {
                let place = path(path(key, name), member.name)
                let target = try MappingPath(.string(member.name), at: place)
                guard !own.contains(target.steps[0]) else {
                    throw MappingError(place, "the importer or the log sets this member")
                }
                var first = target.steps[0]
                guard first.withUTF8({ MemberName.isValid(UnsafeRawBufferPointer($0)) }) else {
                    throw MappingError(place, "no record has a member of that name")
                }
                rules.append(try read(target, member.value, place))
            }
        }
        return rules
    }

    private static func constant(
        _ target: MappingPath, _ value: JSONValue, _ key: String
    ) throws(MappingError) -> MappingRule {
        MappingRule(target: target, reading: nil, fallback: value)
    }

    /// A path alone, or an object with `from` and what to do with the value.
    private static func member(
        _ target: MappingPath, _ value: JSONValue, _ key: String
    ) throws(MappingError) -> MappingRule {
        guard value.text == nil else {
            let source = try MappingPath(value, at: key)
            return MappingRule(target: target, reading: .init(source: source), fallback: nil)
        }
        try checkNames(value, of: ["from", "as", "map", "else", "required"], at: key)
        guard let from = value["from"] else {
            throw MappingError("\(key).from", "it says where the value comes from")
        }
        var reading = MappingRule.Reading(source: try MappingPath(from, at: "\(key).from"))
        if let form = value["as"] {
            reading.form = form.text.flatMap(MappingRule.Form.init)
            guard reading.form != nil, value["map"] == nil else {
                let forms = MappingRule.Form.allCases.map(\.rawValue).joined(separator: ", ")
                throw MappingError("\(key).as", "it is one of \(forms), and stands without a map")
            }
        }
        if let map = value["map"] {
            guard let entries = map.members, !entries.isEmpty else {
                throw MappingError("\(key).map", "it is a mapping of the event's values")
            }
            reading.map = Dictionary(entries.map { ($0.name, $0.value) }) { first, _ in first }
        }
        switch value["required"] {
        case nil: break
        case .bool(let isRequired)?: reading.isRequired = isRequired
        default: throw MappingError("\(key).required", "it is true or false")
        }
        return MappingRule(target: target, reading: reading, fallback: value["else"])
    }

    /// No two rules fill the same place, or a part of it.
    static func checkTargets(
        _ rules: [MappingRule], _ rest: FieldMapping.Rest
    ) throws(MappingError) {
        var targets = Set(rules.map(\.target)).sorted { $0.text < $1.text }
        if case .kept(let path) = rest { targets.append(path) }
        for (place, target) in targets.enumerated() {
            guard !targets[..<place].contains(where: { $0.overlaps(target) }) else {
                throw MappingError(
                    "members.\(target.text)",
                    "another rule fills it, or a part of it; members that no rule takes go where"
                        + " `rest` says")
            }
        }
    }

    private static func path(_ key: String, _ name: String) -> String {
        key.isEmpty ? name : "\(key).\(name)"
    }
}
