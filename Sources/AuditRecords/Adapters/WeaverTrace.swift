// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// An ActionTrace of weaver-kernel, as its JSONL store keeps it
/// (`{seq,prev_hash,record_hash,trace}`) or as it exports it.
struct WeaverTrace {
    static let format = "weaver_kernel.action_trace/1"

    private let text: [UInt8]
    private let trace: EventMembers
    /// Sequence number and hashes of the store, which its own secret alone can check.
    private let integrity: JSONValue?

    init(_ text: [UInt8]) throws(RecordError) {
        self.text = text
        let value = try JSONValue.event(text)
        guard let inner = value["trace"] else {
            trace = EventMembers(value.members ?? [])
            integrity = nil
            return
        }
        guard let members = inner.members else {
            throw .event(.invalidField, "trace", "A stored trace is an object.")
        }
        for member in value.members ?? []
        where !["seq", "prev_hash", "record_hash", "trace"].contains(member.name) {
            throw .event(
                .unknownField, "#", "A stored trace has seq, prev_hash, record_hash and trace.")
        }
        trace = EventMembers(members)
        integrity = .object((value.members ?? []).filter { $0.name != "trace" })
    }

    func imported(number: UInt64) throws(RecordError) -> ImportedEvent {
        var rest = trace
        var draft = RecordDraft()
        guard let action = rest.take("action_id", Fit.text(256)) else {
            throw .event(
                .invalidField, "action_id", "A trace has an action_id of 1 to 256 characters.")
        }
        guard let principal = rest.take("principal_id", Fit.text(256)) else {
            throw .event(
                .invalidField, "principal_id", "A trace has a principal_id of 1 to 256 characters.")
        }
        guard let capability = rest.take("capability_id", Fit.text(128)) else {
            throw .event(
                .invalidField, "capability_id",
                "A trace has a capability_id of 1 to 128 characters.")
        }
        draft["actor"] = ["id": principal, "type": "agent"]
        draft.set("actor", "credential_id", rest.take("token_id", Self.credential))
        draft["action"] = capability
        draft["imported"] = [
            "system": "weaver-kernel", "format": .string(Self.format), "original_id": action,
        ]
        draft.set("imported", "original_time", rest["invoked_at"].flatMap(Fit.text(64)))
        draft.set("imported", "original_integrity", integrity)
        // A time without an offset is nobody's: it stays what was written, and dates nothing.
        draft["time"] = rest["invoked_at"].flatMap(Fit.time)
        rest.drop("invoked_at")
        try map(&rest, capability, action, to: &draft)
        let left = rest.rest.filter { !$0.value.isNull }
        if !left.isEmpty { draft["details"] = .object(left) }
        draft["id"] = .string(id(action))
        return ImportedEvent(record: draft.value, isExact: nil)
    }

    /// Two stores may count their actions alike, but not with the same chain.
    private func id(_ action: JSONValue) -> String {
        DerivedID.make(
            Self.format,
            [Array((action.text ?? "").utf8), Array((integrity?["record_hash"]?.text ?? "").utf8)])
    }

    private func map(
        _ rest: inout EventMembers, _ capability: JSONValue, _ action: JSONValue,
        to draft: inout RecordDraft
    ) throws(RecordError) {
        let hasFailed = rest["error"]?.text != nil
        switch rest["event_type"]?.text ?? "invoke" {
        case "invoke":
            draft["type"] = "tool.call"
            draft["phase"] = "single"
            draft["outcome"] = hasFailed ? "failure" : "success"
            draft["tool"] = ["name": capability, "call_id": action]
            draft.set("tool", "type", rest.take("driver_id", Fit.text(64)))
        case "expand":
            draft["type"] = "data.access"
            draft["outcome"] = hasFailed ? "failure" : "success"
            let handle = rest.take("handle_id", Fit.text(512))
            draft["target"] = [
                ["type": handle == nil ? "capability" : "handle", "id": handle ?? capability]
            ]
        case "deny":
            draft["type"] = "policy.decision"
            draft["policy"] = ["decision": "deny", "mode": "enforce"]
            draft["outcome"] = "denied"
            draft["target"] = [["type": "capability", "id": capability]]
        default:
            throw .event(.invalidField, "event_type", "It is invoke, expand or deny.")
        }
        for name in ["event_type", "status"] { rest.drop(name) }
        draft["reason"] = rest.take("reason_code", Fit.word)
        draft.set("error", "message", rest.take("error", Fit.text(8_192)))
        draft["arguments"] = rest.take("args") { $0.isNull ? nil : $0 }
        draft["data_classes"] = rest.take("sensitivity", Self.classes)
        if rest["sensitivity"]?.text == "NONE" { rest.drop("sensitivity") }
    }

    /// A digest of a token's identifier: which credential, and not the credential.
    private static func credential(_ value: JSONValue) -> JSONValue? {
        value.nonEmptyText.map { .string("sha256:" + SHA256.hash(Array($0.utf8)).hex) }
    }

    private static func classes(_ value: JSONValue) -> JSONValue? {
        switch value.text {
        case "PII": ["pii"]
        case "PCI": ["pci"]
        case "SECRETS": ["secret"]
        case "MEMORY": ["memory"]
        default: nil
        }
    }
}
