// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogCrypto
import LogStorage
package import SignedNote

/// A witness's key, as its folder holds it.
///
/// | file | what | who could do what with it |
/// |---|---|---|
/// | `witness.vkey` | name and public key | verify cosignatures: it is public |
/// | `cosigner.key` | seed of the key | cosign in the witness's name |
package enum WitnessKey {
    /// Makes a new key, durably; a key that is there already is never replaced.
    package static func create(in folder: String, name: String) throws -> VerifierKey {
        try PrivateFile.makeFolder(folder)
        let path = folder + "/cosigner.key"
        let seed = SecretBytes.random(count: 32)
        let key = try Ed25519PrivateKey(seed: seed)
        guard let signer = CosignatureSigner(name: name, key: key) else {
            throw KeyError(
                "a witness's name has no white space and no plus sign, and is not empty")
        }
        guard access(path, F_OK) != 0 else {
            throw FileError(.malformed, path, "is there already: this folder is a witness's")
        }
        // A crash between the two leaves a name without a key, which the next run writes again.
        try PrivateFile.replace(
            folder + "/witness.vkey", with: Array((signer.verifierKey.vkey + "\n").utf8))
        try seed.withUnsafeBytes { bytes throws in try PrivateFile.create(path, bytes) }
        try PrivateFile.flushFolder(folder)
        return signer.verifierKey
    }

    /// The signer of a folder.
    package static func load(from folder: String) throws -> CosignatureSigner {
        let path = folder + "/witness.vkey"
        guard let bytes = try PrivateFile.read(path, limit: 4_096), bytes.last == 0x0A,
            let text = String(validating: bytes.dropLast(), as: UTF8.self),
            let vkey = try? VerifierKey(parsing: text)
        else { throw FileError(.malformed, path, "holds no verifier key of a witness") }
        let seed = try PrivateFile.readSecret(folder + "/cosigner.key", count: 32)
        guard
            let signer = CosignatureSigner(name: vkey.name, key: try Ed25519PrivateKey(seed: seed)),
            signer.verifierKey == vkey
        else { throw KeyError("\(folder)/cosigner.key is not the key that witness.vkey names") }
        return signer
    }
}
