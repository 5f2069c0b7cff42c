// SPDX-License-Identifier: Apache-2.0

public import AuditChain
public import Merkle
public import SignedNote

/// What a failed verification says about the log or the file.
public enum Verdict: Hashable, Sendable {
    /// Something contradicts what the log signed: it was altered, or the log is forked.
    case tampered

    /// Nothing is proven either way: a key, a signature or a part is missing, or is not of the
    /// form that it must have.
    case unverifiable
}

/// Why something of a log did not verify.
///
/// Indexes, sizes, times and hashes only: never the content of a record.
public enum VerifyError: Error, Hashable, Sendable {
    /// The checkpoint could not be opened under the pinned keys.
    case checkpoint(NoteError)

    /// The witnesses that cosigned do not meet the policy's quorum; `want` is the fewest that can.
    case quorumNotMet(got: Int, want: Int)

    /// The COSE receipt is refused.
    case coseReceipt(COSEReceiptError)

    /// The leaf is not in the signed tree at its index.
    case inclusion(ProofError)

    /// The log's newer tree does not begin with the older one.
    case consistency(ProofError)

    /// The fields of a bundle do not make a record.
    case fields(CommitmentError)

    /// The opened record and seed do not make the receipt's commitment.
    case commitmentMismatch

    /// The leaf claims a later time than the log's signature over a tree that holds it.
    case leafAfterTreeHead(leafMS: UInt64, signedMS: UInt64)

    /// The leaf claims a time more than five minutes after a witness saw it.
    case leafAfterCosignature(leafMS: UInt64, cosignedSeconds: UInt64)

    /// The log serves no checkpoint.
    case noCheckpoint

    /// The log does not serve a tile that its checkpoint promises.
    case missingTile(Tile)

    /// A tile has not the form or the width that it must have.
    case malformedTile(Tile)

    /// The leaf differs from the log's own hash of it, and is the first that does.
    case leafHashMismatch(index: UInt64)

    /// The entry claims the leaf format of version 1 and is not exactly of it.
    case malformedLeaf(index: UInt64)

    /// The leaf claims an earlier time than the one before it.
    case timeRunsBackwards(index: UInt64)

    /// A tile differs from what the leaves below it make.
    case tileMismatch(Tile)

    /// The leaves make another root than the signed one.
    case rootMismatch(got: TreeHead, want: TreeHead)

    /// A field of a record is said to have been erased by one that does not list it.
    case falseErasure(record: UInt64, by: UInt64)

    /// Whether this is evidence of tampering, or says nothing either way.
    public var verdict: Verdict {
        switch self {
        case .checkpoint(.invalidSignature), .coseReceipt(.claimsDiffer), .coseReceipt(.proof),
            .coseReceipt(.invalidSignature):
            .tampered
        case .checkpoint, .coseReceipt, .quorumNotMet, .fields, .noCheckpoint, .missingTile:
            .unverifiable
        case .inclusion, .consistency, .commitmentMismatch, .leafAfterTreeHead,
            .leafAfterCosignature, .malformedTile, .leafHashMismatch, .malformedLeaf,
            .timeRunsBackwards, .tileMismatch, .rootMismatch, .falseErasure:
            .tampered
        }
    }
}

extension VerifyError: CustomStringConvertible {
    /// One sentence for people, without a full stop.
    public var description: String {
        switch self {
        case .checkpoint(let error): Self.describe(error)
        case .quorumNotMet(let got, let want):
            "\(got) of the policy's witnesses cosigned the checkpoint; its quorum is not met, "
                + "which takes at least \(want)"
        case .coseReceipt(let error): Self.describe(error)
        case .inclusion(let error): "the leaf is not in the signed tree at its index (\(error))"
        case .consistency(let error): "the newer tree does not begin with the older one (\(error))"
        case .fields(let error): "the fields do not make a record (\(error))"
        case .commitmentMismatch: "the opened record is not the one that was committed to"
        case .leafAfterTreeHead(let leaf, let signed):
            "the leaf's time, \(leaf) ms, is after the tree head's, \(signed) ms"
        case .leafAfterCosignature(let leaf, let seconds):
            "the leaf's time, \(leaf) ms, is after a witness's, \(seconds) s"
        case .noCheckpoint: "the log serves no checkpoint"
        case .missingTile(let tile): "the log does not serve \(tile)"
        case .malformedTile(let tile): "\(tile) has not the form that it must have"
        case .leafHashMismatch(let index): "the leaf at index \(index) is not the one in the tree"
        case .malformedLeaf(let index): "the entry at index \(index) is not a leaf of its version"
        case .timeRunsBackwards(let index):
            "the leaf at index \(index) is older than the one before"
        case .tileMismatch(let tile): "\(tile) is not what the leaves below it make"
        case .falseErasure(let record, let by):
            "record \(by) did not erase what record \(record) says it did"
        case .rootMismatch(let got, let want):
            "the \(got.size) leaves make the root \(got.root), and \(want.root) is signed"
        }
    }

    private static func describe(_ error: COSEReceiptError) -> String {
        switch error {
        case .wrongIssuer(let got, let want): "the receipt is of \(got), not of \(want)"
        case .unknownKey: "the receipt is signed by another key than the pinned receipt key"
        case .claimsDiffer: "the receipt's proof is of another index or size than is signed"
        case .proof(let error): "the receipt's proof is not one of its index and size (\(error))"
        case .invalidSignature: "the receipt's signature does not fit its leaf and proof"
        case .malformed, .signingFailed: "the receipt is refused (\(error))"
        }
    }

    private static func describe(_ error: NoteError) -> String {
        switch error {
        case .invalidSignature(let name, _): "the checkpoint's signature by \(name) is not valid"
        case .noKnownSignature, .noLogSignature:
            "the checkpoint bears no signature by a pinned key of the log"
        case .wrongOrigin(let got, let want): "the checkpoint is of \(got), not of \(want)"
        default: "the checkpoint is refused (\(error))"
        }
    }
}
