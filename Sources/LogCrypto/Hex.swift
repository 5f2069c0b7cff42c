// SPDX-License-Identifier: Apache-2.0

/// Hexadecimal in lower case, two digits a byte.
public enum Hex {
    /// The bytes as lower-case digits.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        withContiguousBytes(bytes) { bytes in
            String(unsafeUninitializedCapacity: bytes.count * 2) { write(bytes, to: $0) }
        }
    }

    /// The bytes of lower-case digits; `nil` for an odd number of them or any other character.
    public static func decode(_ text: some StringProtocol) -> [UInt8]? {
        decode(ascii: text.utf8)
    }

    /// The bytes of lower-case digits, given as the characters' bytes.
    public static func decode(ascii text: some Collection<UInt8>) -> [UInt8]? {
        withContiguousBytes(text) { text in
            guard text.count.isMultiple(of: 2) else { return nil }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(text.count / 2)
            for place in stride(from: 0, to: text.count, by: 2) {
                guard let high = value(of: text[place]), let low = value(of: text[place + 1])
                else { return nil }
                bytes.append(high << 4 | low)
            }
            return bytes
        }
    }

    /// Appends a digest's 64 digits without an allocation of its own.
    public static func append(_ digest: Digest, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { buffer in
            _ = digest.withUnsafeBytes { write($0, to: buffer) }
            bytes.append(contentsOf: UnsafeBufferPointer(buffer))
        }
    }

    private static let digits: StaticString = "0123456789abcdef"

    /// Writes the digits and gives their number.
    private static func write(
        _ bytes: UnsafeRawBufferPointer, to text: UnsafeMutableBufferPointer<UInt8>
    ) -> Int {
        let digits = Self.digits.utf8Start
        for (place, byte) in bytes.enumerated() {
            text[place * 2] = digits[Int(byte >> 4)]
            text[place * 2 + 1] = digits[Int(byte & 15)]
        }
        return bytes.count * 2
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - 48
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - 87
        default: nil
        }
    }
}
