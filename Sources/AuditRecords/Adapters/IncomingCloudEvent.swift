// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// A CloudEvent, version 1.0: its attributes and its data, as its JSON format has them.
struct IncomingCloudEvent {
    static let format = "cloudevents/1.0"
    /// The extension by which a credential for many tenants names the event's.
    static let tenantName = "evidenttenant"

    /// What has a value; null is as good as absent.
    let members: [JSONValue.Member]
    let id: String
    let source: String
    let type: String

    /// An event in structured mode.
    init(_ text: [UInt8]) throws(RecordError) {
        try self.init(JSONValue.event(text).members ?? [])
    }

    /// An event of these attributes and its data.
    init(_ members: [JSONValue.Member]) throws(RecordError) {
        let value = JSONValue.object(members)
        guard value["specversion"]?.text == "1.0" else {
            throw .event(
                value["specversion"] == nil ? .missingField : .unsupportedVersion, "specversion",
                "CloudEvents of version \"1.0\" are known.")
        }
        id = try Self.attribute("id", 256, of: value)
        source = try Self.attribute("source", 2_048, of: value)
        type = try Self.attribute("type", 256, of: value)
        for (position, member) in members.enumerated()
        where !["data", "data_base64"].contains(member.name) {
            try Self.check(member, at: position)
        }
        self.members = members.filter { !$0.value.isNull }
    }

    // MARK: Attributes

    private static func attribute(
        _ name: String, _ limit: Int, of value: JSONValue
    ) throws(RecordError) -> String {
        guard let text = value[name]?.text, Fit.isText(text, limit) else {
            throw .event(
                value[name] == nil ? .missingField : .invalidField, name,
                "An event has a \(name), a string of 1 to \(limit) characters.")
        }
        return text
    }

    /// The attributes of the specification that are strings with something in them.
    private static let texts: Set<String> = [
        "datacontenttype", "dataschema", "subject", "time",
    ]
    /// Others whose names mean something here; any further one is a sender's own.
    private static let extensions: Set<String> = [
        "authid", "authtype", "correlationid", "dataclassification", "evidentcommitment",
        "evidenterased", "evidentrecordhash", tenantName, "evidenttime", "recordedtime",
        "sequence", "severitynumber", "traceparent",
    ]

    /// What a refusal calls an attribute: a name that is its sender's own is not repeated.
    static func path(_ name: String, at position: Int) -> String {
        let isKnown =
            ["specversion", "id", "source", "type", "data", "data_base64"].contains(name)
            || texts.contains(name) || extensions.contains(name)
        return isKnown ? name : "#\(position)"
    }

    /// - Parameter position: among all attributes, in the order of their names.
    private static func check(
        _ member: JSONValue.Member, at position: Int
    ) throws(RecordError) {
        guard isName(member.name) else {
            throw .event(
                .unknownField, "#\(position)",
                "An attribute's name has 1 to 64 characters of a-z 0-9. (#0 is the first one in "
                    + "the order of names.)")
        }
        let isText = texts.contains(member.name)
        switch member.value {
        case .null: break
        case .string(let text) where self.isText(text) && !(text.isEmpty && isText): break
        case .bool where !isText: break
        case .number(let number) where Int32(exactly: number) != nil && !isText: break
        default:
            throw .event(
                .invalidField, path(member.name, at: position),
                isText
                    ? "It is a string that is not empty and has no control characters."
                    : "An attribute is a string without control characters, a whole number of 32 "
                        + "bits, or a truth. (#0 is the first one in the order of names.)")
        }
    }

    static func isName(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
            }
    }

    /// Whether the specification's type String has it.
    private static func isText(_ text: String) -> Bool {
        text.unicodeScalars.allSatisfy { scalar in
            switch scalar.value {
            case 0...0x1f, 0x7f...0x9f, 0xfdd0...0xfdef: false
            case let value: value & 0xfffe != 0xfffe
            }
        }
    }

    // MARK: The record

    /// The record, marked as imported; the same whichever way the event came.
    func imported() throws(RecordError) -> ImportedEvent {
        var draft = RecordDraft()
        draft["id"] = .string(
            DerivedID.make(Self.format, [Array(source.utf8), Array(id.utf8)]))
        draft["imported"] = [
            "system": .string(Fit.isText(source, 128) ? source : "cloudevents"),
            "format": .string(Self.format), "original_id": .string(id),
            "original_type": .string(type),
        ]
        if !Fit.isText(source, 128) { draft.set("imported", "source", .string(source)) }
        var rest = EventMembers(members)
        for name in ["specversion", "id", "source", "type"] { rest.drop(name) }
        draft["tenant"] = rest.take(Self.tenantName) { $0 }
        try mapTime(&rest, to: &draft)
        let own = ownRecord
        if let own {
            try own.map(&rest, to: &draft)
        } else {
            try mapForeign(&rest, to: &draft)
        }
        return ImportedEvent(
            record: draft.value, isExact: nil, places: own?.places ?? Self.places)
    }

    private func mapTime(
        _ rest: inout EventMembers, to draft: inout RecordDraft
    ) throws(RecordError) {
        guard let time = rest.take("time", { $0 }) else { return }
        guard let time = Fit.time(time) else {
            throw .event(.invalidField, "time", "A time is RFC 3339 with an offset.")
        }
        draft["time"] = time
        draft.set("imported", "original_time", time)
    }

    /// Where in an event that was made elsewhere the members of its record come from.
    private static let places = ["tenant": tenantName, "details": "data"]
}
