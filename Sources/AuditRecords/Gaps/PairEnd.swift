// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What belongs together as a beginning and an end.
public enum PairKind: String, Hashable, Sendable, CaseIterable {
    /// A tool's call and its result, by `tool.call_id`.
    case tool
    /// A request for approval and the decision, by `approval.request_id`.
    case approval
    /// An agent's run, by `trace.run_id`.
    case run
    /// Any other type's records with the phases intent and outcome, by `trace.span_id`, else by
    /// `trace.request_id`.
    case phase
}

/// One end of a pair of records: an intent, or its outcome.
public struct PairEnd: Hashable, Sendable {
    /// Which end it is.
    public enum Side: Hashable, Sendable {
        /// What is about to happen.
        case intent
        /// How it ended.
        case outcome
    }

    /// What both ends of a pair have in common, and no other pair.
    public struct Key: Hashable, Sendable {
        /// The records' tenant.
        public let tenant: String
        /// What kind of pair it is.
        public let kind: PairKind
        /// Where ``id`` means this one: the run, trace or session of a call, the type of a phase.
        public let scope: String
        /// The identifier that both ends carry.
        public let id: String

        /// A key in its parts.
        public init(tenant: String, kind: PairKind, scope: String, id: String) {
            self.tenant = tenant
            self.kind = kind
            self.scope = scope
            self.id = id
        }
    }

    /// Which end it is.
    public let side: Side
    /// What kind of pair it belongs to.
    public let kind: PairKind
    /// What it is paired by; nil if the record carries nothing to pair it by.
    public let key: Key?

    /// An end in its parts.
    public init(side: Side, kind: PairKind, key: Key?) {
        self.side = side
        self.kind = kind
        self.key = key
    }

    /// Reads which end a stored record is; nil if it belongs to no pair.
    ///
    /// `phase` says so. Without it the type does: `tool.call` is an intent unless it has an outcome
    /// itself. Cost: one parse.
    public static func read(canonical: [UInt8]) throws(RecordError) -> PairEnd? {
        try canonical.withUnsafeBufferPointer { buffer throws(RecordError) in
            let record = try StoredRecord(UnsafeRawBufferPointer(buffer))
            guard let type = record.text(.type), let tenant = record.text(.tenant),
                let (side, kind) = end(of: record, type)
            else { return nil }
            let key = names(of: record, kind, type).map { scope, id in
                Key(tenant: tenant, kind: kind, scope: scope, id: id)
            }
            return PairEnd(side: side, kind: kind, key: key)
        }
    }

    private static func end(
        of record: borrowing StoredRecord, _ type: String
    ) -> (Side, PairKind)? {
        let pair = RecordType.registered(type)?.rules.pair
        let kind: PairKind
        let byType: Side
        switch pair {
        case .opens(let opened): (kind, byType) = (opened, .intent)
        case .closes(let closed): (kind, byType) = (closed, .outcome)
        case nil: (kind, byType) = (.phase, .intent)
        }
        switch record.text(.phase) {
        case "intent": return (.intent, kind)
        case "outcome": return (.outcome, kind)
        case "single": return nil
        default: break
        }
        guard pair != nil else { return nil }
        // A call that says how it ended needs no second record.
        if kind == .tool, byType == .intent, record.text(.outcome) != nil { return nil }
        return (byType, kind)
    }

    /// The scope and the identifier of a record's pair.
    private static func names(
        of record: borrowing StoredRecord, _ kind: PairKind, _ type: String
    ) -> (String, String)? {
        switch kind {
        case .tool:
            guard let id = record.text(.tool, "call_id") else { return nil }
            let scope =
                record.text(.trace, "run_id") ?? record.text(.trace, "trace_id")
                ?? record.text(.trace, "session_id")
            return (scope ?? "", id)
        case .approval: return record.text(.approval, "request_id").map { ("", $0) }
        case .run: return record.text(.trace, "run_id").map { ("", $0) }
        case .phase:
            let id = record.text(.trace, "span_id") ?? record.text(.trace, "request_id")
            return id.map { (type, $0) }
        }
    }
}
