// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import Merkle
package import SignedNote

/// Whether a store's first entry is that of the log whose keys are held.
///
/// A key of another log makes every MAC look wrong, as does a store of another log. The check value
/// in the first record tells both from tampering.
enum StoreIdentity: Hashable {
    case own
    /// The first record names another log, or another chain key.
    case foreign(String)
    /// Neither can be told: the first entry itself may have been altered.
    case unknown

    /// Reads the first entry.
    static func find(
        _ source: any VerificationSource, _ keys: VerificationKeys,
        _ records: any VerificationRecords
    ) -> StoreIdentity {
        guard let leaf = try? source.reader.leaves(0..<1).first else { return .unknown }
        if let key = keys.key(at: 0), let genesis = keys.genesis,
            ChainWalk.mac(key, 0, leaf, after: genesis) == leaf.mac
        {
            return .own
        }
        guard let content = try? source.reader.content(at: 0),
            let record = try? CanonicalRecord(verifying: content.record),
            case .created(let name, _, let checkValue)? = records.summary(of: record).fact,
            let origin = try? Origin(name),
            content.commitment(origin: origin) == leaf.commitment
        else { return .unknown }
        if origin != keys.origin { return .foreign("it is the log \(origin.text)") }
        guard let epoch = keys.epochs.first else { return .own }
        if checkValue != epoch.checkValue {
            return .foreign("its first record names the chain key \(Hex.encode(checkValue))")
        }
        return epoch.key == nil ? .own : .unknown
    }
}

/// The note of the newest head that witnesses cosigned, as the log keeps it.
package struct WitnessedNote: Sendable {
    /// Nil if none is known.
    let note: [UInt8]?
    /// What it must meet; nil if that is not known here.
    let policy: WitnessPolicy?
    /// Whether nothing is verified unless it does.
    let isRequired: Bool

    package init(_ note: [UInt8]?, policy: WitnessPolicy?, isRequired: Bool = false) {
        self.note = note
        self.policy = policy
        self.isRequired = isRequired
    }
}

/// The heads that a log is compared with, and what is wrong with the notes that they came in.
struct SignedHeads: Sendable {
    var published: TreeHead?
    var given: TreeHead?
    var witnessed: TreeHead?
    /// Whether cosignatures on the witnessed head were verified, and meet the policy.
    var isQuorumMet = false
    var findings: [VerificationFinding] = []
    var notChecked: [String] = []
    /// Whether the published head bears this log's signature; nil if there is none, or no key.
    var isPublishedOwn: Bool?

    /// Opens what there is.
    init(
        _ keys: VerificationKeys, published note: [UInt8]?, given: [UInt8]?,
        witnessed: WitnessedNote?
    ) {
        open(published: note, keys)
        if let given { open(given: given, keys) }
        if let witnessed, let note = witnessed.note {
            open(note, witnessed.policy, keys)
        } else {
            notChecked.append("witnesses, for no head that they cosigned is known here")
        }
        guard let witnessed, witnessed.isRequired, !isQuorumMet else { return }
        findings.append(
            VerificationFinding(
                .unverifiable(keyID: "witnesses"), nil, "witnessed head",
                "no head is known here whose cosignatures meet the policy that was given"))
    }

    private mutating func open(published note: [UInt8]?, _ keys: VerificationKeys) {
        guard let note else {
            notChecked.append("the log's own published head, for there is none to be read")
            return
        }
        guard !keys.verifierKeys.isEmpty else {
            notChecked.append("signatures, for no verifier key was given")
            return
        }
        do throws(NoteError) {
            published = try Self.open(note, keys)
            isPublishedOwn = true
        } catch {
            isPublishedOwn = false
            findings.append(
                VerificationFinding(
                    .checkpointSignatureInvalid, nil, "published head",
                    "its note does not bear this log's signature (\(Self.reason(error)))"))
        }
    }

    private mutating func open(given note: [UInt8], _ keys: VerificationKeys) {
        do throws(NoteError) {
            given = try Self.open(note, keys)
        } catch .invalidSignature {
            findings.append(
                VerificationFinding(
                    .checkpointSignatureInvalid, nil, "given checkpoint",
                    "its signature by the log's own key is not valid"))
        } catch {
            findings.append(
                VerificationFinding(
                    .unverifiable(keyID: "given checkpoint"), nil, "given checkpoint",
                    "it is not a checkpoint of this log under the keys held "
                        + "(\(Self.reason(error)))"))
        }
    }

    private mutating func open(
        _ note: [UInt8], _ policy: WitnessPolicy?, _ keys: VerificationKeys
    ) {
        // Said of the published head already.
        guard !keys.verifierKeys.isEmpty else { return }
        let cosigners = policy?.witnesses.map(\.key) ?? []
        do throws(NoteError) {
            let opened = try OpenedCheckpoint.open(
                note, origin: keys.origin.text, keys: keys.verifierKeys + cosigners)
            witnessed = opened.checkpoint.head
            isQuorumMet =
                policy.map { $0.isSatisfied(by: $0.cosigners(of: opened)) } ?? false
            guard !isQuorumMet else { return }
            notChecked.append(
                policy == nil
                    ? "cosignatures of witnesses, for no policy says whose count"
                    : "witnesses by this policy, which the newest head that they cosigned does not "
                        + "meet")
        } catch {
            findings.append(
                VerificationFinding(
                    .checkpointSignatureInvalid, nil, "witnessed head",
                    "its note is not one of this log, or has a signature that is not valid "
                        + "(\(Self.reason(error)))"))
        }
    }

    private static func open(
        _ note: [UInt8], _ keys: VerificationKeys
    ) throws(NoteError) -> TreeHead {
        try OpenedCheckpoint.open(note, origin: keys.origin.text, keys: keys.verifierKeys)
            .checkpoint.head
    }

    private static func reason(_ error: NoteError) -> String {
        switch error {
        case .invalidSignature: "a signature is not valid"
        case .noKnownSignature, .noLogSignature: "no key that is held signed it"
        case .wrongOrigin: "it is another log's"
        default: "it has not the form of a checkpoint"
        }
    }
}
