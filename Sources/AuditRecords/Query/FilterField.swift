// SPDX-License-Identifier: Apache-2.0

/// What stored records can be filtered by.
///
/// Raw values are stored in cursors: they never change meaning.
public enum FilterField: UInt8, CaseIterable, Sendable {
    /// The member `type`; a value that ends in `.*` stands for all types that begin so.
    case type = 1
    /// Derived from the type.
    case category
    /// The member of that name.
    case action, outcome, reason, tenant
    /// `actor.id` and `actor.type`.
    case actor, actorType
    /// `agent.id`.
    case agent
    /// `model.name`.
    case model
    /// `tool.name`.
    case tool
    /// `approval.status`.
    case approvalStatus
    /// `policy.rule_id`.
    case rule
    /// `id` and `type` of each element of `target`.
    case target, targetType
    /// `source.ip`, as it is stored: redacted, where the policy says so.
    case sourceIP
    /// The member of that name of `trace`.
    case traceID, sessionID, runID, cycleID, parentID
    /// Each element of `data_classes`.
    case dataClass
    /// `producer.id` or `producer.component`.
    case producer
    /// `imported.system` or `imported.original_id`.
    case imported

    /// The query parameter.
    public var name: String { Self.names[Int(rawValue) - 1] }

    /// The field of a query parameter; nil if there is none of that name.
    public init?(name: String) {
        guard let place = Self.names.firstIndex(of: name) else { return nil }
        self.init(rawValue: UInt8(place + 1))
    }

    private static let names = [
        "type", "category", "action", "outcome", "reason", "tenant", "actor", "actor_type",
        "agent", "model", "tool", "approval_status", "rule", "target", "target_type", "source_ip",
        "trace_id", "session_id", "run_id", "cycle_id", "parent_id", "data_class", "producer",
        "imported",
    ]
}
