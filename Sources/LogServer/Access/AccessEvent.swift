// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords

/// One reading of content, as the log's record of it will tell it.
///
/// Never holds content, nor the values that were searched for: these may be personal.
struct AccessEvent: Sendable {
    /// What was done; part of the record.
    enum Kind: String, Sendable {
        case record, query, stats, gaps, stream, verify, bundle
        case bundleSet = "bundle_set"
        case exportBegun = "begun"
        case exportFile = "file"
    }

    let kind: Kind
    /// What else stands in the record's `details`.
    var members: [(name: String, value: JSONValue)] = []

    init(_ kind: Kind) {
        self.kind = kind
    }

    /// The reading of one record.
    static func record(at index: UInt64) -> AccessEvent {
        var event = AccessEvent(.record)
        event.members = [("index", .integer(index))]
        return event
    }

    /// Whether it can be told together with others of the same minute.
    var isShort: Bool {
        switch kind {
        case .record, .query, .stats, .gaps: true
        // What was handed out is known by its own record.
        case .stream, .verify, .bundle, .bundleSet, .exportBegun, .exportFile: false
        }
    }

    /// The log's own record of it.
    ///
    /// - Parameter minute: it stands for all that the credential reads until a minute ends.
    func record(by credential: Credential, forMinute minute: Bool) -> GovernanceRecord {
        if kind == .exportBegun { return export(by: credential) }
        var details = details("access", of: credential)
        if minute { details.append(.init("per", "minute")) }
        return GovernanceRecord(
            type: kind == .verify ? "audit.verify" : "audit.access", details: .object(details))
    }

    /// The log's own record of a file that is made of what is read.
    func export(by credential: Credential) -> GovernanceRecord {
        GovernanceRecord(
            type: "audit.export", details: .object(details("export", of: credential)))
    }

    private func details(
        _ name: String, of credential: Credential
    ) -> [JSONValue.Member] {
        [
            .init(name, .string(kind.rawValue)),
            .init("credential", .string(credential.name)),
            .init("role", .string(credential.role.rawValue)),
            .init("tenant", .string(credential.tenant.description)),
        ] + members.map { .init($0.name, $0.value) }
    }
}
