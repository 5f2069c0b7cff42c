// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Events that know nothing of records: what they say finds the place that a record has for it.
extension IncomingCloudEvent {
    /// Before every type of another vendor's.
    static let vendorPrefix = "x.ce."

    func mapForeign(
        _ rest: inout EventMembers, to draft: inout RecordDraft
    ) throws(RecordError) {
        draft["type"] = .string(recordType)
        mapMarks(&rest, to: &draft)
        mapActor(&rest, to: &draft)
        mapTrace(&rest, to: &draft)
        mapRest(&rest, to: &draft)
        try mapData(&rest, to: &draft)
        mapExtensions(rest, to: &draft)
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

    private func mapMarks(_ rest: inout EventMembers, to draft: inout RecordDraft) {
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
        if Fit.isText(source, 128), let count = rest.take("sequence", Self.sequence) {
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

    /// OpenTelemetry's 1 to 24 on a record's scale; as text, where a header field had it.
    private static func severity(_ value: JSONValue) -> JSONValue? {
        switch value.unsigned ?? value.text.flatMap({ UInt64($0) }) ?? 0 {
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
        var labels: [JSONValue.Member] = []
        var others: [JSONValue.Member] = []
        for member in rest.rest {
            let isShort = (member.value.text ?? "").unicodeScalars.count <= 200
            if isShort, labels.count < 20, member.name.utf8.count <= 40 {
                labels.append(member)
            } else {
                others.append(member)
            }
        }
        if !labels.isEmpty { draft["labels"] = .object(labels) }
        if !others.isEmpty { draft.set("imported", "extensions", .object(others)) }
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
