// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// Why bytes are no chain key.
public enum ChainKeyError: Error, Hashable, Sendable {
    /// A chain key has exactly 32 bytes.
    case wrongLength(Int)
}

/// The key of one epoch of the HMAC chain: 32 random bytes, of one log, never a passphrase.
///
/// Every MAC and all of its input is public, so a key that can be guessed is found offline. Safe
/// from any thread.
public final class ChainKey: Sendable {
    /// The number of bytes of every chain key: 32.
    public static let byteCount = 32

    private let mac: HMACSHA256
    /// `HMAC(K, "evident.kcv.v1")[0..<8]`: tells keys apart without saying anything of them.
    public let checkValue: [UInt8]

    /// A key of exactly 32 bytes, of which libcrypto keeps its own copy.
    public init(_ bytes: borrowing SecretBytes) throws(ChainKeyError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength(bytes.count) }
        mac = HMACSHA256(key: bytes)
        checkValue = Array(mac.code(for: Array("evident.kcv.v1".utf8)).bytes.prefix(8))
    }

    /// What the first record's MAC is chained to: `HMAC(K_0, "evident.genesis.v1" ‖ 0x00 ‖ origin)`.
    public func genesis(_ origin: Origin) -> Digest {
        mac.code(for: Array("evident.genesis.v1".utf8) + [0x00] + Array(origin.text.utf8))
    }

    /// A record's MAC, `record_hash` in JSON:
    /// `HMAC(K, "evident.chain.v1" ‖ 0x00 ‖ u64(index) ‖ u64(timestamp) ‖ commitment ‖ previous)`.
    public func mac(
        index: UInt64, timestampMS: UInt64, commitment: Digest, previous: Digest
    ) -> Digest {
        withScratch(17 + 16 + 2 * Digest.byteCount) { message in
            message.append("evident.chain.v1\0")
            withUnsafeBytes(of: index.bigEndian) { message.append($0) }
            withUnsafeBytes(of: timestampMS.bigEndian) { message.append($0) }
            message.append(commitment)
            message.append(previous)
            return mac.code(for: message.written(0..<message.count))
        }
    }
}
