// SPDX-License-Identifier: Apache-2.0

import AuditChain

extension IncomingCloudEvent {
    /// The record in an event that ``ExportFormat/cloudevents`` made of one; nil in any other.
    var ownRecord: OwnRecord? {
        let value = JSONValue.object(members)
        guard let data = value["data"]?.members, let named = value["data"]?["type"]?.text,
            type == CloudEvent.typePrefix + named
        else { return nil }
        let erased = value["evidenterased"]?.text?.split(separator: " ").map(String.init) ?? []
        guard value["data"]?["actor"] != nil || erased.contains("actor") else { return nil }
        return OwnRecord(data: data, erased: erased)
    }

    /// A record of another log, of which every member goes where it was.
    struct OwnRecord {
        let data: [JSONValue.Member]
        /// Members that were erased before the export.
        let erased: [String]

        /// What every log says for itself.
        private static let stamps: Set<String> = [
            "tenant", "received", "redactions", "redaction_policy", "imported",
        ]
        /// Said by the event already.
        private static let repeated: Set<String> = ["v", "id"]
        /// Attributes that the export makes of the record: its data has them, and better.
        private static let derived = [
            "data", "datacontenttype", "dataschema", "subject", "recordedtime", "authtype",
            "authid", "correlationid", "traceparent", "severitynumber", "dataclassification",
            "evidenterased",
        ]
        /// What tied it to its log.
        private static let integrity = [
            "evidentcommitment": "commitment", "evidentrecordhash": "record_hash",
            "evidenttime": "time", "sequence": "index",
        ]

        /// Where in the event the members of its record come from.
        var places: [String: String] {
            var places = ["": "data", "tenant": IncomingCloudEvent.tenantName]
            for member in data where places[member.name] == nil {
                places[member.name] = "data.\(member.name)"
            }
            return places
        }

        func map(
            _ rest: inout EventMembers, to draft: inout RecordDraft
        ) throws(RecordError) {
            guard rest["data_base64"] == nil else {
                throw .event(
                    .invalidField, "data_base64", "An event has data or data_base64, not both.")
            }
            let version = data.first { $0.name == "v" }?.value.text
            guard version == nil || version == RecordSchema.version.text else {
                throw .event(
                    .unsupportedVersion, "data.v", "Records of schema version \"1\" are known.")
            }
            for member in data
            where !Self.stamps.contains(member.name) && !Self.repeated.contains(member.name) {
                draft[member.name] = member.value
            }
            if draft["actor"] == nil { draft["actor"] = ["id": "erased", "type": "anonymous"] }
            for name in Self.derived { rest.drop(name) }
            mark(&rest, &draft)
        }

        /// Keeps what the other log said of the record, and what came to the event on its way.
        private func mark(_ rest: inout EventMembers, _ draft: inout RecordDraft) {
            let stamps = data.filter { Self.stamps.contains($0.name) }
            if !stamps.isEmpty { draft.set("imported", "original_stamps", .object(stamps)) }
            if !erased.isEmpty {
                draft.set("imported", "erased", .array(erased.map { .string($0) }))
            }
            var integrity: [JSONValue.Member] = []
            for (name, inner) in Self.integrity {
                if let value = rest.take(name, { $0 }) { integrity.append(.init(inner, value)) }
            }
            if !integrity.isEmpty {
                draft.set("imported", "original_integrity", .object(integrity))
            }
            if !rest.rest.isEmpty { draft.set("imported", "extensions", .object(rest.rest)) }
        }
    }
}
