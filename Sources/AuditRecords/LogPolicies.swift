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

    /// Policies of a log.
    public init(redaction: RedactionPolicyIdentity?, accessRecords: String) {
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
        if case .null = redaction {
            self.init(redaction: nil, accessRecords: access)
        } else {
            guard let identity = RedactionPolicyIdentity(redaction) else { return nil }
            self.init(redaction: identity, accessRecords: access)
        }
    }

    /// As canonical JSON: an object.
    public var canonical: [UInt8] { value.canonical }

    /// As it stands in a record.
    var value: JSONValue {
        ["access_records": .string(accessRecords), "redaction": redaction?.value ?? .null]
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
