// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

/// `Tests/Vectors/checkpoint.json`, with the keys that it names.
struct CheckpointVector: Decodable {
    static let shared = try? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(CheckpointVector.self, from: Data(Vectors.data("checkpoint")))
    }()

    struct GetSTH: Decodable {
        let treeSize: UInt64
        let timestamp: UInt64
        let sha256RootHash: String
        let treeHeadSignature: String
    }

    let origin: String
    let ed25519Seed: String
    let vkey: String
    let ecdsaPrivateScalar: String
    let ecdsaSpkiBase64: String
    let logIdBase64: String
    let sthKeyId: String
    let sthTimestampMs: UInt64
    let witnessVkey: String
    let witnessSeed: String
    let cosignatureTimeS: UInt64
    let body: String
    let ed25519Line: String
    let cosignatureLine: String
    let note: String
    let getSth: GetSTH
}

extension CheckpointVector {
    static func load() throws -> CheckpointVector {
        try #require(shared)
    }

    var noteBytes: [UInt8] { Array(note.utf8) }

    func head() throws -> TreeHead {
        TreeHead(
            size: getSth.treeSize, root: try #require(Digest(base64: getSth.sha256RootHash)))
    }

    func signer() throws -> CheckpointSigner {
        let scalar = try #require(Hex.decode(ecdsaPrivateScalar))
        let padded = [UInt8](repeating: 0, count: 32 - scalar.count) + scalar
        return CheckpointSigner(
            origin: origin,
            ed25519: try Ed25519PrivateKey(
                seed: SecretBytes(copying: #require(Hex.decode(ed25519Seed)))),
            ecdsa: try P256PrivateKey(scalar: SecretBytes(copying: padded)))
    }

    func treeHeadKey() throws -> VerifierKey {
        let spki = try #require(Base64.decode(ecdsaSpkiBase64))
        return .treeHead(name: origin, try #require(P256PublicKey(spki: spki)))
    }

    /// The log's two keys and the witness's: each signed the note once.
    func keys() throws -> [VerifierKey] {
        [
            try VerifierKey(parsing: vkey), try treeHeadKey(),
            try VerifierKey(parsing: witnessVkey),
        ]
    }
}
