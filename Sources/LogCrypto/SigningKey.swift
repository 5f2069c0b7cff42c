// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The owner of one libcrypto key, public or private, that several values may share.
final class SigningKey: Sendable {
    // Sendable because libcrypto lets any number of threads use a key that none changes.
    private nonisolated(unsafe) let pointer: OpaquePointer

    init?(_ pointer: OpaquePointer?) {
        guard let pointer else { return nil }
        self.pointer = pointer
    }

    deinit {
        copenssl_key_free(pointer)
    }

    /// A signature of at most `maxCount` bytes.
    func signature(for message: [UInt8], maxCount: Int) throws(CryptoError) -> [UInt8] {
        let signature = [UInt8](unsafeUninitializedCapacity: maxCount) { out, initialized in
            guard let start = out.baseAddress else { return }
            initialized = copenssl_sign(pointer, message, message.count, start, maxCount)
        }
        guard !signature.isEmpty else { throw .signingFailed }
        return signature
    }

    func isValidSignature(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        copenssl_verify(pointer, signature, signature.count, message, message.count) == 1
    }
}
