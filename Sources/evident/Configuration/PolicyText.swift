// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// The part of YAML in which policies are written.
///
/// Mappings and lists by indent, `[a, b]` and `{k: v}` on one line, plain, 'single' and "double"
/// quoted text, whole numbers, true, false, and comments. Anchors, tags, block text, several
/// documents, tabs and names given twice are refused, each with its line. JSON is a part of it as
/// long as a value stands on one line.
struct PolicyText {
    /// What is wrong, and in which line.
    struct Refusal: Error, Equatable {
        let line: Int
        let message: String
    }

    private struct Line {
        let number: Int
        var indent: Int
        var text: Substring
    }

    private var lines: [Line] = []
    private var at = 0

    /// Reads a text whose outermost value is a mapping.
    static func parse(_ text: String) throws(Refusal) -> JSONValue {
        var parser = PolicyText()
        for (offset, raw) in text.split(separator: "\n", omittingEmptySubsequences: false)
            .enumerated()
        {
            let raw = raw.hasSuffix("\r") ? raw.dropLast() : raw
            let content = raw.drop { $0 == " " }
            guard !content.hasPrefix("\t") else {
                throw Refusal(line: offset + 1, message: "indent with spaces, not with tabs")
            }
            if content.isEmpty || content.hasPrefix("#") || (offset == 0 && content == "---") {
                continue
            }
            parser.lines.append(
                Line(number: offset + 1, indent: raw.count - content.count, text: content))
        }
        guard let first = parser.lines.first else { return .object([]) }
        let value = try parser.block(indent: first.indent)
        guard parser.at == parser.lines.count else {
            throw parser.refusal("this line's indent fits nothing above it")
        }
        guard value.members != nil else { throw parser.refusal("a policy is a mapping") }
        return value
    }

    private func refusal(_ message: String) -> Refusal {
        Refusal(line: lines[min(at, lines.count - 1)].number, message: message)
    }

    // MARK: Blocks

    private mutating func block(indent: Int) throws(Refusal) -> JSONValue {
        let text = lines[at].text
        if text.hasPrefix("- ") || text == "-" { return try list(indent: indent) }
        if text.hasPrefix("{") || text.hasPrefix("[") {
            defer { at += 1 }
            return try Self.value(text, lines[at].number)
        }
        return try mapping(indent: indent)
    }

    private mutating func list(indent: Int) throws(Refusal) -> JSONValue {
        var elements: [JSONValue] = []
        while at < lines.count, lines[at].indent == indent,
            lines[at].text.hasPrefix("- ") || lines[at].text == "-"
        {
            let rest = lines[at].text.dropFirst()
            let inner = rest.drop { $0 == " " }
            if inner.isEmpty {
                at += 1
                guard at < lines.count, lines[at].indent > indent else {
                    at -= 1
                    throw refusal("this element has no value")
                }
                elements.append(try block(indent: lines[at].indent))
            } else if Self.key(of: inner) != nil {
                // A mapping whose first line stands behind the dash.
                lines[at].indent += 1 + rest.count - inner.count
                lines[at].text = inner
                elements.append(try mapping(indent: lines[at].indent))
            } else {
                elements.append(try Self.value(inner, lines[at].number))
                at += 1
            }
        }
        return .array(elements)
    }

    private mutating func mapping(indent: Int) throws(Refusal) -> JSONValue {
        var members: [JSONValue.Member] = []
        while at < lines.count, lines[at].indent == indent {
            guard let (name, rest) = Self.key(of: lines[at].text) else {
                throw refusal("not of the form `key: value`")
            }
            guard !members.contains(where: { $0.name == name }) else {
                throw refusal("\(name) stands here twice")
            }
            let value = rest.drop { $0 == " " }
            if value.isEmpty || value.hasPrefix("#") {
                at += 1
                guard at < lines.count, lines[at].indent > indent else {
                    at -= 1
                    throw refusal("\(name) has no value")
                }
                members.append(.init(name, try block(indent: lines[at].indent)))
            } else {
                members.append(.init(name, try Self.value(value, lines[at].number)))
                at += 1
            }
        }
        return .object(members)
    }

