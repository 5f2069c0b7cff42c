// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// One line of kerno's audit log, version 1: `{v,ts,type,actor,details}`.
///
/// A member of `details` goes where a record has a place for what it says, and stays in `details`
/// where it does not fit. ``KernoLine`` goes the other way; what it cannot tell from the record, the
/// order of members and the white space, is kept in `details.kerno_layout` where a line is not as
/// kerno itself writes it.
struct KernoEvent {
    /// Names the format in `imported.format`.
    static let format = "kerno/v1"
    /// The member of `details` that keeps how a line was written.
    static let layoutName = "kerno_layout"
    /// The member of `details` that keeps kerno's FNV-1a of a payload, which proves nothing.
    static let hashName = "legacy_fnv"

    private let text: [UInt8]
    private let type: String
    private let actor: JSONValue
    private let time: JSONValue
    private let details: JSONValue

    init(_ text: [UInt8]) throws(RecordError) {
        self.text = text
        let value = try JSONValue.event(text)
        guard value["v"]?.text == "1" else {
            throw .event(.unsupportedVersion, "v", "Lines of kerno's version \"1\" are known.")
        }
        for member in value.members ?? []
        where !["v", "ts", "type", "actor", "details"].contains(member.name) {
            throw .event(
                .unknownField, "#", "A kerno line has v, ts, type, actor and details alone.")
        }
        guard let time = value["ts"].flatMap(Fit.time) else {
            throw .event(.invalidField, "ts", "ts is a time, RFC 3339 with an offset.")
        }
        guard let type = value["type"]?.nonEmptyText else {
            throw .event(.missingField, "type", "A line says its type.")
        }
        guard let actor = value["actor"].flatMap(Fit.text(128)) else {
            throw .event(
                .invalidField, "actor", "actor names a subsystem in 1 to 128 characters.")
        }
        guard let details = value["details"] else {
            throw .event(.missingField, "details", "A line has details.")
        }
        guard details[Self.layoutName] == nil else {
            throw .event(
                .invalidField, "details.\(Self.layoutName)", "This name is the importer's own.")
        }
        (self.type, self.actor, self.time, self.details) = (type, actor, time, details)
    }

    /// The record; checked to give the same line again, if it does.
    func imported(number: UInt64) throws(RecordError) -> ImportedEvent {
        var draft = try draft()
        draft["id"] = .string(DerivedID.make(Self.format, number: number, text))
        guard KernoLine.encode(draft.value) != text else {
            return ImportedEvent(record: draft.value, isExact: true)
        }
        guard let layout = KernoLayout(of: text), draft["details"]?.members != nil else {
            return ImportedEvent(record: draft.value, isExact: false)
        }
        var kept = draft
        kept.set("details", Self.layoutName, .string(layout.text))
        let isExact = KernoLine.encode(kept.value) == text
        return ImportedEvent(record: (isExact ? kept : draft).value, isExact: isExact)
    }

    // MARK: The record

    private func draft() throws(RecordError) -> RecordDraft {
        var draft = RecordDraft()
        draft["type"] = .string(try recordType())
        draft["time"] = time
        draft["actor"] = ["id": "kerno", "type": "system"]
        draft.set("producer", "component", actor)
        draft["imported"] = [
            "system": "kerno", "format": .string(Self.format), "original_time": time,
        ]
        guard let members = details.members else {
            // Whatever it is, and null too.
            draft["details"] = details
            if isKnown { try require(draft) }
            return draft
        }
        var rest = EventMembers(members)
        map(&rest, to: &draft)
        // A name that the way back reads otherwise stays out of its way.
        guard rest[Self.hashName] == nil || draft["details"] == nil else {
            throw .event(
                .invalidField, "details.\(Self.hashName)", "This name is the importer's own.")
        }
        draft["details"] = .object(rest.rest + (draft["details"]?.members ?? []))
        return draft
    }

    /// Lines of a known type whose details are no object have not what the type needs.
    private func require(_ draft: RecordDraft) throws(RecordError) {
        guard ["daemon.start", "daemon.stop", "daemon.panic"].contains(type) else {
            throw .event(.invalidField, "details", "details of this type are an object.")
        }
    }

    private var isKnown: Bool { KernoType(rawValue: type) != nil }

