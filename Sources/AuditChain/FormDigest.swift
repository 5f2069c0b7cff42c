// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// The digest that recognises a repeated submission, and that dies with the record's seed.
public enum FormDigest {
    /// SHA256(0x05 ‖ seed ‖ form), where `form` is the canonical text of what was submitted, before
    /// anything was added to it.
    public static func digest(seed: Digest, form: [UInt8]) -> Digest {
        withScratch(1 + Digest.byteCount + form.count) { scratch in
            scratch.append(0x05 as UInt8)
            scratch.append(seed)
            form.withUnsafeBytes { scratch.append($0) }
            return SHA256.hash(scratch.written(0..<scratch.count))
        }
    }
}
