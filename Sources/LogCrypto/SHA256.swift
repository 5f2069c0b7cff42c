// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes that are all in memory.
///
/// Safe from any thread: each thread reuses one libcrypto context. For bytes that come in pieces
/// there is ``SHA256Stream``.
public enum SHA256 {
    /// The digest of the bytes.
    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        Digest { out in
            expect(copenssl_sha256(bytes.baseAddress, bytes.count, out))
        }
    }

    /// The digest of the bytes.
    public static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The digest of the bytes.
    public static func hash(_ bytes: ArraySlice<UInt8>) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// `SHA256(prefix ‖ bytes)`: a digest in a domain of its own.
    public static func hash(prefix: UInt8, _ bytes: UnsafeRawBufferPointer) -> Digest {
        Digest { out in
            expect(copenssl_sha256_prefixed(prefix, bytes.baseAddress, bytes.count, out))
        }
    }

    /// `SHA256(prefix ‖ left ‖ right)`, 65 bytes: the hash of a tree's inner node.
    public static func hash(prefix: UInt8, _ left: Digest, _ right: Digest) -> Digest {
        left.withUnsafeBytes { left in
            right.withUnsafeBytes { right in
                Digest { out in
                    expect(copenssl_sha256_pair(prefix, left.baseAddress, right.baseAddress, out))
                }
            }
        }
    }

    /// Stops the process when libcrypto, out of memory or without a provider, cannot hash.
    ///
    /// No caller could go on: every answer of the log rests on a hash.
    static func expect(_ done: CInt) {
        precondition(done == 1, "libcrypto cannot compute SHA-256")
    }
}
