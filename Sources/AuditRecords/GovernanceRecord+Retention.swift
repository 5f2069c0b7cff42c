// SPDX-License-Identifier: Apache-2.0

public import AuditChain

extension GovernanceRecord {
    /// Records past their time are to lose their content.
    ///
    /// - Parameters:
    ///   - pruned: `[INDEX]` or `[FIRST,LAST]`, rising: all that goes.
    ///   - count: How many of these had content until then.
    ///   - before: They are all older than this.
    ///   - reason: Why, as a code.
    ///   - credential: Who asked for it.
    ///   - approver: Who agreed to it, where two must.
    ///   - more: What else is told: where the log is cut, or the rule.
    public static func retentionPrune(
        pruned: [JSONValue], count: UInt64, before: Timestamp, reason: String, credential: String,
        approver: String?, more: [JSONValue.Member]
    ) -> GovernanceRecord {
        var details: [JSONValue.Member] = [
            .init("before", .string(before.description)), .init("count", .integer(count)),
            .init("credential", .string(credential)), .init("pruned", .array(pruned)),
            .init("reason", .string(reason)),
        ]
        if let approver { details.append(.init("approver", .string(approver))) }
        return GovernanceRecord(type: "retention.prune", details: .object(details + more))
    }

    /// An operator has asked for something that another one must agree to.
    ///
    /// - Parameters:
    ///   - act: What kind of act.
    ///   - request: Joins the decision to it.
    ///   - digest: Of exactly what would be done; hex.
    ///   - credential: Who asked.
    ///   - reason: Why, as a code.
    ///   - expires: Until when it can be agreed to.
    public static func approvalRequested(
        act: String, request: String, digest: String, credential: String, reason: String,
        expires: Timestamp
    ) -> GovernanceRecord {
        var record = GovernanceRecord(
            type: "approval.requested",
            details: [
                "act": .string(act), "credential": .string(credential), "digest": .string(digest),
                "reason": .string(reason),
            ])
        record.approval = [
            "expires_at": .string(expires.description), "request_id": .string(request),
            "status": "requested",
        ]
        return record
    }

    /// It was decided.
    ///
    /// - Parameters:
    ///   - status: `approved`, `rejected` or `expired`.
    ///   - index: Of the record that tells of the request.
    ///   - credential: Who decided; nil where it lapsed.
    ///   - reason: Why, as a code.
    public static func approvalDecided(
        _ status: String, of index: UInt64, request: String, credential: String?, reason: String
    ) -> GovernanceRecord {
        var details: [JSONValue.Member] = [.init("reason", .string(reason))]
        if let credential { details.append(.init("credential", .string(credential))) }
        var record = GovernanceRecord(type: "approval.decided", details: .object(details))
        record.approval = [
            "bound": .integer(index), "request_id": .string(request), "status": .string(status),
        ]
        return record
    }
}
