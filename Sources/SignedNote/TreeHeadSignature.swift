// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle

/// What a tree head line (type 0x05) holds: RFC 6962's signature of a head at a time.
///
/// The same two values are `timestamp` and `tree_head_signature` of RFC 6962's get-sth. Source:
/// https://c2sp.org/static-ct-api and RFC 6962 §3.5.
public struct TreeHeadSignature: Hashable, Sendable {
    /// SHA-256 and ECDSA as RFC 5246 §7.4.1.4.1 numbers them.
    private static let algorithms: [UInt8] = [0x04, 0x03]

    /// Milliseconds since 1970.
    public let timestampMS: UInt64

    /// RFC 5246's DigitallySigned: algorithms, length, and the signature in DER.
    public let digitallySigned: [UInt8]

    /// The signature in DER.
    var der: [UInt8] { Array(digitallySigned.dropFirst(4)) }

    /// A signature made at a time; `der` has at most 65,535 bytes.
    init(timestampMS: UInt64, der: [UInt8]) {
        self.timestampMS = timestampMS
        var signed = Self.algorithms
        signed.appendBigEndian(UInt16(der.count))
        self.digitallySigned = signed + der
    }

    /// Reads the bytes of a line, `u64(timestamp) ‖ DigitallySigned`; verifies nothing.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count > 12, bytes.count - 12 <= Int(UInt16.max) else { return nil }
        self.init(
            timestampMS: bigEndian(bytes.prefix(8), as: UInt64.self),
            der: Array(bytes.dropFirst(12)))
        guard self.bytes == bytes else { return nil }
    }

    /// The bytes of a line.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(timestampMS)
        return bytes + digitallySigned
    }

    /// RFC 6962's TreeHeadSignature, which is what the key signs: version v1, type tree_hash.
    static func message(timestampMS: UInt64, head: TreeHead) -> [UInt8] {
        var message: [UInt8] = [0x00, 0x01]
        message.appendBigEndian(timestampMS)
        message.appendBigEndian(head.size)
        message.append(head.root)
        return message
    }
}
