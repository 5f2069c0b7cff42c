// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import Glibc
import LogCrypto
import LogStorage
package import SignedNote

/// A log's identity and secrets, as its folder `keys` holds them.
///
/// | file | what | who could do what with it |
/// |---|---|---|
/// | `log.json` | origin, granularity, chain schedule with check values | nothing: it is public |
/// | `chain-<epoch>.key` | K_e, 32 random bytes | forge chain links, and verify them |
/// | `idempotency.key` | K_idem, 32 random bytes | tell which key a submission had |
/// | `ed25519.key` | seed of the checkpoint key | sign another history in the log's name |
/// | `ecdsa-p256.key` | scalar of the tree head key | the same, for RFC 6962 clients |
/// | `es256-receipt.key` | scalar of the receipt key | sign receipts for heads never published |
/// | `used` | empty: a log was begun with these keys | nothing |
package struct LogKeys: Sendable {
    package let identity: LogIdentity
    package let schedule: ChainSchedule
    package let signer: CheckpointSigner
    package let idempotency: IdempotencyKeys
    /// For RFC 9942 receipts, and nothing else.
    package let receiptSigner: ReceiptSigner
    /// Where they lie; nil for keys that die with the process.
    private let folder: String?

    /// Whether `folder` holds a log's keys.
    package static func exist(in folder: String) -> Bool {
        access(folder + "/log.json", F_OK) == 0
    }

    /// Makes new keys in `folder`, which must not exist.
    ///
    /// All or nothing: they are written beside it, made durable, and then renamed into place.
    package static func create(
        in folder: String, origin: Origin, granularityMS: UInt64
    ) throws {
        let draft = folder + ".draft"
        try removeDraft(draft)
        try PrivateFile.makeFolder(draft)
        let chainKey = SecretBytes.random(count: 32)
        try write(chainKey, to: draft + "/chain-0.key")
        try write(.random(count: 32), to: draft + "/idempotency.key")
        try write(.random(count: 32), to: draft + "/ed25519.key")
        try write(randomScalar(), to: draft + "/ecdsa-p256.key")
        try write(randomScalar(), to: draft + "/es256-receipt.key")
        let identity = LogIdentity(
            origin: origin, granularityMS: granularityMS,
            chain: [.init(first: 0, checkValue: try ChainKey(chainKey).checkValue)])
        try identity.json.withUnsafeBytes { bytes in
            try PrivateFile.create(draft + "/log.json", bytes)
        }
        try PrivateFile.flushFolder(draft)
        guard rename(draft, folder) == 0 else {
            throw FileError(folder, cannot: "move the new keys to it", errno: errno)
        }
        try PrivateFile.flushFolder(of: folder)
    }

    /// Loads the keys, and checks them against the schedule's check values.
    package static func load(from folder: String) throws -> LogKeys {
        let identity = try LogIdentity.load(path: folder + "/log.json")
        var epochs: [ChainSchedule.Epoch] = []
        for (number, epoch) in identity.chain.enumerated() {
            let path = folder + "/chain-\(number).key"
            let key = try ChainKey(PrivateFile.readSecret(path, count: 32))
            guard key.checkValue == epoch.checkValue else {
                throw KeyError("\(path) is not the key that log.json names")
            }
            epochs.append(ChainSchedule.Epoch(first: epoch.first, key: key))
        }
        let signer = CheckpointSigner(
            origin: identity.origin.text,
            ed25519: try Ed25519PrivateKey(
                seed: PrivateFile.readSecret(folder + "/ed25519.key", count: 32)),
            ecdsa: try P256PrivateKey(
                scalar: PrivateFile.readSecret(folder + "/ecdsa-p256.key", count: 32)))
        let receipt = try P256PrivateKey(
            scalar: PrivateFile.readSecret(folder + "/es256-receipt.key", count: 32))
        return LogKeys(
            identity: identity, schedule: try ChainSchedule(epochs), signer: signer,
            idempotency: IdempotencyKeys(
                key: try PrivateFile.readSecret(folder + "/idempotency.key", count: 32)),
            receiptSigner: ReceiptSigner(origin: identity.origin.text, ecdsa: receipt),
            folder: folder)
    }

    /// New keys that are kept nowhere, for a log that dies with the process: a second start under
    /// kept keys would be a second history.
    package static func ephemeral(origin: Origin, granularityMS: UInt64) throws -> LogKeys {
        let chainKey = try ChainKey(SecretBytes.random(count: 32))
        return LogKeys(
            identity: LogIdentity(
                origin: origin, granularityMS: granularityMS,
                chain: [.init(first: 0, checkValue: chainKey.checkValue)]),
            schedule: ChainSchedule(chainKey),
            signer: CheckpointSigner(
                origin: origin.text, ed25519: try Ed25519PrivateKey(seed: .random(count: 32)),
                ecdsa: try P256PrivateKey(scalar: randomScalar())),
            idempotency: IdempotencyKeys(key: .random(count: 32)),
            receiptSigner: ReceiptSigner(
                origin: origin.text, ecdsa: try P256PrivateKey(scalar: randomScalar())),
            folder: nil)
    }

    /// Whether a log has been begun with these keys.
    var areUsed: Bool {
        guard let folder else { return false }
        return access(folder + "/used", F_OK) == 0
    }

    /// Remembers, durably, that a log has been begun with these keys.
    func markUsed() throws(FileError) {
        guard let folder, !areUsed else { return }
        try PrivateFile.create(folder + "/used", UnsafeRawBufferPointer(start: nil, count: 0))
        try PrivateFile.flushFolder(folder)
    }

    /// A private scalar of P-256: one random number in 2^32 exceeds the group's order, and is drawn
    /// again.
    private static func randomScalar() -> SecretBytes {
        while true {
            let scalar = SecretBytes.random(count: 32)
            if (try? P256PrivateKey(scalar: scalar)) != nil { return scalar }
        }
    }

    private static func write(_ key: borrowing SecretBytes, to path: String) throws {
        try key.withUnsafeBytes { bytes throws in try PrivateFile.create(path, bytes) }
    }

    private static func removeDraft(_ draft: String) throws(FileError) {
        let names = [
            "log.json", "chain-0.key", "idempotency.key", "ed25519.key", "ecdsa-p256.key",
            "es256-receipt.key",
        ]
        for name in names { unlink(draft + "/" + name) }
        guard rmdir(draft) == 0 || errno == ENOENT else {
            throw FileError(draft, cannot: "remove what was left unfinished", errno: errno)
        }
    }
}
