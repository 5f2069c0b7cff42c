// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// A log's key that verifies its COSE receipts: ECDSA on P-256 with SHA-256.
///
/// It signs nothing else, and no other key signs receipts.
public struct ReceiptKey: Hashable, Sendable {
    /// The key as SubjectPublicKeyInfo, in DER.
    public var spki: [UInt8] { key.spki }

    /// The name of the key in receipts: its COSE Key Thumbprint (RFC 9679) with SHA-256.
    public let id: Digest

    private let key: P256PublicKey

    /// The key of its SubjectPublicKeyInfo in DER; `nil` if that is no P-256 key.
    public init?(spki: [UInt8]) {
        guard let key = P256PublicKey(spki: spki) else { return nil }
        self.init(key)
    }

    init(_ key: P256PublicKey) {
        self.key = key
        var writer = CBORWriter()
        writer.map(4)
        writer.keyType()
        writer.point(of: key)
        id = SHA256.hash(writer.encoded)
    }

    /// The COSE_KeySet that holds this key alone (RFC 9052, section 7).
    public var keySet: [UInt8] {
        var writer = CBORWriter()
        writer.array(1)
        writer.map(6)
        writer.keyType()
        writer.integer(2)
        writer.bytes(id.bytes)
        writer.integer(3)
        writer.integer(-7)
        writer.point(of: key)
        return writer.encoded
    }

    func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        key.isValidRawSignature(signature, for: message)
    }
}

extension CBORWriter {
    /// Key type EC2.
    fileprivate mutating func keyType() {
        integer(1)
        integer(2)
    }

    /// Curve P-256 and the point's coordinates, with which the DER form ends.
    fileprivate mutating func point(of key: P256PublicKey) {
        integer(-1)
        integer(1)
        integer(-2)
        bytes(key.spki.suffix(64).prefix(32))
        integer(-3)
        bytes(key.spki.suffix(32))
    }
}
