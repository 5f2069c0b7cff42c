// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// A CloudEvent, version 1.0, in the structured form of its JSON format.
struct IncomingCloudEvent {
    static let format = "cloudevents/1.0"
    /// Before every other type.
    static let vendorPrefix = "x.ce."
    /// Before the type of a record, in an event that it was exported as.
    static let ownPrefix = "audit."

    private let members: [JSONValue.Member]
    private let id: String
    private let source: String
    private let type: String

    init(_ text: [UInt8]) throws(RecordError) {
        try self.init(JSONValue.event(text).members ?? [])
    }

    /// An event of these attributes and its data.
    init(_ members: [JSONValue.Member]) throws(RecordError) {
        let value = JSONValue.object(members)
        guard value["specversion"]?.text == "1.0" else {
            throw .event(
                .unsupportedVersion, "specversion", "CloudEvents of version \"1.0\" are known.")
        }
        id = try Self.attribute("id", 256, of: value)
        source = try Self.attribute("source", 2_048, of: value)
        type = try Self.attribute("type", 256, of: value)
        for member in members where !["data", "data_base64"].contains(member.name) {
            guard Self.isAttribute(member.name) else {
                throw .event(
                    .unknownField, "#", "An attribute's name has 1 to 64 characters of a-z 0-9.")
            }
            switch member.value {
            case .object, .array:
                throw .event(
                    .invalidField, member.name, "An attribute is a string, a number or a truth.")
            default: break
            }
        }
        self.members = members.filter { !$0.value.isNull }
    }

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

    private static func isAttribute(_ name: String) -> Bool {
        1...64 ~= name.utf8.count
            && name.utf8.allSatisfy {
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0
                    || UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
            }
    }

    // MARK: The record

    func imported() throws(RecordError) -> ImportedEvent {
        var rest = EventMembers(members)
        for name in ["specversion", "id", "source", "type"] { rest.drop(name) }
        var draft = RecordDraft()
        draft["id"] = .string(
            DerivedID.make(Self.format, [Array(source.utf8), Array(id.utf8)]))
        draft["type"] = .string(recordType)
        draft["imported"] = [
            "system": .string(Fit.isText(source, 128) ? source : "cloudevents"),
            "format": .string(Self.format), "original_id": .string(id),
            "original_type": .string(type),
        ]
        if !Fit.isText(source, 128) { draft.set("imported", "source", .string(source)) }
        if let own = ownRecord {
            for member in own { draft[member.name] = member.value }
            for name in ["data", "subject"] { rest.drop(name) }
        } else {
            mapActor(&rest, to: &draft)
        }
        try mapTime(&rest, to: &draft)
        mapTrace(&rest, to: &draft)
        mapRest(&rest, to: &draft)
        try mapData(&rest, to: &draft)
        mapExtensions(rest, to: &draft)
        return ImportedEvent(record: draft.value, isExact: nil)
    }

    /// The record in an event that one was exported as, without what every log says for itself.
    private var ownRecord: [JSONValue.Member]? {
        let data = JSONValue.object(members)["data"]
        guard let own = data?["type"]?.text, type == Self.ownPrefix + own, data?["actor"] != nil
        else { return nil }
        let stamped: Set<String> = [
            "v", "id", "tenant", "received", "redactions", "redaction_policy", "imported", "time",
        ]
        return data?.members?.filter { !stamped.contains($0.name) }
    }

    /// The event's type as a vendor's.
    private var recordType: String {
        var segments: [String] = []
        for segment in type.lowercased().split(separator: ".") {
            segments.append(
                String(
                    String.UnicodeScalarView(
                        segment.unicodeScalars.map { Self.isTypeScalar($0) ? $0 : "-" })))
        }
        return String((Self.vendorPrefix + segments.joined(separator: ".")).prefix(64))
            .trimmingDots
    }

