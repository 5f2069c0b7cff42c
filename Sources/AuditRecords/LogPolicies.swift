// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// The policies that a log goes by, as its own records name them.
///
/// They stand as `policies` in the details of `log.created`, `config.loaded` and `config.reload`, so
/// that a reader knows at every index what the log took out of records and what it told of reading.
public struct LogPolicies: Hashable, Sendable {
    /// What records pass before anything is kept; nil for none.
    public let redaction: RedactionPolicyIdentity?
    /// How finely the log tells who read it: `page`, `request` or `minute`.
    public let accessRecords: String
    /// Canonical JSON of what is done with records past their time, and by how many; nil where nothing
    /// is and one decides.
    public let retention: String?

    /// Policies of a log.
    public init(
        redaction: RedactionPolicyIdentity?, accessRecords: String, retention: String? = nil
    ) {
        self.retention = retention
        self.redaction = redaction
        self.accessRecords = accessRecords
    }

    /// What one of the log's own records says; nil if it names no policies.
    ///
    /// - Parameter canonical: The record as it is stored.
    public init?(of canonical: [UInt8]) {
        guard let record = try? JSONValue.parse(canonical, limits: .disclosed),
            let policies = record["details"]?["policies"],
            let access = policies["access_records"]?.text, let redaction = policies["redaction"]
        else { return nil }
        let retention = policies["retention"].map {
            String(decoding: $0.canonical, as: UTF8.self)
        }
        if case .null = redaction {
            self.init(redaction: nil, accessRecords: access, retention: retention)
        } else {
            guard let identity = RedactionPolicyIdentity(redaction) else { return nil }
            self.init(redaction: identity, accessRecords: access, retention: retention)
        }
    }

    /// As canonical JSON: an object.
    public var canonical: [UInt8] { value.canonical }

    /// As it stands in a record.
    var value: JSONValue {
        var members: [JSONValue.Member] = [
            .init("access_records", .string(accessRecords)),
            .init("redaction", redaction?.value ?? .null),
        ]
        if let retention, let value = try? JSONValue.parse(canonical: Array(retention.utf8)) {
            members.append(.init("retention", value))
        }
        return .object(members)
    }
}

extension RedactionPolicyIdentity {
    init?(_ value: JSONValue) {
        guard let id = value["id"]?.text, let digest = value["digest"]?.text,
            let version = value["version"]?.unsigned.flatMap(Int.init(exactly:))
        else { return nil }
        self.init(id: id, version: version, digest: digest)
    }

    /// As it stands in a record.
    var value: JSONValue {
        ["digest": .string(digest), "id": .string(id), "version": .integer(version)]
    }
}
