// SPDX-License-Identifier: Apache-2.0

let newline = UInt8(ascii: "\n")

/// The lines of a text that ends in a newline, without their newlines; `nil` for any other text.
func lines(of text: some Collection<UInt8>) -> [ArraySlice<UInt8>]? {
    let bytes = Array(text)
    guard bytes.last == newline else { return nil }
    return bytes.dropLast().split(separator: newline, omittingEmptySubsequences: false)
}

/// Whether a line has no control character (below U+0020).
func isPrintable(_ line: some Collection<UInt8>) -> Bool {
    line.allSatisfy { $0 >= 0x20 }
}

/// The number of a decimal without sign and without leading zeros; `nil` for any other text.
func decimal(_ text: ArraySlice<UInt8>) -> UInt64? {
    guard let first = text.first, first != UInt8(ascii: "0") || text.count == 1 else { return nil }
    var value: UInt64 = 0
    for character in text {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(character) else { return nil }
        let (tens, tooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflow) = tens.addingReportingOverflow(UInt64(character & 15))
        guard !tooLarge, !overflow else { return nil }
        value = sum
    }
    return value
}

/// The number that some bytes hold, the most significant first.
func bigEndian<T: FixedWidthInteger & UnsignedInteger>(
    _ bytes: some Collection<UInt8>, as type: T.Type
) -> T {
    precondition(bytes.count <= T.bitWidth / 8, "\(bytes.count) bytes do not fit in a \(T.self)")
    return bytes.reduce(0) { $0 << 8 | T($1) }
}
