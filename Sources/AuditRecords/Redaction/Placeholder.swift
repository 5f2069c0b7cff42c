// SPDX-License-Identifier: Apache-2.0

/// What stands where something was taken out.
///
/// Whatever looks like one is left alone, so that a second pass changes nothing. A producer can
/// write one itself, which is why counts come from the redactor alone; it cannot hide much in one:
/// no more than four digits in a row.
enum Placeholder {
    /// A rule's id: what stands in counts and placeholders.
    static let namePattern = "[a-z][a-z_]*(?:[0-9]{1,4}[a-z_]+)*[0-9]{0,4}"

    static let pattern =
        "<redacted(?::\(namePattern))?>|<\(namePattern)-redacted>"
        + "|(?:tok|dig)_[a-z][a-z0-9]{0,31}_[a-z2-7]{8}_(?:[a-z2-7]{52}|[a-z2-7]{26})"
        + #"|\*{4}[A-Za-z0-9]{0,4}"#

    /// Of a string that could not be scanned, and its count.
    static let unscanned = "unscanned"
    /// Of the value of a denied name, and its count.
    static let deniedName = "key_name"
    /// Of a member that the field policy replaces or removes, and its count.
    static let field = "field"

    /// The count of members that a capture mode replaces or removes.
    static let capture = "capture"

    static let reserved: Set<String> = [
        unscanned, deniedName, field, capture, "number_as_text",
    ]

    static func text(_ rule: String, _ style: PlaceholderStyle) -> String {
        guard style == .kerno else { return "<redacted:\(rule)>" }
        switch rule {
        case "ipv4", "ipv6": return "<ip-redacted>"
        case "unix_path", "windows_path": return "<path-redacted>"
        default: return "<\(rule)-redacted>"
        }
    }

    static func isName(_ text: String) -> Bool {
        var digits = 0
        guard 1...40 ~= text.utf8.count, text.utf8.first?.isLowercase == true else { return false }
        return text.utf8.allSatisfy { byte in
            digits = byte.isDigit ? digits + 1 : 0
            return digits <= 4 && (byte.isDigit || byte.isLowercase || byte == UInt8(ascii: "_"))
        }
    }
}
