// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import SignedNote

/// What a verifier knows of a log beforehand, and rests everything on.
///
/// Keys must come from somewhere else than the log that they are to check: a contract, a package,
/// a note from the auditor.
public struct PinnedLog: Hashable, Sendable {
    /// The log's name.
    public let origin: Origin

    /// The log's own keys: a checkpoint must bear a signature of at least one of them.
    public let keys: [VerifierKey]

    /// Which witnesses must have cosigned a checkpoint.
    ///
    /// Without witnesses, a log that shows different trees to different people goes unnoticed.
    public let policy: WitnessPolicy

    /// A log under the keys that it signs with, which share its name.
    ///
    /// If the policy names logs, then one of these keys must be among theirs.
    public init(keys: [VerifierKey], policy: WitnessPolicy = .none) throws(PinError) {
        guard let name = keys.first?.name else { throw .noLogKey }
        guard keys.allSatisfy({ $0.name.utf8.elementsEqual(name.utf8) }) else {
            throw .severalLogs
        }
        guard keys.allSatisfy({ $0.algorithm != .cosignature }) else { throw .wrongKeyType }
        let named = policy.logs.map(\.key)
        guard named.isEmpty || keys.contains(where: named.contains) else { throw .notInPolicy }
        do {
            origin = try Origin(name)
        } catch {
            throw .notAnOrigin(error)
        }
        self.keys = keys
        self.policy = policy
    }

    /// The log of a policy that names one, perhaps by several keys.
    public init(policy: WitnessPolicy) throws(PinError) {
        try self.init(keys: policy.logs.map(\.key), policy: policy)
    }

    /// A log under one key, given as text: `<origin>+<key id>+<base64>`.
    public init(vkey: String) throws(PinError) {
        let key: VerifierKey
        do {
            key = try VerifierKey(parsing: vkey)
        } catch {
            throw .malformedKey(error)
        }
        try self.init(keys: [key])
    }

    /// Opens a checkpoint of this log: origin, signatures, and the witnesses' quorum.
    public func open(_ note: [UInt8]) throws(VerifyError) -> OpenedCheckpoint {
        let opened: OpenedCheckpoint
        do {
            opened = try .open(
                note, origin: origin.text, keys: keys + policy.witnesses.map(\.key))
        } catch {
            throw .checkpoint(error)
        }
        let cosigners = policy.cosigners(of: opened)
        guard policy.isSatisfied(by: cosigners) else {
            throw .quorumNotMet(got: cosigners.count, want: policy.fewest)
        }
        return opened
    }

    /// The names of the witnesses that cosigned a checkpoint which this log's keys opened, sorted.
    func cosigners(of opened: OpenedCheckpoint) -> [String] {
        policy.cosigners(of: opened).map(\.name).sorted()
    }

    /// Checks that a leaf's time is not after any time at which its tree was signed.
    ///
    /// The log's own clock made both its times; a witness has another clock, and five minutes.
    func checkTime(_ timestampMS: UInt64, under opened: OpenedCheckpoint) throws(VerifyError) {
        for key in keys {
            guard let signedMS = opened.timestampMS(of: key) else { continue }
            guard timestampMS <= signedMS else {
                throw .leafAfterTreeHead(leafMS: timestampMS, signedMS: signedMS)
            }
        }
        for witness in policy.witnesses {
            guard let seconds = opened.cosignatureTimeSeconds(of: witness.key) else { continue }
            let earliestMS = max(timestampMS, Self.clockAllowanceMS) - Self.clockAllowanceMS
            let (cosignedMS, isBeyondAll) = seconds.multipliedReportingOverflow(by: 1000)
            guard isBeyondAll || earliestMS <= cosignedMS else {
                throw .leafAfterCosignature(leafMS: timestampMS, cosignedSeconds: seconds)
            }
        }
    }

    private static let clockAllowanceMS: UInt64 = 300_000
}

/// Why keys do not pin a log.
public enum PinError: Error, Hashable, Sendable {
    /// No key of the log itself.
    case noLogKey
    /// The log's keys have different names.
    case severalLogs
    /// A witness's key among the log's own.
    case wrongKeyType
    /// The policy names logs, and this is none of them.
    case notInPolicy
    /// The text is no verifier key.
    case malformedKey(NoteError)
    /// The key's name is none that a log can have.
    case notAnOrigin(OriginError)
}
