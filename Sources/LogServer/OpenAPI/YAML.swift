// SPDX-License-Identifier: Apache-2.0

/// As much of YAML as an OpenAPI document needs, written one way only.
package indirect enum YAML: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case bool(Bool)
    case list([YAML])
    /// Members in the order given.
    case map([Member])

    package struct Member: Sendable, Equatable {
        package let name: String
        package let value: YAML
    }

    /// The document's text.
    package var document: String {
        var text = ""
        append(to: &text, indent: 0)
        return text
    }

    private func append(to text: inout String, indent: Int) {
        let margin = String(repeating: " ", count: indent)
        switch self {
        case .map(let members):
            for member in members {
                text += "\(margin)\(Self.quote(member.name)):"
                member.value.appendValue(to: &text, indent: indent + 2)
            }
        case .list(let items):
            for item in items {
                // An item's first line begins behind the dash.
                var lines = ""
                item.append(to: &lines, indent: indent + 2)
                text += "\(margin)- \(lines.dropFirst(indent + 2))"
            }
        case .text, .integer, .bool: text += "\(margin)\(scalar)\n"
        }
    }

    /// What follows a name or a dash, with the line's end.
    private func appendValue(to text: inout String, indent: Int) {
        switch self {
        case .map(let members) where members.isEmpty: text += " {}\n"
        case .list(let items) where items.isEmpty: text += " []\n"
        case .list(let items) where items.allSatisfy(\.isScalar):
            text += " [\(items.map(\.scalar).joined(separator: ", "))]\n"
        case .map, .list:
            text += "\n"
            append(to: &text, indent: indent)
        case .text, .integer, .bool: text += " \(scalar)\n"
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .integer, .bool: true
        case .list, .map: false
        }
    }

    private var scalar: String {
        switch self {
        case .text(let text): Self.quote(text)
        case .integer(let value): String(value)
        case .bool(let value): value ? "true" : "false"
        case .list, .map: ""
        }
    }

    /// Words stay plain; all other text is quoted, so that no reader takes it for something else.
    private static func quote(_ text: String) -> String {
        let isWord =
            text.utf8.allSatisfy { 0x61...0x7a ~= $0 | 0x20 || $0 == UInt8(ascii: "_") }
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n", ""].contains(text)
        if isWord { return text }
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        return "\"\(escaped)\""
    }
}

extension YAML: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int) { self = .integer(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: YAML...) { self = .list(elements) }
    package init(dictionaryLiteral elements: (String, YAML)...) {
        self = .map(elements.map { Member(name: $0, value: $1) })
    }
}
