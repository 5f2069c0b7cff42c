// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Random bytes from libcrypto's generator, which the operating system's seeds.
public enum SecureRandom {
    /// `count` random bytes.
    ///
    /// A secret is drawn by ``SecretBytes/random(count:)`` instead.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let drawn = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            fill(UnsafeMutableRawBufferPointer(drawn))
            initialized = count
        }
    }

    /// Fills the buffer; stops the process if there is no randomness to be had.
    static func fill(_ buffer: UnsafeMutableRawBufferPointer, secret: Bool = false) {
        guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
        let done = copenssl_random(start, buffer.count, secret ? 1 : 0)
        precondition(done == 1, "libcrypto has no random bytes")
    }
}
