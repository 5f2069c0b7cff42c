// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote

/// The log's own record of a file that it made, and the proof that its tree has grown from the
/// file's: what vouches for a file that the log did not sign.
struct VouchedRecord {
    /// Why it does not vouch.
    enum Failure: Error {
        case proof(VerifyError)
        /// It is another record, or does not show that it is this one.
        case notVouched
        case tooEarly(index: UInt64, size: UInt64)
    }

    let bundle: EvidenceBundle
    let consistency: [Digest]

    init(bundle: EvidenceBundle, consistency: [Digest]) {
        self.bundle = bundle
        self.consistency = consistency
    }

    /// Reads the line `{"vouched":…,"consistency":…}`.
    init(_ value: JSONValue) throws(ProofFileError) {
        let members = try MemberReader(value, at: "", required: ["vouched", "consistency"])
        bundle = try EvidenceBundle(try members.value("vouched") { $0 }, at: "vouched")
        consistency = try members.hashes("consistency")
    }

    /// Checks that it is in the pinned log as a record of that kind of export, later than `old`.
    ///
    /// Without the witness policy: nobody else can have seen so new a head. Returns its index and
    /// its `details`.
    func verify(
        by pinned: PinnedLog, kind: String, after old: TreeHead
    ) throws(Failure) -> (index: UInt64, details: JSONValue) {
        let proven: ProvenLeaf
        do throws(VerifyError) {
            proven = try bundle.verify(by: pinned.withoutWitnesses).proven
        } catch {
            throw .proof(error)
        }
        guard ErasureRecords.value(of: "tenant", in: bundle.fields)?.text == "_log",
            ErasureRecords.value(of: "type", in: bundle.fields)?.text == "audit.export",
            let details = ErasureRecords.value(of: "details", in: bundle.fields),
            details["export"]?.text == kind
        else { throw .notVouched }
        guard proven.index >= old.size else {
            throw .tooEarly(index: proven.index, size: old.size)
        }
        let new = proven.checkpoint.checkpoint.head
        let proof = ConsistencyProof(
            oldSize: old.size, newSize: new.size, hashes: consistency)
        do {
            try proof.verify(from: old, to: new)
        } catch {
            throw .proof(.consistency(error))
        }
        return (proven.index, details)
    }
}

extension PinnedLog {
    /// The log under its own keys alone: nobody else has seen a head that is moments old.
    fileprivate var withoutWitnesses: PinnedLog {
        guard let pinned = try? PinnedLog(keys: keys) else {
            preconditionFailure("keys that pin a log pin it without witnesses too")
        }
        return pinned
    }
}
