// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// HMAC-SHA-256 (RFC 2104) under one key.
///
/// Safe from any thread: a thread borrows a keyed context for each code, so threads neither wait
/// for one another's hashing nor share a state. The key is wiped when the value goes.
public final class HMACSHA256: Sendable {
    // Sendable because the pointer never changes and the functions behind it lock.
    private nonisolated(unsafe) let key: OpaquePointer

    /// Codes under a key of any length; libcrypto keeps its own copy of it.
    public init(key: borrowing SecretBytes) {
        let made = key.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { copenssl_hmac_new($0, bytes.count) }
        }
        guard let made else { preconditionFailure("libcrypto cannot compute HMAC-SHA-256") }
        self.key = made
    }

    deinit {
        copenssl_hmac_free(key)
    }

    /// The code of a message.
    ///
    /// Compare codes by ``Digest/constantTimeEquals(_:_:)``.
    public func code(for message: UnsafeRawBufferPointer) -> Digest {
        Digest { out in
            let done = copenssl_hmac_code(key, message.baseAddress, message.count, out)
            precondition(done == 1, "libcrypto cannot compute HMAC-SHA-256")
        }
    }

    /// The code of a message.
    ///
    /// Compare codes by ``Digest/constantTimeEquals(_:_:)``.
    public func code(for message: [UInt8]) -> Digest {
        message.withUnsafeBytes { code(for: $0) }
    }
}
