// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// A named public key that verifies one type of note signature.
///
///     log.example.com/audit+233d8ef7+ASVDuS/xCVURR2rcg2nbbdyTNmWhGXjdoUBO4QZsqVWd
///
/// The parts are name, key id and base64 of the signature type's byte and the key. The key id is
/// a check on the rest. Source: https://c2sp.org/signed-note.
public struct VerifierKey: Hashable, Sendable {
    /// The signature types that are supported, by their assigned bytes.
    public enum Algorithm: UInt8, Sendable {
        /// Ed25519 over the note's text. The key is its 32 bytes.
        case ed25519 = 0x01

        /// A witness's Ed25519 cosignature with a time (https://c2sp.org/tlog-cosignature).
        case cosignature = 0x04

        /// An RFC 6962 tree head signature by ECDSA P-256 (https://c2sp.org/static-ct-api).
        ///
        /// No specification gives such a key a text form. Here it holds the key's
        /// SubjectPublicKeyInfo, while the key id is made of the log id, as specified.
        case treeHead = 0x05
    }

    private enum PublicKey: Hashable {
        case ed25519(Ed25519PublicKey)
        case p256(P256PublicKey)
    }

    /// Who signs; for a log, its origin.
    public var name: String { exactName.string }

    /// The first 4 bytes of SHA-256 over name, newline, type and key.
    public let keyID: UInt32

    /// The type of the signatures that the key verifies.
    public let algorithm: Algorithm

    private let exactName: ExactText
    private let key: PublicKey

    private init(name: String, algorithm: Algorithm, key: PublicKey) {
        self.exactName = ExactText(name)
        self.algorithm = algorithm
        self.key = key
        let identity =
            switch key {
            case .ed25519(let key): key.bytes
            case .p256(let key): SHA256.hash(key.spki).bytes
            }
        let hashed = Array(name.utf8) + [newline, algorithm.rawValue] + identity
        self.keyID = bigEndian(SHA256.hash(hashed).bytes.prefix(4), as: UInt32.self)
    }

    /// The key of a log's Ed25519 signatures; the name must be valid, without white space or plus.
    public static func ed25519(name: String, _ key: Ed25519PublicKey) -> VerifierKey {
        precondition(KeyName.isValid(name), "not a key name")
        return VerifierKey(name: name, algorithm: .ed25519, key: .ed25519(key))
    }

    /// The key of a witness's cosignatures; the name must be valid, without white space or plus.
    public static func cosignature(name: String, _ key: Ed25519PublicKey) -> VerifierKey {
        precondition(KeyName.isValid(name), "not a key name")
        return VerifierKey(name: name, algorithm: .cosignature, key: .ed25519(key))
    }

    /// The key of a log's tree head signatures; the name must be valid, and is the origin.
    public static func treeHead(name: String, _ key: P256PublicKey) -> VerifierKey {
        precondition(KeyName.isValid(name), "not a key name")
        return VerifierKey(name: name, algorithm: .treeHead, key: .p256(key))
    }

    /// Parses a key's text form; accepts only a text that ``vkey`` gives back unchanged.
    public init(parsing vkey: String) throws(NoteError) {
        // The name has no plus; the base64 may have several.
        let fields = vkey.utf8.split(
            separator: UInt8(ascii: "+"), maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3, let material = Base64.decode(ascii: fields[2]),
            let type = material.first, KeyName.isValid(String(Substring(fields[0])))
        else { throw .malformedKey }
        guard let algorithm = Algorithm(rawValue: type) else { throw .unsupportedAlgorithm(type) }
        let bytes = Array(material.dropFirst())
        let key: PublicKey? =
            switch algorithm {
            case .ed25519, .cosignature: Ed25519PublicKey(bytes: bytes).map(PublicKey.ed25519)
            case .treeHead: P256PublicKey(spki: bytes).map(PublicKey.p256)
            }
        guard let key else { throw .malformedKey }
        self.init(name: String(Substring(fields[0])), algorithm: algorithm, key: key)
        guard self.vkey.utf8.elementsEqual(vkey.utf8) else { throw .malformedKey }
    }

    /// The key's text form.
    public var vkey: String {
        var id: [UInt8] = []
        id.appendBigEndian(keyID)
        let bytes =
            switch key {
            case .ed25519(let key): key.bytes
            case .p256(let key): key.spki
            }
        return "\(name)+\(Hex.encode(id))+\(Base64.encode([algorithm.rawValue] + bytes))"
    }
}

extension VerifierKey {
    /// Whether a line says that this key made it.
    func isNamed(by signature: NoteSignature) -> Bool {
        keyID == signature.keyID && exactName == ExactText(signature.name)
    }

    /// Whether both wrap one public key, whatever their names and types.
    func hasSameKey(as other: VerifierKey) -> Bool {
        key == other.key
    }

    /// Whether a line that names this key holds its signature for a note's text.
    func isValidSignature(_ signature: NoteSignature, for text: [UInt8]) -> Bool {
        switch key {
        case .ed25519(let key) where algorithm == .cosignature:
            guard let cosignature = Cosignature(signature.bytes) else { return false }
            return key.isValidSignature(
                cosignature.signature,
                for: Cosignature.message(timeSeconds: cosignature.timeSeconds, text: text))
        case .ed25519(let key):
            return key.isValidSignature(signature.bytes, for: text)
        case .p256(let key):
            let verifier = TreeHeadVerifier(origin: name, key: key)
            guard let checkpoint = try? Checkpoint(parsing: String(decoding: text, as: UTF8.self)),
                checkpoint.extensions.isEmpty, checkpoint.isOf(origin: name)
            else { return false }
            return verifier.timestampMS(verifying: signature, for: checkpoint.head) != nil
        }
    }
}
