// SPDX-License-Identifier: Apache-2.0

/// Why a key cannot be used.
public enum CryptoError: Error, Hashable, Sendable {
    /// A private key has another number of bytes than its kind calls for.
    case wrongKeyLength(got: Int, want: Int)

    /// The bytes are no private key of this kind.
    case invalidPrivateKey

    /// libcrypto made no signature.
    case signingFailed
}
