// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Makes one witness's cosignatures, and nothing else.
///
/// It cosigns whatever checkpoint it is given: that it is consistent with every one before is its
/// owner's to see to. Each signature is verified before it leaves. Safe from any thread.
public final class CosignatureSigner: Sendable {
    /// The key that verifies the cosignatures, under the witness's name.
    public let verifierKey: VerifierKey

    private let key: Ed25519PrivateKey

    /// The signer of a witness, whose name must be a valid key name; `nil` if it is not.
    ///
    /// The key must sign nothing else: a cosignature does not say who made it.
    public init?(name: String, key: Ed25519PrivateKey) {
        guard KeyName.isValid(name) else { return nil }
        self.key = key
        self.verifierKey = .cosignature(name: name, key.publicKey)
    }

    /// When this signer cosigned a note, in seconds since 1970; `nil` if it did not.
    public func timeSeconds(in note: Note) -> UInt64? {
        let text = Array(note.text.utf8)
        return note.signatures.first {
            verifierKey.isNamed(by: $0) && verifierKey.isValidSignature($0, for: text)
        }.flatMap { Cosignature($0.bytes) }?.timeSeconds
    }

    /// The cosignature of a checkpoint at a time in seconds since 1970, which is not 0.
    public func cosign(
        _ checkpoint: Checkpoint, timeSeconds: UInt64
    ) throws(NoteError) -> NoteSignature {
        precondition(1..<1 << 63 ~= timeSeconds, "a cosignature's time is between 1 and 2^63")
        let text = Array(checkpoint.text.utf8)
        let signature: [UInt8]
        do {
            signature = try key.signature(
                for: Cosignature.message(timeSeconds: timeSeconds, text: text))
        } catch {
            throw .signingFailed
        }
        var bytes: [UInt8] = []
        bytes.appendBigEndian(timeSeconds)
        let line = NoteSignature(
            name: verifierKey.name, keyID: verifierKey.keyID, bytes: bytes + signature)
        guard verifierKey.isValidSignature(line, for: text) else { throw .signingFailed }
        return line
    }
}
