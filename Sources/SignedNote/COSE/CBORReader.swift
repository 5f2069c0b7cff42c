// SPDX-License-Identifier: Apache-2.0

/// Reads the CBOR that ``CBORWriter`` writes, item by item.
///
/// Indefinite lengths are refused here; heads that are longer than they need be, by the caller, who
/// writes again what was read and compares.
struct CBORReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: some Collection<UInt8>) {
        rest = Array(bytes)[...]
    }

    /// Whether all has been read.
    var isAtEnd: Bool { rest.isEmpty }

    mutating func unsigned() throws(COSEReceiptError) -> UInt64 { try argument(of: 0) }

    mutating func bytes() throws(COSEReceiptError) -> [UInt8] {
        Array(try content(of: 2))
    }

    mutating func text() throws(COSEReceiptError) -> String {
        guard let text = String(validating: try content(of: 3), as: UTF8.self) else {
            throw .malformed
        }
        return text
    }

    /// An array's head, which must announce this many elements.
    mutating func array(_ count: Int) throws(COSEReceiptError) {
        guard try array() == count else { throw .malformed }
    }

    /// An array's head: at most 64 elements, for nothing here has more.
    mutating func array() throws(COSEReceiptError) -> Int {
        let count = try argument(of: 4)
        guard count <= 64 else { throw .malformed }
        return Int(count)
    }

    /// A map's head, which must announce this many entries.
    mutating func map(_ count: Int) throws(COSEReceiptError) {
        guard try argument(of: 5) == UInt64(count) else { throw .malformed }
    }

    mutating func tag(_ number: UInt64) throws(COSEReceiptError) {
        guard try argument(of: 6) == number else { throw .malformed }
    }

    mutating func null() throws(COSEReceiptError) {
        guard rest.popFirst() == 0xF6 else { throw .malformed }
    }

    /// This integer and no other.
    mutating func integer(_ value: Int64) throws(COSEReceiptError) {
        let argument = try argument(of: value < 0 ? 1 : 0)
        guard argument == UInt64(value < 0 ? -1 - value : value) else { throw .malformed }
    }

    private mutating func content(of type: UInt8) throws(COSEReceiptError) -> ArraySlice<UInt8> {
        let count = try argument(of: type)
        guard count <= UInt64(rest.count) else { throw .malformed }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    /// The argument of a head of this major type.
    private mutating func argument(of type: UInt8) throws(COSEReceiptError) -> UInt64 {
        guard let first = rest.popFirst(), first >> 5 == type else { throw .malformed }
        let short = first & 31
        guard short >= 24 else { return UInt64(short) }
        guard short <= 27, rest.count >= 1 << (short - 24) else { throw .malformed }
        let count = 1 << Int(short - 24)
        defer { rest = rest.dropFirst(count) }
        return bigEndian(rest.prefix(count), as: UInt64.self)
    }
}
