// SPDX-License-Identifier: Apache-2.0

import LogCrypto

/// Writes JSON straight to bytes, in the order of the calls.
///
/// The caller balances the brackets.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func open() { begin(UInt8(ascii: "{")) }
    mutating func close() { end(UInt8(ascii: "}")) }
    mutating func openArray() { begin(UInt8(ascii: "[")) }
    mutating func closeArray() { end(UInt8(ascii: "]")) }

    /// A line's end between two texts.
    mutating func newline() {
        bytes.append(UInt8(ascii: "\n"))
        needsComma = false
    }

    /// The name of the value that is written next.
    ///
    /// It needs no escape.
    mutating func name(_ name: StaticString) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func member(_ name: StaticString, _ value: String) {
        self.name(name)
        string(value)
    }

    mutating func member(_ name: StaticString, _ value: UInt64) {
        self.name(name)
        number(value)
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        raw((value ? "true" : "false").utf8)
    }

    mutating func member(_ name: StaticString, _ values: [UInt64]) {
        self.name(name)
        openArray()
        for value in values { number(value) }
        closeArray()
    }

    mutating func member(_ name: StaticString, _ values: [String]) {
        self.name(name)
        openArray()
        for value in values { string(value) }
        closeArray()
    }

    mutating func member(_ name: StaticString, hex digest: Digest) {
        self.name(name)
        bytes.append(UInt8(ascii: "\""))
        Hex.append(digest, to: &bytes)
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// An array of digests in base64.
    mutating func member(_ name: StaticString, base64 digests: [Digest]) {
        self.name(name)
        openArray()
        for digest in digests {
            comma()
            bytes.append(UInt8(ascii: "\""))
            Base64.append(digest, to: &bytes)
            bytes.append(UInt8(ascii: "\""))
            needsComma = true
        }
        closeArray()
    }

    mutating func number(_ value: UInt64) {
        comma()
        bytes.appendDecimal(value)
        needsComma = true
    }

    mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { string(utf8: $0) }
    }

    mutating func string(utf8 value: [UInt8]) {
        value.withUnsafeBufferPointer { string(utf8: $0) }
    }

    /// Text without escapes goes as it is, up to the next byte that needs one.
    private mutating func string(utf8 value: UnsafeBufferPointer<UInt8>) {
        comma()
        bytes.append(UInt8(ascii: "\""))
        var start = 0
        for place in value.indices where Self.needsEscape(value[place]) {
            bytes.append(contentsOf: value[start..<place])
            appendEscape(value[place])
            start = place + 1
        }
        bytes.append(contentsOf: value[start...])
        bytes.append(UInt8(ascii: "\""))
        needsComma = true
    }

    /// A value that is JSON already.
    mutating func raw(_ value: some Sequence<UInt8>) {
        comma()
        bytes.append(contentsOf: value)
        needsComma = true
    }

    private static func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\n"): bytes.append(UInt8(ascii: "n"))
        case 0..<0x20: bytes.append(contentsOf: "u00\(Hex.encode([byte]))".utf8)
        default: bytes.append(byte)
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        comma()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func comma() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
    }
}
