// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import Merkle
import SignedNote

/// Verifies receipts under keys that were given beforehand.
struct ReceiptCheck: Sendable {
    let pinned: PinnedLog

    /// A check under verifier keys of one log.
    init(vkeys: [String]) throws(CommandFailure) {
        pinned = try Self.pin(vkeys)
    }

    /// A check under keys and a policy.
    init(_ pinned: PinnedLog) {
        self.pinned = pinned
    }

    /// The checkpoint of the last receipt that was verified.
    private var last: OpenedCheckpoint?

    /// Throws a failure with the exit status that the finding asks for.
    func verify(_ receipt: Receipt) throws(CommandFailure) -> VerifiedReceipt {
        do {
            return try receipt.verify(by: pinned)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// The same of a COSE receipt, under its own key.
    func verify(
        _ receipt: COSEReceipt, key: ReceiptKey
    ) throws(CommandFailure) -> VerifiedCOSEReceipt {
        do {
            return try receipt.verify(by: pinned, key: key)
        } catch {
            throw CommandFailure(error)
        }
    }

    /// Verifies a receipt that most likely has the same checkpoint as the one before, as those of
    /// a batch do: its signature is then not verified again.
    mutating func verifyNext(_ receipt: Receipt) throws(CommandFailure) {
        guard let last, last.note.serialized.utf8.elementsEqual(receipt.checkpoint.utf8) else {
            last = try verify(receipt).proven.checkpoint
            return
        }
        let head = last.checkpoint.head
        let proof = InclusionProof(
            leafIndex: receipt.index, treeSize: head.size, hashes: receipt.inclusion)
        do {
            try proof.verify(leafHash: receipt.leaf.hash, in: head)
        } catch {
            throw CommandFailure(VerifyError.inclusion(error))
        }
    }

    /// The log that verifier keys name.
    static func pin(
        _ vkeys: [String], policy: WitnessPolicy = .none
    ) throws(CommandFailure) -> PinnedLog {
        var keys: [VerifierKey] = []
        for vkey in vkeys {
            do {
                keys.append(try VerifierKey(parsing: vkey))
            } catch {
                throw .usage(
                    "\(vkey.quoted) is not a verifier key",
                    advice: "It has the form ORIGIN+8 hex digits+base64, as `evident init` prints.")
            }
        }
        do {
            return try PinnedLog(keys: keys, policy: policy)
        } catch .notInPolicy {
            throw .usage("the policy names logs, and this key is of none of them")
        } catch {
            throw .usage("these keys do not name one log (\(error))")
        }
    }
}

extension CommandFailure {
    /// A failed verification.
    init(_ error: VerifyError) {
        switch error.verdict {
        case .tampered:
            self.init(.tampered, "NOT PROVEN: \(error)", advice: "This is evidence; keep it.")
        case .unverifiable:
            self.init(.unverifiable, "cannot be verified: \(error)")
        }
    }
}
