// SPDX-License-Identifier: Apache-2.0

/// Base64 (RFC 4648 §4, with padding) and base64url (§5, without), read strictly.
///
/// A decoder accepts the one text that the encoder gives for some bytes and nothing else: no
/// white space, no missing or superfluous padding, no spare bits that are not zero.
public enum Base64 {
    /// Base64 with padding.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        withContiguousBytes(bytes) { text($0, .standard) }
    }

    /// Base64url without padding.
    public static func encodeURL(_ bytes: some Collection<UInt8>) -> String {
        withContiguousBytes(bytes) { text($0, .url) }
    }

    /// The bytes that ``encode(_:)`` turns into exactly this text; `nil` if there are none.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(ascii: text.utf8)
    }

    /// The bytes that ``encode(_:)`` turns into exactly this text, given as its characters' bytes.
    public static func decode(ascii text: some Collection<UInt8>) -> [UInt8]? {
        withContiguousBytes(text) { bytes($0, .standard) }
    }

    /// The bytes that ``encodeURL(_:)`` turns into exactly this text; `nil` if there are none.
    public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
        decodeURL(ascii: text.utf8)
    }

    /// The bytes that ``encodeURL(_:)`` turns into exactly this text, given as its characters'
    /// bytes.
    public static func decodeURL(ascii text: some Collection<UInt8>) -> [UInt8]? {
        withContiguousBytes(text) { bytes($0, .url) }
    }

    /// Appends a digest's base64, 44 bytes of ASCII, without an allocation of its own.
    public static func append(_ digest: Digest, to bytes: inout [UInt8]) {
        digest.withUnsafeBytes { append($0, .standard, to: &bytes) }
    }

    /// Appends a digest's base64url, 43 bytes of ASCII, without an allocation of its own.
    public static func appendURL(_ digest: Digest, to bytes: inout [UInt8]) {
        digest.withUnsafeBytes { append($0, .url, to: &bytes) }
    }
}

extension Base64 {
    private enum Variant {
        case standard, url

        var digits: StaticString {
            switch self {
            case .standard: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            case .url: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
            }
        }

        var isPadded: Bool { self == .standard }

        /// The six bits that a character stands for; 64 or more for one that stands for none.
        func value(of character: UInt8) -> UInt32 {
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character) - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character) - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character) + 4
            case UInt8(ascii: "+"): self == .standard ? 62 : 64
            case UInt8(ascii: "/"): self == .standard ? 63 : 64
            case UInt8(ascii: "-"): self == .url ? 62 : 64
            case UInt8(ascii: "_"): self == .url ? 63 : 64
            default: 64
            }
        }
    }

    private static func text(_ bytes: UnsafeRawBufferPointer, _ variant: Variant) -> String {
        String(unsafeUninitializedCapacity: textCount(bytes.count, variant)) {
            write(bytes, variant, to: $0)
        }
    }

    private static func append(
        _ bytes: UnsafeRawBufferPointer, _ variant: Variant, to text: inout [UInt8]
    ) {
        let count = textCount(bytes.count, variant)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
            _ = write(bytes, variant, to: buffer)
            text.append(contentsOf: UnsafeBufferPointer(buffer))
        }
    }

    private static func textCount(_ byteCount: Int, _ variant: Variant) -> Int {
        variant.isPadded ? (byteCount + 2) / 3 * 4 : (byteCount * 4 + 2) / 3
    }

    /// Writes the text and gives its length.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, _ variant: Variant,
        to text: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let digits = variant.digits.utf8Start
        let padded = variant.isPadded
        var written = 0
        func put(_ character: UInt8) {
            text[written] = character
            written += 1
        }
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            let first = UInt32(bytes[start]) << 16
            let second = left > 1 ? UInt32(bytes[start + 1]) << 8 : 0
            let third = left > 2 ? UInt32(bytes[start + 2]) : 0
            let group = first | second | third
            put(digits[Int(group >> 18)])
            put(digits[Int(group >> 12 & 63)])
            if left > 1 { put(digits[Int(group >> 6 & 63)]) } else if padded { put(padding) }
            if left > 2 { put(digits[Int(group & 63)]) } else if padded { put(padding) }
        }
        return written
    }

    private static func bytes(_ text: UnsafeRawBufferPointer, _ variant: Variant) -> [UInt8]? {
        guard let digitCount = digitCount(text, variant) else { return nil }
        var isValid = true
        let bytes = [UInt8](unsafeUninitializedCapacity: digitCount * 3 / 4) { out, written in
            var bits: UInt32 = 0
            var pending: UInt32 = 0
            for place in 0..<digitCount {
                let value = variant.value(of: text[place])
                guard value < 64 else {
                    isValid = false
                    return
                }
                bits = bits << 6 | value
                pending += 6
                guard pending >= 8 else { continue }
                pending -= 8
                out[written] = UInt8(truncatingIfNeeded: bits >> pending)
                written += 1
            }
            // Bits that are no whole byte could hide a second text for the same bytes.
            isValid = bits & (1 << pending - 1) == 0
        }
        return isValid ? bytes : nil
    }

    /// How many characters come before the padding; `nil` for a length that no text has.
    private static func digitCount(_ text: UnsafeRawBufferPointer, _ variant: Variant) -> Int? {
        guard variant.isPadded else { return text.count % 4 == 1 ? nil : text.count }
        guard text.count.isMultiple(of: 4) else { return nil }
        return text.count - text.suffix(2).reversed().prefix { $0 == padding }.count
    }

    private static let padding = UInt8(ascii: "=")
}
