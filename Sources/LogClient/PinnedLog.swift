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

    /// The witnesses whose cosignatures count.
    public let witnesses: [VerifierKey]

    /// How many of the witnesses must have cosigned a checkpoint; 0 asks for none.
    ///
    /// Without witnesses, a log that shows different trees to different people goes unnoticed.
    public let quorum: Int

    /// A log under the keys that it signs with, which share its name.
    public init(
        keys: [VerifierKey], witnesses: [VerifierKey] = [], quorum: Int = 0
    ) throws(PinError) {
        guard let name = keys.first?.name else { throw .noLogKey }
        guard keys.allSatisfy({ $0.name.utf8.elementsEqual(name.utf8) }) else {
            throw .severalLogs
        }
        guard keys.allSatisfy({ $0.algorithm != .cosignature }),
            witnesses.allSatisfy({ $0.algorithm == .cosignature })
        else { throw .wrongKeyType }
        guard 0...Set(witnesses).count ~= quorum else { throw .quorumOutOfReach }
        do {
            origin = try Origin(name)
        } catch {
            throw .notAnOrigin(error)
        }
        self.keys = keys
        self.witnesses = witnesses
        self.quorum = quorum
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
            opened = try .open(note, origin: origin.text, keys: keys + witnesses)
        } catch {
            throw .checkpoint(error)
        }
        let cosigned = cosigners(of: opened).count
        guard cosigned >= quorum else { throw .quorumNotMet(got: cosigned, want: quorum) }
        return opened
    }

    /// The witnesses that cosigned a checkpoint which this log's keys opened.
    func cosigners(of opened: OpenedCheckpoint) -> Set<VerifierKey> {
        Set(witnesses).filter { opened.cosignatureTimeSeconds(of: $0) != nil }
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
        for witness in witnesses {
            guard let seconds = opened.cosignatureTimeSeconds(of: witness) else { continue }
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
    /// A witness's key among the log's own, or the reverse.
    case wrongKeyType
    /// More witnesses are asked for than there are, or fewer than none.
    case quorumOutOfReach
    /// The text is no verifier key.
    case malformedKey(NoteError)
    /// The key's name is none that a log can have.
    case notAnOrigin(OriginError)
}