    private static func isTypeScalar(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "0"..."9", "-", "_": true
        default: false
        }
    }

    private func mapTime(
        _ rest: inout EventMembers, to draft: inout RecordDraft
    ) throws(RecordError) {
        if let time = rest["time"] {
            guard let time = Fit.time(time) else {
                throw .event(.invalidField, "time", "A time is RFC 3339 with an offset.")
            }
            draft["time"] = time
            draft.set("imported", "original_time", time)
            rest.drop("time")
        }
        draft.set("imported", "recorded_time", rest.take("recordedtime", Fit.text(64)))
        draft.set("imported", "content_type", rest.take("datacontenttype", Fit.text(256)))
        draft.set("imported", "data_schema", rest.take("dataschema", Fit.text(2_048)))
    }

    private func mapRest(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        if let subject = rest.take("subject", Fit.text(512)) {
            draft["target"] = [["type": "subject", "id": subject]]
        }
        if let severity = rest.take("severitynumber", Self.severity) {
            draft["severity"] = severity
        }
        if let classes = rest.take("dataclassification", Self.classes) {
            draft["data_classes"] = classes
        }
        if Fit.isText(source, 128), draft["producer"] == nil,
            let count = rest.take("sequence", Self.sequence)
        {
            draft["producer"] = ["id": .string(source), "seq": count]
            rest.drop("sequencetype")
        }
    }

    /// Who did it (the extension authcontext), or else what sent it.
    private func mapActor(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        let type = rest.take("authtype", Self.actorType)
        let id = rest.take("authid", Fit.text(256))
        if let type {
            draft["actor"] = ["id": id ?? "unknown", "type": type]
        } else if let id {
            draft["actor"] = ["id": id, "type": "service"]
        } else {
            let source = Fit.isText(source, 256) ? source : String(source.prefix(256))
            draft["actor"] = ["id": .string(source), "type": "service"]
        }
    }

    private static func actorType(_ value: JSONValue) -> JSONValue? {
        switch value.text {
        case "app_user", "user": "human"
        case "service_account", "api_key": "service"
        case "system": "system"
        case "unauthenticated", "unknown": "anonymous"
        default: nil
        }
    }

    /// `traceparent` of W3C Trace Context, and the extension correlation.
    private func mapTrace(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        if let parts = rest.take("traceparent", Self.traceParts) {
            draft.set("trace", "trace_id", parts.trace)
            draft.set("trace", "span_id", parts.span)
        }
        draft.set("trace", "request_id", rest.take("correlationid", Fit.text(128)))
    }

    private static func traceParts(_ value: JSONValue) -> (trace: JSONValue, span: JSONValue)? {
        let parts = (value.text ?? "").split(separator: "-", omittingEmptySubsequences: false)
        let isHex = parts.allSatisfy { part in
            part.utf8.allSatisfy {
                UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0
                    || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0
            }
        }
        guard isHex, parts.map(\.utf8.count) == [2, 32, 16, 2] else { return nil }
        return (.string(String(parts[1])), .string(String(parts[2])))
    }

    /// OpenTelemetry's 1 to 24 on a record's scale.
    private static func severity(_ value: JSONValue) -> JSONValue? {
        switch value.unsigned ?? 0 {
        case 1...9: 1
        case 10...12: 2
        case 13...16: 3
        case 17: 4
        case 18...20: 5
        case 21...24: 6
        default: nil
        }
    }

    private static func classes(_ value: JSONValue) -> JSONValue? {
        let words = (value.text ?? "").split { $0 == "," || $0 == " " }
            .map { JSONValue.string(String($0)) }
        let fitting = words.compactMap(Fit.word)
        return 1...16 ~= words.count && fitting.count == words.count ? .array(words) : nil
    }

    private static func sequence(_ value: JSONValue) -> JSONValue? {
        guard let text = value.text, let count = UInt64(text), count < 1 << 53 else { return nil }
        return .integer(count)
    }

    // MARK: Data and extensions

    private func mapData(
        _ rest: inout EventMembers, to draft: inout RecordDraft
    ) throws(RecordError) {
        let binary = rest.take("data_base64") { $0 }
        let data = rest.take("data") { $0 }
        switch (data, binary) {
        case (nil, nil): break
        case (let data?, nil):
            draft["details"] = data.members == nil ? ["data": data] : data
        case (nil, let binary?):
            guard let text = binary.text, Base64.decode(text) != nil else {
                throw .event(.invalidField, "data_base64", "It is a string of base64 with padding.")
            }
            draft["details"] = ["data_base64": binary]
        case (_?, _?):
            throw .event(
                .invalidField, "data_base64", "An event has data or data_base64, not both.")
        }
    }

    /// Extensions are labels where they fit; further ones stay with the event's own marks.
    private func mapExtensions(_ rest: EventMembers, to draft: inout RecordDraft) {
        for member in rest.rest {
            let isShort = (member.value.text ?? "").unicodeScalars.count <= 200
            let count = draft["labels"]?.members?.count ?? 0
            if isShort, count < 20, member.name.utf8.count <= 40 {
                draft.set("labels", member.name, member.value)
            } else {
                let others = draft["imported"]?["extensions"]?.members ?? []
                draft.set("imported", "extensions", .object(others + [member]))
            }
        }
    }
}

extension String {
    /// The text without dots at its end.
    fileprivate var trimmingDots: String {
        var text = self
        while text.hasSuffix(".") { text.removeLast() }
        return text
    }
}
