// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A key that signs by Ed25519 (RFC 8032).
///
/// Signatures are deterministic and have 64 bytes. Safe from any thread. The key is wiped when the value goes.
public final class Ed25519PrivateKey: Sendable {
    /// The key that verifies this one's signatures.
    public let publicKey: Ed25519PublicKey

    private let key: SigningKey

    /// The key of a seed: the 32 bytes that RFC 8032 calls the private key.
    public init(seed: borrowing SecretBytes) throws(CryptoError) {
        guard seed.count == 32 else { throw .wrongKeyLength(got: seed.count, want: 32) }
        var publicBytes = [UInt8](repeating: 0, count: 32)
        let made = seed.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { copenssl_ed25519_private($0, &publicBytes) }
        }
        guard let key = SigningKey(made), let publicKey = Ed25519PublicKey(bytes: publicBytes)
        else { throw .invalidPrivateKey }
        self.key = key
        self.publicKey = publicKey
    }

    /// The 64-byte signature of a message.
    public func signature(for message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try key.signature(for: message, maxCount: 64)
    }
}
