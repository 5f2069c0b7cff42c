// SPDX-License-Identifier: Apache-2.0

public import Merkle

/// Why a note, a checkpoint, a key or a proof file is refused.
public enum NoteError: Error, Hashable, Sendable {
    /// The bytes are no signed note: not UTF-8, a control character, no text, no signature line.
    case malformedNote

    /// A signature line has not the form `— <name> <base64>`, or is too short to hold a signature.
    case malformedSignature

    /// The note has more signature lines than ``Note/maxSignatures``.
    case tooManySignatures(Int)

    /// The text is no verifier key.
    case malformedKey

    /// The verifier key is of a signature type that is not supported here.
    case unsupportedAlgorithm(UInt8)

    /// Two of the given keys share a name and an id.
    case ambiguousKey(name: String, keyID: UInt32)

    /// A line of a known key does not verify: the whole note is refused.
    case invalidSignature(name: String, keyID: UInt32)

    /// No line is by a known key.
    case noKnownSignature

    /// No line is by a known key of the log itself: witnesses alone do not make a checkpoint.
    case noLogSignature

    /// The text is no checkpoint.
    case malformedCheckpoint

    /// A checkpoint of no leaves has another root than the empty tree.
    case wrongEmptyRoot

    /// The checkpoint is of another log.
    case wrongOrigin(got: String, want: String)

    /// The checkpoint has extension lines, which no log of this kind writes.
    case unexpectedExtension

    /// The note is of another text than the head that is to be signed.
    case wrongText

    /// The key made no signature, or one that does not verify.
    case signingFailed

    /// The bytes are no request to a witness.
    case malformedRequest

    /// The bytes are no answer of a witness.
    case malformedAnswer

    /// The bytes are no proof file.
    case malformedProof

    /// The proof does not lead from the leaf to the checkpoint's root.
    case invalidProof(ProofError)
}