    /// The name before the first `:` that a space or the line's end follows, and the rest.
    private static func key(of text: Substring) -> (String, Substring)? {
        var scanner = PolicyScanner(text)
        guard let name = scanner.name() else { return nil }
        guard scanner.take(":"), scanner.rest.isEmpty || scanner.rest.hasPrefix(" ") else {
            return nil
        }
        return (name, scanner.rest)
    }

    /// A value that stands on one line.
    private static func value(_ text: Substring, _ line: Int) throws(Refusal) -> JSONValue {
        var scanner = PolicyScanner(text)
        guard let value = scanner.value(depth: 0), scanner.isAtEnd else {
            throw Refusal(
                line: line,
                message: "not a value that a policy may have; put text with signs into 'quotes'")
        }
        return value
    }
}

/// Reads what stands on one line.
private struct PolicyScanner {
    private(set) var rest: Substring

    init(_ text: Substring) {
        rest = text
    }

    /// Whether nothing but white space and a comment is left.
    var isAtEnd: Bool {
        let left = rest.drop { $0 == " " }
        return left.isEmpty || (left.hasPrefix("#") && left.count < rest.count)
    }

    mutating func take(_ sign: Character) -> Bool {
        guard rest.first == sign else { return false }
        rest = rest.dropFirst()
        return true
    }

    private mutating func skipSpace() { rest = rest.drop { $0 == " " } }

    /// A mapping's name, quoted or of letters, digits and `_.-*`.
    mutating func name() -> String? {
        if rest.first == "'" || rest.first == "\"" { return quoted() }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "_.-*".contains($0)) }
        rest = rest.dropFirst(name.count)
        return name.isEmpty ? nil : String(name)
    }

    mutating func value(depth: Int) -> JSONValue? {
        guard depth < 8 else { return nil }
        switch rest.first {
        case "'", "\"": return quoted().map(JSONValue.string)
        case "[": return list(depth)
        case "{": return mapping(depth)
        default: return plain(isInside: depth > 0)
        }
    }

    private mutating func list(_ depth: Int) -> JSONValue? {
        rest = rest.dropFirst()
        var elements: [JSONValue] = []
        skipSpace()
        while !take("]") {
            if !elements.isEmpty {
                guard take(",") else { return nil }
                skipSpace()
            }
            guard let element = value(depth: depth + 1) else { return nil }
            elements.append(element)
            skipSpace()
        }
        return .array(elements)
    }

    private mutating func mapping(_ depth: Int) -> JSONValue? {
        rest = rest.dropFirst()
        var members: [JSONValue.Member] = []
        skipSpace()
        while !take("}") {
            if !members.isEmpty {
                guard take(",") else { return nil }
                skipSpace()
            }
            guard let name = name(), take(":"),
                !members.contains(where: { $0.name == name })
            else { return nil }
            skipSpace()
            guard let value = value(depth: depth + 1) else { return nil }
            members.append(.init(name, value))
            skipSpace()
        }
        return .object(members)
    }

    /// 'It''s' or "a \"b\" \\ \n \t".
    private mutating func quoted() -> String? {
        let quote = rest.removeFirst()
        var text = ""
        while let character = rest.popFirst() {
            if character == quote {
                guard quote == "'", take("'") else { return text }
                text.append("'")
            } else if character == "\\", quote == "\"" {
                switch rest.popFirst() {
                case "\"": text.append("\"")
                case "\\": text.append("\\")
                case "n": text.append("\n")
                case "t": text.append("\t")
                default: return nil
                }
            } else {
                text.append(character)
            }
        }
        return nil
    }

    private mutating func plain(isInside: Bool) -> JSONValue? {
        var text = rest
        if let comment = text.firstRange(of: " #") { text = text[..<comment.lowerBound] }
        if isInside { text = text.prefix { !",]}".contains($0) } }
        rest = rest[text.endIndex...]
        while text.hasSuffix(" ") { text = text.dropLast() }
        let signs = "&*!|>%@`#,?-[]{}'\""
        guard let first = text.first, !signs.contains(first) || Int(text) != nil,
            !text.contains(": "), !text.hasSuffix(":"), !["~", "null"].contains(text)
        else { return nil }
        switch text {
        case "true": return true
        case "false": return false
        default:
            guard let number = Int(text), number.magnitude < 1 << 53, String(number) == text else {
                return .string(String(text))
            }
            return .integer(number)
        }
    }
}
