// SPDX-License-Identifier: Apache-2.0

public import AuditChain
import LogCrypto

/// A record that the log writes about itself, under the tenant `_log`.
public struct GovernanceRecord: Sendable {
    /// What kind of event it records.
    public let type: String
    /// What happened.
    public let details: JSONValue
    /// How it ended; nil for what cannot fail.
    public let outcome: String?
    /// Why it ended so, as a code.
    public let reason: String?
    /// Settings that changed.
    public let changes: [SettingChange]
    /// Where an approval stands; nil for what needs none.
    public var approval: JSONValue?

    /// A record of any type with any details.
    public init(
        type: String, details: JSONValue, outcome: String? = nil, reason: String? = nil,
        changes: [SettingChange] = []
    ) {
        self.type = type
        self.details = details
        self.outcome = outcome
        self.reason = reason
        self.changes = changes
    }

    /// The record at index 0: what log this is, and by which keys it is checked.
    ///
    /// - Parameters:
    ///   - vkey: The Ed25519 verifier key, as signed notes write it.
    ///   - treeHeadSPKI: The ECDSA P-256 key of RFC 6962 tree heads, DER.
    ///   - receiptSPKI: The ECDSA P-256 key of RFC 9942 receipts, DER.
    public static func logCreated(
        origin: Origin, chain: ChainSchedule, granularityMS: UInt64, vkey: String,
        treeHeadSPKI: [UInt8], receiptSPKI: [UInt8], policies: LogPolicies
    ) -> GovernanceRecord {
        let epochs = chain.epochs.map { epoch -> JSONValue in
            ["first": .integer(epoch.first), "kcv": .string(Hex.encode(epoch.key.checkValue))]
        }
        let keys: [JSONValue] = [
            ["alg": "ed25519", "vkey": .string(vkey)],
            ["alg": "ecdsa-p256", "spki": .string(Base64.encode(treeHeadSPKI))],
            ["alg": "es256-receipt", "spki": .string(Base64.encode(receiptSPKI))],
        ]
        return GovernanceRecord(
            type: "log.created",
            details: [
                "chain": .array(epochs), "granularity_ms": .integer(granularityMS),
                "keys": .array(keys), "origin": .string(origin.text),
                "policies": policies.value,
            ])
    }

    /// The log was started with other policies than its records named last.
    public static func configLoaded(_ policies: LogPolicies) -> GovernanceRecord {
        GovernanceRecord(type: "config.loaded", details: ["policies": policies.value])
    }

    /// The server read its settings again.
    ///
    /// - Parameters:
    ///   - source: What it was asked by.
    ///   - failure: Why nothing changed, as a code; nil if the settings were taken.
    ///   - policies: Those in force from here on.
    ///   - restartRequired: Names of settings that were found changed, and wait for a restart.
    public static func configReload(
        source: String, failure: String? = nil, changes: [SettingChange] = [],
        policies: LogPolicies, restartRequired: [String] = []
    ) -> GovernanceRecord {
        var details: [JSONValue.Member] = [
            .init("policies", policies.value), .init("source", .string(source)),
        ]
        if !restartRequired.isEmpty {
            let names = restartRequired.map { JSONValue.string($0) }
            details.append(.init("restart_required", .array(names)))
        }
        return GovernanceRecord(
            type: "config.reload", details: .object(details),
            outcome: failure == nil ? "success" : "failure", reason: failure, changes: changes)
    }

