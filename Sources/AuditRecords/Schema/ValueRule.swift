// SPDX-License-Identifier: Apache-2.0

/// What a member's value must be.
///
/// Data: the checker, the JSON Schema and the documentation are all read from it.
indirect enum ValueRule: Sendable {
    /// Any JSON value, null included; an object within limits, if there are such.
    case freeForm(MapLimits?)
    /// Any JSON value but null.
    case any
    /// A string.
    case text(TextRule)
    /// A whole number.
    case integer(ClosedRange<Int>)
    /// True or false.
    case truth
    /// One of these strings; a new one needs a new version of the schema.
    case choice([StaticString])
    case object(ObjectRule)
    case array(ValueRule, limit: Int)

    /// From 0 to the largest integer that every JSON parser keeps.
    static let count = ValueRule.integer(0...(1 << 53 - 1))

    static func text(_ limit: Int, _ form: TextRule.Form = .free) -> ValueRule {
        .text(TextRule(limit: limit, form: form))
    }
}

/// What a string must be: not empty, unless it is prose.
struct TextRule: Sendable {
    enum Form: Sendable {
        /// Any text.
        case free
        /// Any text, none included: a message, an empty user agent.
        case prose
        /// A code such as `token_mismatch`: `[A-Za-z0-9][A-Za-z0-9_.:/-]*`.
        case word
        /// RFC 3339 with an offset.
        case time
        /// A lower-case UUID.
        case uuid
        /// A type, such as `tool.call`.
        case type
        /// A tenant's name.
        case tenant
    }

    /// Unicode scalars, at most.
    let limit: Int
    let form: Form

    var least: Int { form == .prose ? 0 : 1 }
}

/// Limits of an object whose names are the producer's own.
struct MapLimits: Sendable {
    let names: Int
    /// Unicode scalars of a name, at most.
    let nameLength: Int
    /// Unicode scalars of a value that is a string, at most.
    let textLength: Int
}

extension ValueRule {
    /// What a value must be, in words that continue "This is".
    var description: String {
        switch self {
        case .freeForm(nil): "any JSON value"
        case .freeForm(let limits?):
            "any JSON value; an object of at most \(limits.names) names of up to "
                + "\(limits.nameLength) characters, strings in it of up to \(limits.textLength)"
        case .any: "any JSON value but null"
        case .text(let text): text.description
        case .integer(let range) where range.upperBound == 1 << 53 - 1:
            "an integer from \(range.lowerBound) to 2^53 - 1"
        case .integer(let range):
            "an integer from \(range.lowerBound) to \(range.upperBound)"
        case .truth: "true or false"
        case .choice(let values): "one of \(values.map(\.text).joined(separator: ", "))"
        case .object: "an object"
        case .array(let item, let limit): "an array of at most \(limit), each \(item.description)"
        }
    }
}

extension TextRule {
    var description: String {
        switch form {
        case .free: "a string of 1 to \(limit) characters"
        case .prose: "a string of at most \(limit) characters"
        case .word:
            "a code of 1 to \(limit) characters of A-Z a-z 0-9 _ . : / -, the first a letter or a "
                + "digit"
        case .time: "a time, RFC 3339 with an offset, such as \"2026-06-01T08:00:01.25+02:00\""
        case .uuid: "a lower-case UUID"
        case .type: "1 to 64 characters of a-z 0-9 _ -, in segments joined by dots"
        case .tenant: "1 to 64 characters of a-z 0-9 . _ -, the first no underscore"
        }
    }

    /// The ECMA 262 pattern of a form that is checked by one.
    var pattern: String? {
        switch form {
        case .free, .prose, .time: nil
        case .word: "^[A-Za-z0-9][A-Za-z0-9_.:/-]*$"
        case .uuid: "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
        case .type: "^[a-z][a-z0-9_-]*(\\.[a-z0-9_-]+)*$"
        case .tenant: "^[a-z0-9.-][a-z0-9._-]*$"
        }
    }
}

extension StaticString {
    var text: String { "\(self)" }

    /// Whether the text is these bytes.
    func isEqual(to bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count == utf8CodeUnitCount else { return false }
        for place in bytes.indices where bytes[place] != utf8Start[place] { return false }
        return true
    }
}
