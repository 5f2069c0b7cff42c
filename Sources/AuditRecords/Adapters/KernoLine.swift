// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// Writes records as lines of kerno's audit log, version 1: exactly `{v,ts,type,actor,details}`.
///
/// A record that was imported from such a line gives that line again, byte for byte, unless
/// redaction or an erasure changed what it says, or the import said that it would not. Of any other
/// record `details` hold what has no place of its own, so that nothing is left out.
public enum KernoLine {
    /// One line, without its line feed.
    ///
    /// - Parameter record: A record's members, in any order; those that were erased are missing.
    public static func encode(_ record: JSONValue) -> [UInt8] {
        let event = KernoView(record)
        if let layout = event.layout,
            let line = KernoWriter.write(event.value, as: KernoLayout(layout))
        {
            return line
        }
        var line: [UInt8] = []
        KernoWriter.append(event.value, to: &line, order: event.order)
        return line
    }
}

/// A record as kerno would say it.
struct KernoView {
    /// The event: an object of five members.
    let value: JSONValue
    /// How the line that it was imported from was written, if not as kerno does.
    let layout: String?
    /// The members of `details` in kerno's order.
    let order: [String]

    init(_ record: JSONValue) {
        let type = KernoType.name(ofRecordType: record["type"]?.text ?? "unknown")
        let known = KernoType(rawValue: type)
        let isOwn = record["imported"]?["format"]?.text == KernoEvent.format
        var details = KernoDetails(record, known)
        if !isOwn { details.addRest(of: record) }
        layout = isOwn ? record["details"]?[KernoEvent.layoutName]?.text : nil
        order = known?.order ?? []
        let time = isOwn ? record["imported"]?["original_time"] : nil
        value = .object([
            .init("v", "1"),
            .init("ts", time ?? record["time"] ?? record["received"] ?? ""),
            .init("type", .string(type)),
            .init("actor", Self.actor(record)),
            .init("details", isOwn ? details.own(record) : .object(details.members)),
        ])
    }

    /// The subsystem that sent it, or else who did it.
    private static func actor(_ record: JSONValue) -> JSONValue {
        for (member, inner) in [
            ("producer", "component"), ("producer", "id"), ("agent", "id"), ("actor", "id"),
        ] {
            if let name = record[member]?[inner], name.nonEmptyText != nil { return name }
        }
        return "unknown"
    }
}

/// The details of a line, gathered from where a record keeps them.
private struct KernoDetails {
    private(set) var members: [JSONValue.Member] = []
    /// Members of the record that `members` say all of.
    private var told: Set<String> = [
        "v", "time", "type", "details", "redactions", "redaction_policy",
    ]

    init(_ record: JSONValue, _ type: KernoType?) {
        for member in record["details"]?.members ?? [] where member.name != KernoEvent.layoutName {
            let isHash = type == .findingEmit && member.name == KernoEvent.hashName
            members.append(.init(isHash ? "payload_hash" : member.name, member.value))
        }
        switch type {
        case .daemonStart, .daemonStop, .daemonPanic:
            add("version", record["producer"]?["version"])
        case .configReload: addReload(record)
        case .aiCall: addCall(record)
        case .findingEmit: addFinding(record)
        case .authFailure:
            add("endpoint", target(record))
            add("reason", record["reason"])
            add("remote_ip", record["source"]?["ip"])
        case .bpfLoad:
            add("program", target(record))
            addSuccess(record)
            add("error", record["error"]?["message"])
        case nil: break
        }
    }

    /// What an imported line had as `details`, which need not have been an object.
    func own(_ record: JSONValue) -> JSONValue {
        guard let details = record["details"], details.members == nil else {
            return .object(members)
        }
        return details
    }

    /// Adds the record's members that are not told yet, under their own names.
    mutating func addRest(of record: JSONValue) {
        for member in record.members ?? [] where !told.contains(member.name) {
            add(member.name, member.value)
        }
        if let details = record["details"], details.members == nil { add("details", details) }
    }

    /// What the record has in `details` goes before what it has elsewhere.
    private mutating func add(_ name: String, _ value: JSONValue?) {
        guard let value, !members.contains(where: { $0.name.utf8.elementsEqual(name.utf8) })
        else { return }
        members.append(.init(name, value))
    }

    private func target(_ record: JSONValue) -> JSONValue? {
        record["target"]?.elements?.first?["id"]
    }

    private mutating func addReload(_ record: JSONValue) {
        let fields = record["changes"]?.elements?.map { $0["field"] ?? .null }
        add("changed_fields", fields.map { .array($0) })
        guard record["actor"]?["type"]?.text == "os_user",
            let uid = record["actor"]?["id"]?.text, let number = Int64(uid),
            number.magnitude < 1 << 53, String(number) == uid
        else { return add("uid", record["actor"]?["id"]) }
        add("uid", .integer(number))
    }

    private mutating func addCall(_ record: JSONValue) {
        add("provider", record["model"]?["provider"])
        let isCached = record["labels"]?["cache"]?.text == "hit"
        let sentinel = isCached ? KernoType.cachedModel : KernoType.unknownModel
        add("model", record["model"]?["name"] ?? .string(sentinel))
        add("tokens", record["usage"]?["total"])
        add("prompt_size", record["result"]?["prompt_size"])
        add("response_size", record["result"]?["response_size"])
        if let duration = record["duration_us"]?.unsigned {
            add("duration_ms", .integer(duration / 1_000))
        }
    }

