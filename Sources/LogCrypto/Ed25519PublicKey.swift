// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A key that verifies Ed25519 signatures (RFC 8032).
public struct Ed25519PublicKey: Hashable, Sendable {
    /// The key's 32 bytes.
    public let bytes: [UInt8]

    private let key: SigningKey

    /// A key of exactly 32 bytes; `nil` for any other number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 32, let key = SigningKey(copenssl_ed25519_public(bytes)) else {
            return nil
        }
        self.bytes = bytes
        self.key = key
    }

    /// Whether `signature` is this key's, of 64 bytes, for the message.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        signature.count == 64 && key.isValidSignature(signature, for: message)
    }

    /// Whether two keys have the same bytes.
    public static func == (left: Self, right: Self) -> Bool {
        left.bytes == right.bytes
    }

    /// Hashes the key's bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(bytes)
    }
}
