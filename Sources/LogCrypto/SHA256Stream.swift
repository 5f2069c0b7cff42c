// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// SHA-256 of bytes that come in pieces.
///
///     var stream = SHA256Stream()
///     stream.update(head)
///     stream.update(tail)
///     let digest = stream.finalize()
public struct SHA256Stream: ~Copyable, @unchecked Sendable {
    // Sendable because it has one owner: a context may move between threads, never be shared.
    private let context: OpaquePointer

    /// A stream that has seen no bytes.
    public init() {
        guard let context = copenssl_sha256_stream_new() else {
            preconditionFailure("libcrypto cannot compute SHA-256")
        }
        self.context = context
    }

    deinit {
        copenssl_sha256_stream_free(context)
    }

    /// Adds the bytes to those seen before.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256.expect(copenssl_sha256_stream_update(context, bytes.baseAddress, bytes.count))
    }

    /// Adds the bytes to those seen before.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// Adds a digest's 32 bytes to those seen before.
    public mutating func update(_ digest: Digest) {
        digest.withUnsafeBytes { update($0) }
    }

    /// The digest of all bytes seen; the stream ends here.
    public consuming func finalize() -> Digest {
        Digest { SHA256.expect(copenssl_sha256_stream_final(context, $0)) }
    }
}
