// SPDX-License-Identifier: Apache-2.0

public import AuditChain

extension GovernanceRecord {
    /// Records or fields are to be destroyed.
    ///
    /// - Parameters:
    ///   - erased: `[INDEX]` for a record, `[INDEX,"name",…]` for fields of one, rising.
    ///   - reason: Why, as a code.
    ///   - tenant: Whose records they are.
    ///   - credential: Who asked for it.
    ///   - approver: Who agreed to it, where two must.
    public static func erasureRequest(
        erased: [JSONValue], reason: String, tenant: String, credential: String,
        approver: String? = nil
    ) -> GovernanceRecord {
        var details: [JSONValue.Member] = [
            .init("credential", .string(credential)), .init("erased", .array(erased)),
            .init("reason", .string(reason)), .init("tenant", .string(tenant)),
        ]
        if let approver { details.append(.init("approver", .string(approver))) }
        return GovernanceRecord(type: "erasure.request", details: .object(details))
    }

    /// What the record at `request` announced is destroyed.
    public static func erasureComplete(_ request: UInt64) -> GovernanceRecord {
        GovernanceRecord(type: "erasure.complete", details: ["request": .integer(request)])
    }

    /// What the record at `request` announced is not destroyed yet: holds that were placed after it
    /// keep it.
    public static func erasureDeferred(
        _ request: UInt64, by holds: [UInt64]
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: "erasure.deferred",
            details: [
                "holds": .array(holds.map { .integer($0) }), "request": .integer(request),
            ])
    }
}
