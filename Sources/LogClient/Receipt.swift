// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import LogCrypto
import Merkle
public import SignedNote

/// What a log gives for a record that it has taken: where it stands, and the proof.
///
/// It holds nothing that helps to guess the record, and may be kept anywhere. A receipt is parsed,
/// not proven: see ``verify(by:)``.
public struct Receipt: Hashable, Sendable {
    /// The leaf's index, from 0.
    public let index: UInt64

    /// The log's time at sequencing, in milliseconds since 1970.
    public let timestampMS: UInt64

    /// The salted commitment to the record.
    public let commitment: Digest

    /// The record's MAC in the log's chain.
    public let recordHash: Digest

    /// The inclusion proof's hashes, lowest first.
    public let inclusion: [Digest]

    /// The signed note of a checkpoint whose tree holds the leaf, as the log served it.
    public let checkpoint: String

    /// The record itself, for the producer who asked for it; keep it as you would the record.
    public let opening: Opening?

    /// Whether the log says that it has erased the record since.
    ///
    /// The leaf and its proof stand. Only the log's erasure record proves the erasure.
    public let isErased: Bool

    /// A receipt by its parts.
    ///
    /// One that is erased has no opening.
    public init(
        index: UInt64, leaf: Leaf, inclusion: [Digest], checkpoint: String,
        opening: Opening? = nil, isErased: Bool = false
    ) {
        self.index = index
        self.timestampMS = leaf.timestampMS
        self.commitment = leaf.commitment
        self.recordHash = leaf.mac
        self.inclusion = inclusion
        self.checkpoint = checkpoint
        self.opening = opening
        self.isErased = isErased
    }

    /// The leaf that the receipt speaks of: made of its parts, never taken from anywhere.
    public var leaf: Leaf {
        Leaf(timestampMS: timestampMS, commitment: commitment, mac: recordHash)
    }

    /// Checks that the pinned log's signed tree holds the leaf, without asking anyone.
    ///
    /// An opening, if there is one, is checked too. Cost: a node hash for each hash of the proof,
    /// and one signature verification for each pinned key that signed.
    public func verify(by pinned: PinnedLog) throws(VerifyError) -> VerifiedReceipt {
        let proven = try pinned.prove(
            leaf, at: index, inclusion: inclusion, checkpoint: checkpoint)
        if let opening {
            let made = Commitment.commit(
                opening.record, seed: opening.seed, origin: pinned.origin)
            guard made == commitment else { throw .commitmentMismatch }
        }
        return VerifiedReceipt(proven: proven, record: opening?.record.bytes)
    }
}

/// A record as a log stored it, and the seed that opens the commitment to it.
public struct Opening: Hashable, Sendable {
    /// The record, after redaction and with the log's stamps.
    public let record: CanonicalRecord

    /// The record's seed.
    public let seed: Digest

    /// A record and its seed.
    public init(record: CanonicalRecord, seed: Digest) {
        self.record = record
        self.seed = seed
    }

    /// Whether both open the same record alike.
    public static func == (left: Opening, right: Opening) -> Bool {
        left.seed == right.seed && left.record.bytes == right.record.bytes
    }

    /// Feeds what `==` compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(seed)
        hasher.combine(record.bytes)
    }
}

/// A receipt that was verified, and what that proves.
public struct VerifiedReceipt: Sendable {
    /// The leaf, its index, and who signed the tree that holds it.
    public let proven: ProvenLeaf

    /// The record's canonical text, if the receipt opened it and it is the one committed to.
    public let record: [UInt8]?
}

/// A leaf that a log's signed tree holds.
public struct ProvenLeaf: Sendable {
    /// The leaf's index.
    public let index: UInt64

    /// The leaf.
    public let leaf: Leaf

    /// The checkpoint whose tree holds it.
    public let checkpoint: OpenedCheckpoint

    /// The names of the pinned witnesses that cosigned that checkpoint, sorted.
    public let witnesses: [String]
}

extension PinnedLog {
    /// Checks a leaf against a checkpoint: origin, signatures, quorum, inclusion, times.
    func prove(
        _ leaf: Leaf, at index: UInt64, inclusion: [Digest], checkpoint note: String
    ) throws(VerifyError) -> ProvenLeaf {
        let opened = try open(Array(note.utf8))
        let head = opened.checkpoint.head
        let proof = InclusionProof(leafIndex: index, treeSize: head.size, hashes: inclusion)
        do {
            try proof.verify(leafHash: leaf.hash, in: head)
        } catch {
            throw .inclusion(error)
        }
        try checkTime(leaf.timestampMS, under: opened)
        return ProvenLeaf(
            index: index, leaf: leaf, checkpoint: opened,
            witnesses: cosigners(of: opened))
    }
}
