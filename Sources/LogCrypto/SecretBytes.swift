// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Bytes that must not be left behind: one buffer, never copied, overwritten when its owner goes.
///
/// It cannot be copied, so it cannot be printed, described or put into an `Any`.
public struct SecretBytes: ~Copyable, @unchecked Sendable {
    // Sendable because nothing writes to the buffer between init and deinit.
    private let buffer: UnsafeMutableRawBufferPointer

    private init(count: Int) {
        precondition(count >= 0, "a secret cannot have \(count) bytes")
        // A buffer without bytes would have no address.
        let start = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 16)
        buffer = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    /// `count` bytes from the system's secure generator.
    public static func random(count: Int) -> SecretBytes {
        let secret = SecretBytes(count: count)
        SecureRandom.fill(secret.buffer, secret: true)
        return secret
    }

    /// A copy of the bytes; overwriting the source is up to the caller.
    public init(copying bytes: some Collection<UInt8>) {
        self.init(count: bytes.count)
        buffer.copyBytes(from: bytes)
    }

    deinit {
        guard let start = buffer.baseAddress else { return }
        copenssl_cleanse(start, buffer.count)
        start.deallocate()
    }

    /// The number of bytes.
    public var count: Int { buffer.count }

    /// Calls `body` with the bytes, which are valid during the call only.
    public func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(buffer))
    }
}
