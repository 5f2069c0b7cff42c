// SPDX-License-Identifier: Apache-2.0

/// A SHA-256 digest or HMAC: 32 bytes, held without an allocation.
///
/// Also the form of everything else that has 32 bytes and no structure: seeds, commitments, log
/// ids. `==` is not constant-time; secrets are compared by ``constantTimeEquals(_:_:)``.
public struct Digest: Hashable, Sendable, CustomStringConvertible {
    /// The number of bytes of every digest: 32.
    public static let byteCount = 32

    /// 32 zero bytes.
    public static let zero = Digest(words: (0, 0, 0, 0))

    // The bytes in memory order, so that the value can be read in place.
    private let word0, word1, word2, word3: UInt64

    private init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    /// The digest that `fill` writes: exactly 32 bytes to the address that it is given.
    init(filledBy fill: (UnsafeMutableRawPointer) -> Void) {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutablePointer(to: &words) { fill(UnsafeMutableRawPointer($0)) }
        self.init(words: words)
    }

    /// A digest of exactly 32 bytes; `nil` for any other number.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(
            words: (
                bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
                bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
            ))
    }

    /// A digest of exactly 32 bytes; `nil` for any other number.
    public init?(_ bytes: some Collection<UInt8>) {
        guard let digest = withContiguousBytes(bytes, { Digest($0) }) else { return nil }
        self = digest
    }

    /// A digest from 64 lower-case hexadecimal digits; `nil` for any other text.
    public init?(hex: some StringProtocol) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// A digest from the one padded base64 text that stands for it; `nil` for any other text.
    public init?(base64: some StringProtocol) {
        guard let bytes = Base64.decode(base64) else { return nil }
        self.init(bytes)
    }

    /// 32 bytes from the system's secure generator.
    public static func random() -> Digest {
        Digest { SecureRandom.fill(UnsafeMutableRawBufferPointer(start: $0, count: byteCount)) }
    }

    /// Whether two digests are equal, in a time that does not tell where they differ.
    public static func constantTimeEquals(_ left: Digest, _ right: Digest) -> Bool {
        let differences =
            (left.word0 ^ right.word0) | (left.word1 ^ right.word1)
            | (left.word2 ^ right.word2) | (left.word3 ^ right.word3)
        return differences == 0
    }

    /// Calls `body` with the 32 bytes, which are valid during the call only.
    @inlinable
    public func withUnsafeBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try Swift.withUnsafeBytes(of: self, body)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        withUnsafeBytes { [UInt8]($0) }
    }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        withUnsafeBytes { Hex.encode($0) }
    }

    /// Base64 with padding: 44 characters.
    public var base64: String {
        withUnsafeBytes { Base64.encode($0) }
    }

    /// The same as ``hex``.
    public var description: String { hex }
}
