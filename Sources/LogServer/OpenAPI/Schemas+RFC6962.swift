// SPDX-License-Identifier: Apache-2.0

/// The shapes of RFC 6962, section 4.
extension Schemas {
    /// 32 bytes in base64.
    static let hash64: YAML = ["type": "string", "pattern": "^[A-Za-z0-9+/]{43}=$"]
    /// The size of a tree that has a leaf.
    static let size: YAML = ["type": "integer", "minimum": 1]

    static var certificateTransparency: [(String, YAML)] {
        let base64: YAML = ["type": "string", "contentEncoding": "base64"]
        let hashes: YAML = ["type": "array", "items": base64]
        let entry: [(String, YAML)] = [("leaf_input", base64), ("extra_data", ["const": ""])]
        return [
            (
                "SignedTreeHead",
                object([
                    ("tree_size", number), ("timestamp", number), ("sha256_root_hash", base64),
                    ("tree_head_signature", base64),
                ])
            ),
            ("STHConsistency", object([("consistency", hashes)])),
            ("ProofByHash", object([("leaf_index", number), ("audit_path", hashes)])),
            (
                "Entries",
                object([("entries", ["type": "array", "minItems": 1, "items": object(entry)])])
            ),
            ("EntryAndProof", object(entry + [("audit_path", hashes)])),
            ("Roots", object([("certificates", ["type": "array", "maxItems": 0])])),
        ]
    }
}
