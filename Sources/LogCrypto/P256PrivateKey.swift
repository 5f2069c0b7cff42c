// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A key that signs by ECDSA on P-256 with SHA-256 (FIPS 186-4).
///
/// Two signatures of one message differ. Safe from any thread. The key is wiped when the value
/// goes.
public final class P256PrivateKey: Sendable {
    /// The key that verifies this one's signatures.
    public let publicKey: P256PublicKey

    private let key: SigningKey

    /// The key of a scalar: 32 bytes, big-endian, from 1 to one less than the group's order.
    public init(scalar: borrowing SecretBytes) throws(CryptoError) {
        guard scalar.count == 32 else { throw .wrongKeyLength(got: scalar.count, want: 32) }
        var point = [UInt8](repeating: 0, count: P256PublicKey.pointCount)
        let made = scalar.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { copenssl_p256_private($0, &point) }
        }
        guard let key = SigningKey(made), let publicKey = P256PublicKey(point: point)
        else { throw .invalidPrivateKey }
        self.key = key
        self.publicKey = publicKey
    }

    /// The signature of a message, in DER: at most 72 bytes.
    public func signature(for message: [UInt8]) throws(CryptoError) -> [UInt8] {
        try key.signature(for: message, maxCount: 72)
    }
}
