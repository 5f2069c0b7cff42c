// SPDX-License-Identifier: Apache-2.0

/// The small grammars of a record's own members, checked on bytes.
enum Grammar {
    /// A lower-case UUID: 8-4-4-4-12 hexadecimal digits.
    static func isUUID(_ text: UnsafeRawBufferPointer) -> Bool {
        guard text.count == 36 else { return false }
        for (place, byte) in text.enumerated() {
            switch place {
            case 8, 13, 18, 23:
                guard byte == UInt8(ascii: "-") else { return false }
            default:
                guard isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte else {
                    return false
                }
            }
        }
        return true
    }

    /// 1 to 64 characters of `[a-z0-9._-]`.
    ///
    /// A leading underscore is not among them: it marks the log's own tenants.
    static func isTenant(_ text: UnsafeRawBufferPointer) -> Bool {
        guard 1...64 ~= text.count, text[0] != UInt8(ascii: "_") else { return false }
        return text.allSatisfy { byte in
            isNameByte(byte) || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
        }
    }

    /// 1 to 64 characters: segments of `[a-z0-9_-]` joined by dots, the first byte a letter.
    static func isType(_ text: UnsafeRawBufferPointer) -> Bool {
        guard 1...64 ~= text.count, UInt8(ascii: "a")...UInt8(ascii: "z") ~= text[0] else {
            return false
        }
        var previous = UInt8(ascii: ".")
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard previous != UInt8(ascii: ".") else { return false }
            } else {
                guard isNameByte(byte) || byte == UInt8(ascii: "-") else { return false }
            }
            previous = byte
        }
        return previous != UInt8(ascii: ".")
    }

    /// Whether a valid type is `x.<vendor>.…`, which may bring top-level names of its own.
    static func isVendorType(_ text: UnsafeRawBufferPointer) -> Bool {
        text.starts(with: "x.".utf8) && text.dropFirst(2).contains(UInt8(ascii: "."))
    }

    /// A code such as `token_mismatch`: `[A-Za-z0-9][A-Za-z0-9_.:/-]*`.
    static func isWord(_ text: UnsafeRawBufferPointer) -> Bool {
        guard let first = text.first, isLetterOrDigit(first) else { return false }
        return text.allSatisfy { byte in
            isLetterOrDigit(byte) || byte == UInt8(ascii: "_")
                || UInt8(ascii: "-")...UInt8(ascii: "/") ~= byte || byte == UInt8(ascii: ":")
        }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || isDigit(byte) || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