    private mutating func addFinding(_ record: JSONValue) {
        add("rule", record["policy"]?["rule_id"])
        if let severity = record["severity"]?.unsigned {
            add("severity", .string(KernoType.name(ofSeverity: severity)))
        }
        add("sink", target(record))
        add("cycle_id", record["trace"]?["cycle_id"])
    }

    private mutating func addSuccess(_ record: JSONValue) {
        guard let outcome = record["outcome"]?.text else { return }
        add("success", .bool(outcome == "success"))
    }
}

/// Writes an event's text.
enum KernoWriter {
    private static let envelope = ["v", "ts", "type", "actor", "details"]

    /// Appends a value as kerno writes it; members of the outermost object in the envelope's order,
    /// those of `details` in `order`, all others in canonical order behind them.
    static func append(_ value: JSONValue, to line: inout [UInt8], order: [String]) {
        append(value, to: &line, [envelope, order], name: "")
    }

    private static func append(
        _ value: JSONValue, to line: inout [UInt8], _ orders: [[String]], name: String
    ) {
        switch value {
        case .object(let members):
            let order = name == "redactions" ? KernoType.redactionOrder : orders.first ?? []
            let isEnvelope = orders.count == 2
            line.append(UInt8(ascii: "{"))
            for (place, member) in sorted(members, order).enumerated() {
                if place > 0 { line.append(UInt8(ascii: ",")) }
                line += StringStyle.plain.quoted(member.name)
                line.append(UInt8(ascii: ":"))
                let inner = isEnvelope && member.name == "details" ? [orders[1]] : []
                append(member.value, to: &line, inner, name: orders.count == 1 ? member.name : "")
            }
            line.append(UInt8(ascii: "}"))
        case .array(let elements):
            line.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { line.append(UInt8(ascii: ",")) }
                append(element, to: &line, [], name: "")
            }
            line.append(UInt8(ascii: "]"))
        default: line += scalar(value, .plain)
        }
    }

    private static func sorted(
        _ members: [JSONValue.Member], _ order: [String]
    ) -> [JSONValue.Member] {
        let place = { (name: String) in order.firstIndex(of: name) ?? order.count }
        return members.sorted { left, right in
            let (first, second) = (place(left.name), place(right.name))
            guard first == second else { return first < second }
            return left.name.utf16.lexicographicallyPrecedes(right.name.utf16)
        }
    }

    static func scalar(_ value: JSONValue, _ style: StringStyle) -> [UInt8] {
        if let text = value.text { style.quoted(text) } else { value.canonical }
    }

    /// The value in a layout's form; nil if the layout is not of this value.
    static func write(_ value: JSONValue, as layout: KernoLayout) -> [UInt8]? {
        var filler = LayoutFiller(Array(layout.text.utf8))
        guard filler.fill(value), filler.isAtEnd else { return nil }
        return filler.line
    }
}

/// Puts values into a layout.
private struct LayoutFiller {
    private let layout: [UInt8]
    private var at = 0
    private(set) var line: [UInt8] = []

    init(_ layout: [UInt8]) { self.layout = layout }

    var isAtEnd: Bool { at == layout.count }

    private var next: UInt8? { at < layout.count ? layout[at] : nil }

    /// Fills one value, and the white space around it.
    mutating func fill(_ value: JSONValue, depth: Int = 0) -> Bool {
        guard depth < 64 else { return false }
        copySpace()
        defer { copySpace() }
        switch value {
        case .object(let members): return fillObject(members, depth)
        case .array(let elements): return fillArray(elements, depth)
        default:
            guard take("~") else { return false }
            var style = StringStyle.plain
            if let digit = next, let other = StringStyle(rawValue: digit &- UInt8(ascii: "0")) {
                style = other
                at += 1
            }
            line += KernoWriter.scalar(value, style)
            return true
        }
    }

    private mutating func fillObject(_ members: [JSONValue.Member], _ depth: Int) -> Bool {
        guard copy("{") else { return false }
        var rest = EventMembers(members)
        copySpace()
        while next == UInt8(ascii: "\"") {
            let end = KernoLayout.endOfString(layout, at)
            let raw = Array(layout[at..<end])
            line += raw
            at = end
            copySpace()
            guard copy(":"), let name = StringStyle.text(of: raw),
                let value = rest.take(name, { $0 }), fill(value, depth: depth + 1)
            else { return false }
            if copy(",") { copySpace() }
        }
        return rest.rest.isEmpty && copy("}")
    }

    private mutating func fillArray(_ elements: [JSONValue], _ depth: Int) -> Bool {
        guard copy("[") else { return false }
        copySpace()
        for (place, element) in elements.enumerated() {
            guard place == 0 || copy(","), fill(element, depth: depth + 1) else { return false }
        }
        return copy("]")
    }

    private mutating func copySpace() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) {
            line.append(byte)
            at += 1
        }
    }

    private mutating func take(_ sign: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: sign) else { return false }
        at += 1
        return true
    }

    private mutating func copy(_ sign: Unicode.Scalar) -> Bool {
        guard take(sign) else { return false }
        line.append(UInt8(ascii: sign))
        return true
    }
}
