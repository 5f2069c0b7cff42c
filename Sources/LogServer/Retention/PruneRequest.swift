// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What a request to prune, or to run the rules of retention, asks for.
struct PruneRequest: Sendable {
    /// Of a prune: everything older goes.
    private(set) var before: Timestamp?
    private(set) var reason = ""
    private(set) var isDryRun = true
    /// Takes the log's own clock where nobody vouches for one.
    private(set) var trustsLocal = false
    /// Of a prune: nothing goes that is in no export.
    private(set) var requiresExport = false

    /// Reads a body.
    ///
    /// - Parameter isPrune: it names a time.
    init(_ body: [UInt8], isPrune: Bool) throws(Problem) {
        guard let members = (try? JSONValue.parse(body))?.members else {
            throw .invalidParameter("body", "Send one JSON object, with a reason.")
        }
        for member in members {
            switch member.name {
            case "dry_run": isDryRun = try Self.flag(member)
            case "trust_clock": trustsLocal = try Self.flag(member)
            case "require_export" where isPrune: requiresExport = try Self.flag(member)
            case "reason": reason = member.value.text ?? ""
            case "before" where isPrune:
                guard let time = member.value.text.flatMap({ Timestamp(rfc3339: $0) }),
                    time.microseconds >= 0
                else {
                    throw .invalidParameter(
                        "before",
                        "A time is RFC 3339 with an offset, such as 2026-06-01T00:00:00Z.")
                }
                before = time
            default:
                throw .invalidParameter(
                    "body",
                    "Give reason, dry_run, trust_clock"
                        + (isPrune ? ", require_export and before." : "."))
            }
        }
        guard ErasureRequest.isCode(reason) else { throw .invalidReason }
        guard !isPrune || before != nil else {
            throw .invalidParameter("before", "Say before what time records go.")
        }
    }

    /// A run by the rules that stand, which nobody asks for.
    static let scheduled = PruneRequest()

    private init() {
        reason = "schedule"
        isDryRun = false
    }

    private static func flag(_ member: JSONValue.Member) throws(Problem) -> Bool {
        guard case .bool(let value) = member.value else {
            throw .invalidParameter(member.name, "\(member.name) is true or false.")
        }
        return value
    }

    var json: JSONValue {
        var members: [JSONValue.Member] = [
            .init("dry_run", .bool(isDryRun)), .init("reason", .string(reason)),
            .init("trust_clock", .bool(trustsLocal)),
        ]
        if requiresExport { members.append(.init("require_export", .bool(true))) }
        if let before { members.append(.init("before", .string(before.description))) }
        return .object(members)
    }
}
