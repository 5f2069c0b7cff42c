// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// Signs one log's checkpoints, and nothing else.
///
/// It signs whatever head it is given: that no two heads of one size have different roots is its
/// owner's to see to. Each signature is verified before it leaves. Safe from any thread.
public final class CheckpointSigner: Sendable {
    /// The log's name, which is also its keys' name.
    public let origin: String

    /// The key of the Ed25519 line that every checkpoint bears.
    public let verifierKey: VerifierKey

    /// The key of the tree head line.
    public let treeHeadKey: VerifierKey

    /// RFC 6962's log id: SHA-256 of ``spki``.
    public let logID: Digest

    /// The tree head key as SubjectPublicKeyInfo, in DER.
    public let spki: [UInt8]

    private let ed25519: Ed25519PrivateKey
    private let ecdsa: P256PrivateKey
    private let treeHeadVerifier: TreeHeadVerifier

    /// The signer of a log; the origin must be a valid key name.
    public init(origin: String, ed25519: Ed25519PrivateKey, ecdsa: P256PrivateKey) {
        precondition(KeyName.isValid(origin), "this origin cannot name a key")
        self.origin = origin
        self.ed25519 = ed25519
        self.ecdsa = ecdsa
        self.spki = ecdsa.publicKey.spki
        self.verifierKey = .ed25519(name: origin, ed25519.publicKey)
        self.treeHeadVerifier = TreeHeadVerifier(origin: origin, key: ecdsa.publicKey)
        self.treeHeadKey = treeHeadVerifier.verifierKey
        self.logID = treeHeadVerifier.logID
    }

    /// The checkpoint of a head with the Ed25519 line: the same bytes each time.
    public func sign(_ head: TreeHead) throws(NoteError) -> Note {
        let text = Checkpoint(origin: origin, head: head).text
        let bytes = try made { () throws(CryptoError) in
            try ed25519.signature(for: Array(text.utf8))
        }
        let line = NoteSignature(name: origin, keyID: verifierKey.keyID, bytes: bytes)
        guard verifierKey.isValidSignature(line, for: Array(text.utf8)) else {
            throw .signingFailed
        }
        return Note(text: text, signatures: [line])
    }

    /// The note with a tree head line of a time in milliseconds since 1970, after the Ed25519 line.
    ///
    /// An older tree head line of this key gives way. Throws ``NoteError/wrongText`` if the note
    /// is not this log's checkpoint of `head`.
    public func addTreeHeadSignature(
        to note: Note, head: TreeHead, timestampMS: UInt64
    ) throws(NoteError) -> Note {
        let text = Checkpoint(origin: origin, head: head).text
        guard note.text.utf8.elementsEqual(text.utf8) else { throw .wrongText }
        let message = TreeHeadSignature.message(timestampMS: timestampMS, head: head)
        let der = try made { () throws(CryptoError) in try ecdsa.signature(for: message) }
        let line = NoteSignature(
            name: origin, keyID: treeHeadKey.keyID,
            bytes: TreeHeadSignature(timestampMS: timestampMS, der: der).bytes)
        guard treeHeadVerifier.timestampMS(verifying: line, for: head) == timestampMS else {
            throw .signingFailed
        }
        var signatures = note.signatures.filter { !treeHeadKey.isNamed(by: $0) }
        let own = signatures.lastIndex { verifierKey.isNamed(by: $0) }
        signatures.insert(line, at: own.map { $0 + 1 } ?? 0)
        return Note(text: text, signatures: signatures)
    }

    /// What the tree head line of this log's key holds in a note that this log signed.
    ///
    /// `nil` without one. The line is read, not verified.
    public func treeHeadSignature(in note: String) -> TreeHeadSignature? {
        guard let note = try? Note(parsing: Array(note.utf8)) else { return nil }
        return note.signatures.first { treeHeadKey.isNamed(by: $0) }
            .flatMap { TreeHeadSignature($0.bytes) }
    }

    private func made(
        _ sign: () throws(CryptoError) -> [UInt8]
    ) throws(NoteError) -> [UInt8] {
        do {
            return try sign()
        } catch {
            throw .signingFailed
        }
    }
}
