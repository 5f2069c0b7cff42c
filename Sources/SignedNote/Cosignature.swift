// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// What a cosignature line (type 0x04) holds: when the witness signed, and its signature.
///
/// By it a witness says that the checkpoint was the largest of the log that it had seen, and
/// consistent with all before. Source: https://c2sp.org/tlog-cosignature.
struct Cosignature: Hashable, Sendable {
    /// Seconds since 1970, below 2^63.
    let timeSeconds: UInt64

    /// An Ed25519 signature, 64 bytes.
    let signature: [UInt8]

    /// Reads the bytes of a line: `u64(time) ‖ signature`, 72 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 72 else { return nil }
        timeSeconds = bigEndian(bytes.prefix(8), as: UInt64.self)
        guard timeSeconds < 1 << 63 else { return nil }
        signature = Array(bytes.dropFirst(8))
    }

    /// What a witness signs for a checkpoint's text.
    static func message(timeSeconds: UInt64, text: [UInt8]) -> [UInt8] {
        Array("cosignature/v1\ntime \(timeSeconds)\n".utf8) + text
    }
}