    /// Contents and seeds of these records were handed to their own producer.
    public static func opened(
        _ indexes: [UInt64], tenant: String, credential: String
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: "audit.access",
            details: [
                "access": "opening", "credential": .string(credential),
                "indexes": .array(indexes.map { .integer($0) }), "tenant": .string(tenant),
            ])
    }

    /// Sequencing resumed after wall clock and boot time had disagreed.
    ///
    /// - Parameter skewMS: How far the wall clock was ahead of the boot clock at the worst.
    public static func clockResumed(stoppedMS: UInt64, skewMS: Int64) -> GovernanceRecord {
        GovernanceRecord(
            type: "clock.skew",
            details: ["skew_ms": .integer(skewMS), "stopped_ms": .integer(stoppedMS)])
    }

    /// The log was started by the operator's will although its clock was out of bounds.
    ///
    /// - Parameter skewMS: How far the wall clock was ahead of the newest head.
    public static func clockAccepted(skewMS: Int64) -> GovernanceRecord {
        GovernanceRecord(
            type: "clock.skew", details: ["accepted": true, "skew_ms": .integer(skewMS)])
    }

    /// The log was ended for good: no record follows this one.
    ///
    /// - Parameter reason: A code.
    public static func logFrozen(reason: String) -> GovernanceRecord {
        GovernanceRecord(type: "log.frozen", details: ["reason": .string(reason)])
    }

    /// The store had lost its end, and the leaves were brought back from a copy of the public tree.
    ///
    /// - Parameters:
    ///   - lost: The indexes whose contents could not be: those just before this record. None where
    ///     the anchor alone was made again.
    ///   - size: The size of the signed tree that was gone back to.
    ///   - root: Its root, base64.
    public static func logRecovered(
        lost: Range<UInt64>, size: UInt64, root: String
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: "log.recovered",
            details: [
                "count": .integer(UInt64(lost.count)), "first": .integer(lost.lowerBound),
                "root": .string(root), "size": .integer(size),
            ])
    }

    /// A copy of the log is made, this record included.
    ///
    /// - Parameter hasKeys: Whether the log's keys go with it.
    public static func logBackup(hasKeys: Bool) -> GovernanceRecord {
        GovernanceRecord(type: "log.backup", details: ["keys": .bool(hasKeys)])
    }

    /// The log goes on from a copy.
    ///
    /// - Parameters:
    ///   - manifest: The SHA-256 of the copy's manifest, hex.
    ///   - size: Of the tree that the copy ends with; `root` is its root, base64.
    ///   - proof: What showed that no newer head was ever published: `anchor`; `mirror`, from which
    ///     the rest came back; `accepted`, by the operator's word alone.
    public static func logRestored(
        manifest: String, size: UInt64, root: String, proof: String
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: "log.restored",
            details: [
                "manifest": .string(manifest), "newest": .string(proof), "root": .string(root),
                "size": .integer(size),
            ])
    }

    /// The next leaf begins a new epoch of the chain.
    ///
    /// - Parameter epoch: The new epoch's number; the first is 0.
    public static func chainKeyRotated(epoch: Int, key: ChainKey) -> GovernanceRecord {
        GovernanceRecord(
            type: "key.rotate",
            details: ["epoch": .integer(epoch), "kcv": .string(Hex.encode(key.checkValue))])
    }

    /// The Ed25519 keys that sign checkpoints from here on.
    public static func signingKeysChanged(vkeys: [String]) -> GovernanceRecord {
        let keys = vkeys.map { ["alg": "ed25519", "vkey": .string($0)] as JSONValue }
        return GovernanceRecord(type: "key.rotate", details: ["keys": .array(keys)])
    }

    /// A credential was made.
    ///
    /// `tenant` is `*` for one that may write for any.
    public static func tokenCreated(
        credential: String, role: String, tenant: String
    ) -> GovernanceRecord {
        GovernanceRecord(
            type: "account.token.created",
            details: [
                "credential": .string(credential), "role": .string(role), "tenant": .string(tenant),
            ])
    }

    /// A credential was withdrawn.
    public static func tokenRevoked(credential: String) -> GovernanceRecord {
        GovernanceRecord(
            type: "account.token.revoked", details: ["credential": .string(credential)])
    }

    /// The record as it is submitted, before its stamps.
    var body: [UInt8] {
        var members: [JSONValue.Member] = [
            .init("actor", ["id": "evident", "type": "system"]), .init("details", details),
            .init("type", .string(type)),
        ]
        if let outcome { members.append(.init("outcome", .string(outcome))) }
        if let reason { members.append(.init("reason", .string(reason))) }
        if let approval { members.append(.init("approval", approval)) }
        if !changes.isEmpty { members.append(.init("changes", .array(changes.map(\.value)))) }
        return JSONValue.object(members).canonical
    }
}

/// A setting that changed, as the log's own record of it tells: one element of `changes`.
public struct SettingChange: Sendable {
    /// The setting's name.
    public let field: String
    let members: [JSONValue.Member]

    /// A change from one text to another.
    public init(_ field: String, before: String, after: String) {
        self.field = field
        members = [.init("before", .string(before)), .init("after", .string(after))]
    }

    /// A change from one redaction policy to another; nil for none.
    public init(
        _ field: String, before: RedactionPolicyIdentity?, after: RedactionPolicyIdentity?
    ) {
        self.field = field
        members = [("before", before), ("after", after)].compactMap { name, policy in
            policy.map { JSONValue.Member(name, $0.value) }
        }
    }

    /// A change whose values are secret.
    public init(secret field: String) {
        self.field = field
        members = [.init("secret", .bool(true))]
    }

    var value: JSONValue { .object([.init("field", .string(field))] + members) }
}
