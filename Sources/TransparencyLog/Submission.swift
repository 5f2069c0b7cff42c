// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogCrypto
package import LogStorage
package import Merkle

/// One record, ready for its place in the log: all work that needs no index has been done.
///
/// An object, for it passes through many hands and never changes.
package final class Submission: Sendable {
    package let commitment: Digest
    /// HMAC(K_idem, scope ‖ key); see ``IdempotencyKeys``.
    package let key: Digest
    package let credential: StoredCredential
    package let content: StoredContent
    /// The record as its producer meant it, canonical, without what the server added: what a
    /// repeated key is compared by.
    package let form: [UInt8]
    /// What the record can be found by: id, tenant, type, actor.
    package let lookups: [LookupKey]
    /// Of the record's bytes, made here, at the edge of the request, and compared with what is
    /// read back from the database before anything is signed.
    let checksum: UInt64

    package init(
        commitment: Digest, key: Digest, credential: StoredCredential, content: StoredContent,
        form: [UInt8], lookups: [LookupKey]
    ) {
        self.commitment = commitment
        self.key = key
        self.credential = credential
        self.content = content
        self.form = form
        self.lookups = lookups
        checksum = Self.checksum(content.record)
    }

    /// Whether another submission under the same key says the same.
    func hasSameForm(as stored: StoredContent) -> Bool {
        guard case .whole(let seed, let formDigest) = stored.opening else { return false }
        return Digest.constantTimeEquals(FormDigest.digest(seed: seed, form: form), formDigest)
    }

    static func checksum(_ record: [UInt8]) -> UInt64 {
        var checksum = Checksum(domain: 0)
        record.withUnsafeBytes { checksum.add($0) }
        return checksum.value
    }

    /// Bytes that it holds in memory while it waits, roughly.
    var byteCount: Int { content.record.count + form.count + 512 }
}

/// A record's place in the log, with all that its receipt says.
///
/// The proof has been verified against the checkpoint.
package struct SequencedRecord: Sendable {
    package let index: UInt64
    package let leaf: Leaf
    package let proof: InclusionProof
    /// The note over the head that `proof` leads to, with the log's Ed25519 signature.
    package let checkpoint: String

    package init(index: UInt64, leaf: Leaf, proof: InclusionProof, checkpoint: String) {
        self.index = index
        self.leaf = leaf
        self.proof = proof
        self.checkpoint = checkpoint
    }
}

/// What became of one submission.
///
/// Whatever it says is durable, anchored and published.
package enum SubmissionOutcome: Sendable {
    /// It is in the log, by this submission.
    case accepted(SequencedRecord)
    /// It was there before, under the same key with the same content (or its content is erased).
    case replayed(SequencedRecord, erased: Bool)
    /// Its key was used at `index` with other content. Nothing was added.
    case conflict(index: UInt64)
}
