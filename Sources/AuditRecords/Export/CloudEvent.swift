// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// A record as a CloudEvent in structured JSON: attributes around the canonical record.
///
/// Extension attributes are those that CloudEvents documents, where there is one, and `evident…`.
struct CloudEvent {
    static let specVersion = "1.0"
    /// Before a record's type.
    static let typePrefix = "audit."

    let view: RecordView

    init(_ view: RecordView) {
        self.view = view
    }

    /// The event; `data` is the record byte for byte.
    var json: [UInt8] {
        var bytes = attributes.unsorted
        bytes.removeLast()
        bytes += ",\"data\":".utf8
        bytes += view.exported.canonical
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private var attributes: JSONValue {
        let (exported, tenant) = (view.exported, view.text("tenant") ?? "")
        var event = ObjectDraft()
        event.set("specversion", Self.specVersion)
        event.set("id", view.text("id") ?? String(exported.index))
        event.set("source", "https://\(exported.origin.text)/\(tenant)")
        event.set("type", Self.typePrefix + view.type)
        event.set("time", view.time?.description)
        event.set("datacontenttype", "application/json")
        event.set("dataschema", "urn:evident:record:\(view.text("v") ?? "1")")
        event.set("subject", clean(view.target?["id"]?.text ?? view.text("action")))
        event.set("recordedtime", view.received?.description)
        // It compares as a text as the index does as a number.
        let digits = String(exported.index)
        event.set("sequence", String(repeating: "0", count: max(0, 20 - digits.count)) + digits)
        event.set("authtype", authenticationType)
        event.set("authid", clean(view.text("actor", "id")))
        event.set("correlationid", clean(view.text("trace", "run_id")))
        event.set("traceparent", traceParent)
        event.set("severitynumber", severity)
        event.set("dataclassification", dataClasses)
        event.set("evidentcommitment", exported.leaf.commitment.hex)
        event.set("evidentrecordhash", exported.leaf.mac.hex)
        event.set(
            "evidenttime", Timestamp(milliseconds: exported.leaf.timestampMS)?.description)
        let erased = exported.erased.map(\.name).joined(separator: " ")
        event.set("evidenterased", erased)
        return event.value ?? [:]
    }

    /// The vocabulary of the extension "authcontext".
    private var authenticationType: String {
        switch view.text("actor", "type") {
        case "human", "os_user": "user"
        case "service", "agent": "service_account"
        case "system": "system"
        case "anonymous": "unauthenticated"
        default: "unknown"
        }
    }

    /// OpenTelemetry's number for a severity.
    private var severity: UInt64? {
        view.number("severity").flatMap { number in
            1...6 ~= number ? [9, 10, 13, 17, 18, 21][Int(number) - 1] : nil
        }
    }

    private var dataClasses: String? {
        let classes = view["data_classes"]?.elements?.compactMap(\.text) ?? []
        return classes.isEmpty ? nil : classes.joined(separator: ",")
    }

    /// W3C's form, where the record has both parts of it; whether it was sampled is not known.
    private var traceParent: String? {
        guard let trace = view.text("trace", "trace_id"), let span = view.text("trace", "span_id"),
            Self.isHex(trace, 32), Self.isHex(span, 16)
        else { return nil }
        return "00-\(trace)-\(span)-00"
    }

    private static func isHex(_ text: String, _ count: Int) -> Bool {
        text.utf8.count == count && text.utf8.contains { $0 != UInt8(ascii: "0") }
            && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
    }

    /// The text, if an attribute may have it: no control characters.
    private func clean(_ text: String?) -> String? {
        text.flatMap { text in
            let isClean = text.unicodeScalars.allSatisfy {
                $0.value >= 0x20 && !(0x7f...0x9f ~= $0.value)
            }
            return isClean ? text : nil
        }
    }
}
