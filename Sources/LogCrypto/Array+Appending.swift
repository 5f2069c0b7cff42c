// SPDX-License-Identifier: Apache-2.0

extension Array<UInt8> {
    /// Appends a digest's 32 bytes.
    public mutating func append(_ digest: Digest) {
        digest.withUnsafeBytes { append(contentsOf: $0) }
    }

    /// Appends an integer's bytes, the most significant first.
    public mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends an integer as decimal ASCII digits without leading zeros: 1 to 20 bytes.
    public mutating func appendDecimal(_ value: UInt64) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (rest, start) = (value, 20)
            repeat {
                start -= 1
                digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
                rest /= 10
            } while rest > 0
            append(contentsOf: digits[start...])
        }
    }
}
