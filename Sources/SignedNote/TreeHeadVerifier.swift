// SPDX-License-Identifier: Apache-2.0

public import LogCrypto
public import Merkle

/// Verifies one log's tree head lines (type 0x05).
public struct TreeHeadVerifier: Hashable, Sendable {
    /// The log's key under its origin.
    public let verifierKey: VerifierKey

    /// RFC 6962's log id: SHA-256 of the key.
    public let logID: Digest

    private let key: P256PublicKey

    /// The verifier of a log; `nil` if the origin cannot name a key or the key is no P-256 key.
    public init?(origin: String, spki: [UInt8]) {
        guard KeyName.isValid(origin), let key = P256PublicKey(spki: spki) else { return nil }
        self.init(origin: origin, key: key)
    }

    init(origin: String, key: P256PublicKey) {
        self.key = key
        self.logID = SHA256.hash(key.spki)
        self.verifierKey = .treeHead(name: origin, key)
    }

    /// When the log signed this head, in milliseconds since 1970; `nil` if the line is not by this
    /// key or not for this head.
    public func timestampMS(verifying line: NoteSignature, for head: TreeHead) -> UInt64? {
        guard verifierKey.isNamed(by: line), let signature = TreeHeadSignature(line.bytes) else {
            return nil
        }
        let message = TreeHeadSignature.message(timestampMS: signature.timestampMS, head: head)
        return key.isValidSignature(signature.der, for: message) ? signature.timestampMS : nil
    }
}
