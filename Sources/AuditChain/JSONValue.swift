// SPDX-License-Identifier: Apache-2.0

/// A JSON value as a tree, for what is read or made now and then.
///
/// Names and strings are compared by their Unicode scalars, as JSON means them, and not by
/// canonical equivalence, as `String` does.
public enum JSONValue: Sendable {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    /// Members in any order, names all different.
    case object([Member])

    /// One name and its value.
    public struct Member: Sendable {
        /// Unescaped.
        public let name: String
        /// What the name stands for.
        public let value: JSONValue

        /// A member of that name and value.
        public init(_ name: String, _ value: JSONValue) {
            self.name = name
            self.value = value
        }
    }

    /// Parses one object by the rules of the record format.
    ///
    /// Members come in canonical order.
    public static func parse(
        _ bytes: [UInt8], limits: JSONLimits = .record
    ) throws(JSONError) -> JSONValue {
        try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
            let input = UnsafeRawBufferPointer(buffer)
            return JSONValue(0, of: try JSONTape.parse(input, limits: limits), input: input)
        }
    }

    /// Parses one object that must be in canonical form as it stands.
    public static func parse(
        canonical bytes: [UInt8], limits: JSONLimits = .disclosed
    ) throws(JSONError) -> JSONValue {
        let value = try parse(bytes, limits: limits)
        try JSONError.requireCanonical(bytes, value.canonical)
        return value
    }

    /// A whole number of magnitude up to 2^53 − 1; a larger one is a fault of the caller's.
    public static func integer(_ value: some BinaryInteger) -> JSONValue {
        precondition(value.magnitude < 1 << 53, "send larger integers as strings")
        return .number(Double(value))
    }

    // MARK: Reading

    /// The value of an object's member, or nil.
    public subscript(name: String) -> JSONValue? {
        members?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The members of an object, or nil for any other value.
    public var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The elements of an array, or nil for any other value.
    public var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The text of a string, or nil for any other value.
    public var text: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number that is whole and not negative, or nil for any other value.
    public var unsigned: UInt64? {
        if case .number(let number) = self { UInt64(exactly: number) } else { nil }
    }

    init(_ node: Int, of tape: JSONTape, input: UnsafeRawBufferPointer) {
        switch tape.nodes[node].kind {
        case .null: self = .null
        case .true: self = .bool(true)
        case .false: self = .bool(false)
        case .number: self = .number(Double(tape.string(node, of: input)) ?? .nan)
        case .string: self = .string(tape.string(node, of: input))
        case .array:
            self = .array(tape.elements(of: node).map { JSONValue($0, of: tape, input: input) })
        case .object:
            self = .object(
                tape.names(of: node).map { name in
                    Member(
                        tape.string(name, of: input), JSONValue(name + 1, of: tape, input: input))
                })
        case .name: preconditionFailure("a name is not a value")
        }
    }

    // MARK: Writing

    /// The RFC 8785 text.
    ///
    /// Numbers beyond ±(2^53 − 1) and repeated names are faults of whoever made the value: no
    /// parsed value has them.
    public var canonical: [UInt8] {
        var text = [UInt8]()
        append(to: &text, sorting: true)
        return text
    }

    /// The same text, but for members in the order that they have: not canonical, and cheaper.
    public var unsorted: [UInt8] {
        var text = [UInt8]()
        append(to: &text, sorting: false)
        return text
    }

    private func append(to text: inout [UInt8], sorting: Bool) {
        switch self {
        case .null: text += "null".utf8
        case .bool(let value): text += (value ? "true" : "false").utf8
        case .number(let value):
            precondition(value.magnitude < 0x1p53, "send larger numbers as strings")
            NumberText.append(value, to: &text)
        case .string(let value): Self.appendQuoted(value, to: &text)
        case .array(let elements):
            text.append(UInt8(ascii: "["))
            for (place, element) in elements.enumerated() {
                if place > 0 { text.append(UInt8(ascii: ",")) }
                element.append(to: &text, sorting: sorting)
            }
            text.append(UInt8(ascii: "]"))
        case .object(let members) where sorting:
            Self.append(
                members.sorted { $0.name.utf16.lexicographicallyPrecedes($1.name.utf16) },
                to: &text, sorting: true)
        case .object(let members): Self.append(members, to: &text, sorting: false)
        }
    }

    private static func append(_ members: [Member], to text: inout [UInt8], sorting: Bool) {
        text.append(UInt8(ascii: "{"))
        for (place, member) in members.enumerated() {
            if place > 0 {
                precondition(
                    !members[place - 1].name.utf8.elementsEqual(member.name.utf8),
                    "an object has one value for a name")
                text.append(UInt8(ascii: ","))
            }
            appendQuoted(member.name, to: &text)
            text.append(UInt8(ascii: ":"))
            member.value.append(to: &text, sorting: sorting)
        }
        text.append(UInt8(ascii: "}"))
    }

    private static func appendQuoted(_ string: String, to text: inout [UInt8]) {
        text.append(UInt8(ascii: "\""))
        for byte in string.utf8 { JSONText.appendEscaped(byte, to: &text) }
        text.append(UInt8(ascii: "\""))
    }
}

extension JSONValue: Equatable {
    /// Whether both have the same canonical text.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        left.canonical == right.canonical
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A number; see ``integer(_:)``.
    public init(integerLiteral value: Int64) { self = .integer(value) }
}

extension JSONValue: ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
    ExpressibleByDictionaryLiteral
{
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self = .object(elements.map { Member($0, $1) })
    }
}

extension JSONError {
    /// Refuses a text that differs from its canonical form, at the first difference.
    static func requireCanonical(_ text: [UInt8], _ canonical: [UInt8]) throws(JSONError) {
        guard text != canonical else { return }
        let same = zip(text, canonical).prefix { $0 == $1 }.count
        throw JSONError(.notCanonical, at: same)
    }
}
