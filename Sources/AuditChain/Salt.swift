// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// The 16 bytes that keep one field's digest from being guessed.
///
/// Derived from the record's seed, so that it can be kept for one field when the seed is destroyed
/// to erase another.
public struct Salt: Hashable, Sendable {
    /// The number of bytes of every salt: 16.
    public static let byteCount = 16

    private let words: SIMD2<UInt64>

    /// A salt of exactly 16 bytes; `nil` for any other number.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        words = Array(bytes).withUnsafeBytes { $0.loadUnaligned(as: SIMD2<UInt64>.self) }
    }

    /// A salt from 32 lower-case hexadecimal digits; `nil` for any other text.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// The first 16 bytes of a digest.
    init(firstHalfOf digest: Digest) {
        words = Swift.withUnsafeBytes(of: digest) { $0.loadUnaligned(as: SIMD2<UInt64>.self) }
    }

    /// The 16 bytes.
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// 32 lower-case hexadecimal digits.
    public var hex: String { Hex.encode(bytes) }

    func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        Swift.withUnsafeBytes(of: words, body)
    }
}
