// SPDX-License-Identifier: Apache-2.0

public import Merkle

/// Why a COSE receipt is refused.
public enum COSEReceiptError: Error, Hashable, Sendable {
    /// The bytes are no receipt of this form.
    case malformed

    /// The receipt is of another log.
    case wrongIssuer(got: String, want: String)

    /// The receipt is signed by another key than the one that is pinned.
    case unknownKey

    /// What is signed names another index or tree size than the proof has.
    case claimsDiffer

    /// The proof cannot be one of its index and size.
    case proof(ProofError)

    /// The signature is not by the pinned key over the root that leaf and proof lead to.
    case invalidSignature

    /// The key made no signature, or one that does not verify.
    case signingFailed
}
