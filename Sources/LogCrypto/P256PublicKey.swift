// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// A key that verifies ECDSA signatures on P-256 with SHA-256.
public struct P256PublicKey: Hashable, Sendable {
    /// The bytes of an uncompressed point.
    static let pointCount = 65

    /// A SubjectPublicKeyInfo of this curve up to its point (RFC 5480): sequence, algorithm
    /// id-ecPublicKey with parameter prime256v1, bit string.
    private static let spkiPrefix: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
        0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]

    /// The key as SubjectPublicKeyInfo, in DER: 91 bytes.
    public let spki: [UInt8]

    private let key: SigningKey

    /// A key from its SubjectPublicKeyInfo in DER, with the curve named and the point
    /// uncompressed; `nil` for any other bytes, or for a point that is not on the curve.
    public init?(spki: [UInt8]) {
        guard spki.starts(with: Self.spkiPrefix) else { return nil }
        self.init(point: Array(spki[Self.spkiPrefix.count...]))
    }

    /// A key from its uncompressed point.
    init?(point: [UInt8]) {
        guard point.count == Self.pointCount, point.first == 0x04,
            let key = SigningKey(copenssl_p256_public(point))
        else { return nil }
        self.spki = Self.spkiPrefix + point
        self.key = key
    }

    /// Whether `signature`, in DER, is this key's for the message.
    public func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        key.isValidSignature(signature, for: message)
    }

    /// Whether two keys are the same point.
    public static func == (left: Self, right: Self) -> Bool {
        left.spki == right.spki
    }

    /// Hashes the key's bytes.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(spki)
    }
}
