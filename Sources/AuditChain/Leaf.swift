// SPDX-License-Identifier: Apache-2.0

import Glibc
public import LogCrypto

/// Why bytes are no leaf of version 1.
public enum LeafError: Error, Hashable, Sendable {
    /// A leaf has exactly 118 bytes.
    case wrongLength(Int)
    /// The bytes differ from the template of version 1.
    case notThisTemplate
}

/// What the tree holds of a record: its time, its salted commitment and its chain MAC.
///
/// Shaped as RFC 6962 §3.4 `MerkleTreeLeaf`, with an entry type outside that RFC:
///
///     u8(0) ‖ u8(0) ‖ u64(timestamp_ms) ‖ u16(0x8000) ‖ u24(101) ‖ data ‖ u16(0)
///     data = {"c":"<base64url(commitment)>","m":"<base64url(mac)>"}
///
/// Public: it tells nothing of the record, nor gives any way to test a guess at it.
public struct Leaf: Hashable, Sendable {
    /// The number of bytes of every leaf: 118.
    public static let byteCount = 118

    /// Milliseconds since 1970 by the log's clock, rounded down to the log's granularity.
    public let timestampMS: UInt64
    /// The salted commitment to the record.
    public let commitment: Digest
    /// The record's MAC in the HMAC chain.
    public let mac: Digest

    /// A leaf of these three parts.
    public init(timestampMS: UInt64, commitment: Digest, mac: Digest) {
        self.timestampMS = timestampMS
        self.commitment = commitment
        self.mac = mac
    }

    /// Decodes, encodes again, and compares all 118 bytes.
    public init(decoding bytes: [UInt8]) throws(LeafError) {
        self = try bytes.withUnsafeBufferPointer { bytes throws(LeafError) in
            try Leaf(decoding: UnsafeRawBufferPointer(bytes))
        }
    }

    /// The same, for bytes that lie in a larger buffer.
    public init(decoding bytes: UnsafeRawBufferPointer) throws(LeafError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength(bytes.count) }
        guard let commitment = LeafText.digest(.init(rebasing: bytes[21..<64])),
            let mac = LeafText.digest(.init(rebasing: bytes[71..<114]))
        else { throw .notThisTemplate }
        self.init(
            timestampMS: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self)),
            commitment: commitment, mac: mac)
        let isTemplate = withEncoded { encoded in
            guard let encoded = encoded.baseAddress, let given = bytes.baseAddress else {
                return false
            }
            return memcmp(encoded, given, Self.byteCount) == 0
        }
        guard isTemplate else { throw .notThisTemplate }
    }

    /// The 118 bytes.
    public var encoded: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { memory, count in
            count = write(to: UnsafeMutableRawBufferPointer(memory))
        }
    }

    /// Appends the 118 bytes.
    public func append(to bytes: inout [UInt8]) {
        withEncoded { bytes.append(contentsOf: $0) }
    }

    /// The leaf's hash in the tree: `SHA256(0x00 ‖ leaf)`.
    public var hash: Digest {
        withEncoded { SHA256.hash(prefix: 0x00, $0) }
    }

    /// The hash of a leaf that is already encoded.
    public static func hash(encoded: [UInt8]) -> Digest {
        encoded.withUnsafeBytes { SHA256.hash(prefix: 0x00, $0) }
    }

    private func withEncoded<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeTemporaryAllocation(byteCount: Self.byteCount, alignment: 8) { memory in
            _ = write(to: memory)
            return body(UnsafeRawBufferPointer(memory))
        }
    }

    private func write(to memory: UnsafeMutableRawBufferPointer) -> Int {
        var writer = CanonicalWriter(memory)
        writer.append("\0\0")
        withUnsafeBytes(of: timestampMS.bigEndian) { writer.append($0) }
        // Entry type 0x8000, and the length of the data as three bytes.
        withUnsafeBytes(of: (0x80_0000_0065 as UInt64).bigEndian) {
            writer.append(UnsafeRawBufferPointer(rebasing: $0[3...]))
        }
        writer.append(#"{"c":""#)
        LeafText.append(commitment, to: &writer)
        writer.append(#"","m":""#)
        LeafText.append(mac, to: &writer)
        writer.append(#""}"#)
        writer.append("\0\0")
        return writer.count
    }
}

/// Base64url of 32 bytes, 43 digits, without an allocation: leaves are written and read by the
/// million.
private enum LeafText {
    private static let digits: StaticString =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    /// What each byte stands for as a digit; 64 for those that are none.
    private static let values: [UInt8] = (0...255).map { byte in
        (0..<64).first { digits.utf8Start[Int($0)] == byte } ?? 64
    }

    static func append(_ digest: Digest, to writer: inout CanonicalWriter) {
        digest.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: 30, by: 3) {
                let group =
                    UInt32(bytes[start]) << 16 | UInt32(bytes[start + 1]) << 8
                    | UInt32(bytes[start + 2])
                append(group, digits: 4, to: &writer)
            }
            append(UInt32(bytes[30]) << 16 | UInt32(bytes[31]) << 8, digits: 3, to: &writer)
        }
    }

    /// The digest of 43 digits, or nil if one of them is none.
    ///
    /// Spare bits are left to the caller, who compares what the digest is written as.
    static func digest(_ text: UnsafeRawBufferPointer) -> Digest? {
        values.withUnsafeBufferPointer { values in
            withUnsafeTemporaryAllocation(byteCount: 33, alignment: 8) { bytes in
                var union: UInt8 = 0
                for group in 0..<11 {
                    var bits: UInt32 = 0
                    for place in group * 4..<group * 4 + 4 {
                        let value = place < 43 ? values[Int(text[place])] : 0
                        union |= value
                        bits = bits << 6 | UInt32(value)
                    }
                    bytes[group * 3] = UInt8(truncatingIfNeeded: bits >> 16)
                    bytes[group * 3 + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                    bytes[group * 3 + 2] = UInt8(truncatingIfNeeded: bits)
                }
                guard union < 64 else { return nil }
                return Digest(UnsafeRawBufferPointer(rebasing: bytes[..<32]))
            }
        }
    }

    @inline(__always)
    private static func append(
        _ group: UInt32, digits count: UInt32, to writer: inout CanonicalWriter
    ) {
        for place in 0..<count {
            writer.append(digits.utf8Start[Int(group >> (18 - 6 * place) & 63)])
        }
    }
}
