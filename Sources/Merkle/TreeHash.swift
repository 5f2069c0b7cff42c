// SPDX-License-Identifier: Apache-2.0

public import LogCrypto

/// The hash of a leaf or of a subtree: 32 bytes, SHA-256.
public typealias Hash = Digest

extension Digest {
    /// The root of the tree that has no leaves: SHA-256 of nothing.
    public static let emptyRoot = SHA256.hash([UInt8]())

    /// The hash of a leaf: `SHA256(0x00 ‖ leaf)`.
    ///
    /// Source: RFC 6962 §2.1.
    public static func leafHash(_ leaf: [UInt8]) -> Hash {
        leaf.withUnsafeBytes { leafHash($0) }
    }

    /// The hash of a leaf that lies in someone else's memory.
    public static func leafHash(_ leaf: UnsafeRawBufferPointer) -> Hash {
        SHA256.hash(prefix: 0x00, leaf)
    }

    /// The hash of a subtree from those of its two halves: `SHA256(0x01 ‖ left ‖ right)`.
    ///
    /// The two prefixes keep a node from ever being taken for a leaf. Source: RFC 6962 §2.1.
    public static func node(_ left: Hash, _ right: Hash) -> Hash {
        SHA256.hash(prefix: 0x01, left, right)
    }
}