    private func recordType() throws(RecordError) -> String {
        if let known = KernoType(rawValue: type) { return known.recordType }
        var own = KernoType.vendorPrefix + type
        guard own.withUTF8({ Grammar.isType(UnsafeRawBufferPointer($0)) }) else {
            throw .event(
                .invalidField, "type",
                "A type has at most 56 characters of a-z 0-9 _ -, in segments joined by dots.")
        }
        return own
    }

    private func map(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        switch KernoType(rawValue: type) {
        case .daemonStart, .daemonStop, .daemonPanic: mapDaemon(&rest, to: &draft)
        case .configReload: mapReload(&rest, to: &draft)
        case .aiCall: mapCall(&rest, to: &draft)
        case .findingEmit: mapFinding(&rest, to: &draft)
        case .authFailure: mapFailure(&rest, to: &draft)
        case .bpfLoad: mapLoad(&rest, to: &draft)
        case nil: break
        }
    }

    private func mapDaemon(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft.set("producer", "version", rest.take("version", Fit.text(128)))
        if KernoType(rawValue: type) == .daemonPanic { draft["outcome"] = "failure" }
    }

    private func mapReload(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft["outcome"] = "success"
        if let uid = rest.take("uid", Self.integerText) {
            draft["actor"] = ["id": uid, "type": "os_user"]
        }
        draft["changes"] = rest.take("changed_fields") { fields in
            guard let fields = fields.elements, 1...64 ~= fields.count else { return nil }
            let changes = fields.compactMap(Fit.text(256)).map { ["field": $0] as JSONValue }
            return changes.count == fields.count ? .array(changes) : nil
        }
    }

    private func mapCall(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft["model"] = .object([])
        draft.set("model", "provider", rest.take("provider", Fit.text(128)))
        let isUnknown = rest["model"]?.text == KernoType.unknownModel
        draft["outcome"] = isUnknown ? "failure" : "success"
        if rest["model"]?.text == KernoType.cachedModel {
            rest.drop("model")
            draft["labels"] = ["cache": "hit"]
        } else if isUnknown {
            rest.drop("model")
        } else {
            draft.set("model", "name", rest.take("model", Fit.text(256)))
        }
        draft.set("usage", "total", rest.take("tokens", Fit.count))
        draft.set("result", "prompt_size", rest.take("prompt_size", Fit.count))
        draft.set("result", "response_size", rest.take("response_size", Fit.count))
        draft["duration_us"] = rest.take("duration_ms", Fit.milliseconds)
    }

    private func mapFinding(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft.set("policy", "rule_id", rest.take("rule", Fit.text(128)))
        // Every finding has a severity; one that kerno does not know stays in details as it is.
        draft["severity"] =
            rest.take("severity") { KernoType.severity(of: $0.text).map { .integer($0) } } ?? 1
        draft["target"] = rest.take("sink", Self.target("sink"))
        draft.set(
            "details", Self.hashName, rest.take("payload_hash") { $0.text.map { .string($0) } })
        draft.set("trace", "cycle_id", rest.take("cycle_id", Fit.text(128)))
    }

    private func mapFailure(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft["actor"] = ["id": "unknown", "type": "anonymous"]
        draft["outcome"] = "failure"
        draft["target"] = rest.take("endpoint", Self.target("endpoint"))
        draft["reason"] = rest.take("reason", Fit.word)
        draft.set("source", "ip", rest.take("remote_ip", Fit.text(64)))
    }

    private func mapLoad(_ rest: inout EventMembers, to draft: inout RecordDraft) {
        draft["target"] =
            rest.take("program", Self.target("bpf_program")) ?? [["type": "bpf_program"]]
        if let isLoaded = rest.take(
            "success",
            { value in
                if case .bool(let truth) = value { truth } else { nil }
            })
        {
            draft["outcome"] = isLoaded ? "success" : "failure"
        }
        draft.set("error", "message", rest.take("error", Fit.text(8_192)))
    }

    private static func target(_ type: JSONValue) -> (JSONValue) -> JSONValue? {
        { value in Fit.text(512)(value).map { [["id": $0, "type": type]] } }
    }

    /// A whole number as text.
    private static func integerText(_ value: JSONValue) -> JSONValue? {
        guard case .number(let number) = value, let integer = Int64(exactly: number) else {
            return nil
        }
        return .string(String(integer))
    }
}
