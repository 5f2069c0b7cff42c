// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
import LogStorage
package import SignedNote

/// What a verifier holds of a log: its name, its verifier keys, and those chain keys that it was
/// given.
///
/// Without any chain key the tree and the commitments are checked, and the report says that the
/// chain was not.
package struct VerificationKeys: Sendable {
    /// One epoch of the chain.
    package struct Epoch: Sendable {
        /// The first index whose MAC is made with the epoch's key.
        package let first: UInt64
        /// The check value of the schedule.
        package let checkValue: [UInt8]
        /// The key; nil if it is not there, or is another one than the schedule names.
        package let key: ChainKey?

        package init(first: UInt64, checkValue: [UInt8], key: ChainKey?) {
            self.first = first
            self.checkValue = checkValue
            self.key = key
        }
    }

    package let origin: Origin
    /// Milliseconds that public times are multiples of; 1 if unknown.
    package let granularityMS: UInt64
    /// In order; empty if nothing is known of the chain.
    package let epochs: [Epoch]
    /// The keys that sign the log's checkpoints.
    package let verifierKeys: [VerifierKey]
    /// Epochs whose key file holds another key than the schedule names.
    package let wrongEpochs: [Int]

    package init(
        origin: Origin, granularityMS: UInt64, epochs: [Epoch], verifierKeys: [VerifierKey],
        wrongEpochs: [Int] = []
    ) {
        self.origin = origin
        self.granularityMS = granularityMS
        self.epochs = epochs
        self.verifierKeys = verifierKeys
        self.wrongEpochs = wrongEpochs
    }

    /// All of a log's own keys.
    package init(_ keys: LogKeys) {
        self.init(
            origin: keys.identity.origin, granularityMS: keys.identity.granularityMS,
            epochs: zip(keys.identity.chain, keys.schedule.epochs).map {
                Epoch(first: $0.first, checkValue: $0.checkValue, key: $1.key)
            }, verifierKeys: [keys.signer.verifierKey])
    }

    /// Loads from a log's folder `keys` what is there of it: `log.json` must be; chain keys and the
    /// checkpoint key may be missing.
    ///
    /// - Parameter given: verifier keys from elsewhere, which are better evidence than the log's own
    ///   folder; the folder's key is taken only without any.
    package static func load(
        from folder: String, given: [VerifierKey] = []
    ) throws -> VerificationKeys {
        let identity = try LogIdentity.load(path: folder + "/log.json")
        var (epochs, wrong) = ([Epoch](), [Int]())
        for (number, epoch) in identity.chain.enumerated() {
            let key = try chainKey(folder + "/chain-\(number).key")
            let isRight = key?.checkValue == epoch.checkValue
            if key != nil, !isRight { wrong.append(number) }
            epochs.append(
                Epoch(
                    first: epoch.first, checkValue: epoch.checkValue, key: isRight ? key : nil))
        }
        return VerificationKeys(
            origin: identity.origin, granularityMS: identity.granularityMS, epochs: epochs,
            verifierKeys: given.isEmpty ? try ownKey(folder, identity.origin) : given,
            wrongEpochs: wrong)
    }

    private static func chainKey(_ path: String) throws(FileError) -> ChainKey? {
        do throws(FileError) {
            let bytes = try PrivateFile.readSecret(path, count: ChainKey.byteCount)
            return try? ChainKey(bytes)
        } catch {
            guard error.code == .missing else { throw error }
            return nil
        }
    }

    private static func ownKey(
        _ folder: String, _ origin: Origin
    ) throws(FileError) -> [VerifierKey] {
        do throws(FileError) {
            let seed = try PrivateFile.readSecret(folder + "/ed25519.key", count: 32)
            guard let key = try? Ed25519PrivateKey(seed: seed) else { return [] }
            return [.ed25519(name: origin.text, key.publicKey)]
        } catch {
            guard error.code == .missing else { throw error }
            return []
        }
    }

    /// The place in ``epochs`` of the epoch that an index falls in.
    func epoch(at index: UInt64) -> Int {
        epochs.lastIndex { $0.first <= index } ?? 0
    }

    /// The key that MACs an index; nil if it is not held.
    func key(at index: UInt64) -> ChainKey? {
        epochs.isEmpty ? nil : epochs[epoch(at: index)].key
    }

    /// What the MAC at index 0 is chained to; nil without the first key.
    var genesis: Digest? { epochs.first?.key?.genesis(origin) }

    /// Whether no chain key is held at all.
    var areBlind: Bool { epochs.allSatisfy { $0.key == nil } }
}
