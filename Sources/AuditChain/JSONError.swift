// SPDX-License-Identifier: Apache-2.0

/// Why a JSON text was refused, and where.
///
/// It never holds any of the text.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The rule that the text breaks.
    ///
    /// The raw value is stable and may be shown to clients.
    public enum Code: String, Sendable, CaseIterable {
        /// More bytes than the limit.
        case tooLarge = "too_large"
        /// The text ends inside a value, or holds none.
        case unexpectedEnd = "unexpected_end"
        /// A byte that no JSON text has in that place.
        case unexpectedByte = "unexpected_byte"
        /// The text begins with U+FEFF.
        case byteOrderMark = "byte_order_mark"
        /// The outermost value is not an object.
        case notAnObject = "not_an_object"
        /// Something other than white space follows the object.
        case trailingBytes = "trailing_bytes"
        /// One object has the same name twice (compared after unescaping, scalar by scalar).
        case duplicateMember = "duplicate_member"
        /// More objects and arrays inside one another than the limit.
        case tooDeep = "too_deep"
        /// More members in all objects together than the limit.
        case tooManyMembers = "too_many_members"
        /// Bytes that are not UTF-8 (overlong forms and encoded surrogates included).
        case invalidUTF8 = "invalid_utf8"
        /// An escape that is one half of a surrogate pair.
        case loneSurrogate = "lone_surrogate"
        /// U+FDD0–U+FDEF, or a code point that ends in FFFE or FFFF, escaped or not.
        case noncharacter = "noncharacter"
        /// A byte below 0x20 inside a string: it must be escaped.
        case controlCharacter = "control_character"
        /// A backslash before something that JSON does not escape.
        case invalidEscape = "invalid_escape"
        /// Text that begins like a number and does not follow the number grammar.
        case invalidNumber = "invalid_number"
        /// NaN or Infinity.
        case nonFiniteNumber = "non_finite_number"
        /// A magnitude above 2^53 − 1, in whichever notation.
        case numberTooLarge = "number_too_large"
        /// Not zero, but nearer to zero than any double.
        case numberRoundsToZero = "number_rounds_to_zero"
        /// More than 17 significant digits.
        case numberTooPrecise = "number_too_precise"
        /// A disclosed text that is not in canonical form as it stands.
        case notCanonical = "not_canonical"
        /// A record without members.
        case noMembers = "no_members"
        /// A record's own member name that does not match `[a-z][a-z0-9_]{0,62}`.
        case invalidMemberName = "invalid_member_name"
    }

    /// The broken rule.
    public let code: Code
    /// Bytes from the start of the text to where the rule is broken.
    public let offset: Int

    /// A break of that rule at that byte.
    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }

    /// The code and the offset: nothing of the text.
    public var description: String { "\(code.rawValue) at byte \(offset)" }
}

/// How much JSON is accepted in one text.
public struct JSONLimits: Hashable, Sendable {
    /// Bytes of the text, white space included.
    ///
    /// At most 2^28.
    public var byteCount: Int
    /// Objects and arrays inside one another; the outermost object is depth 1.
    public var depth: Int
    /// Members in all objects together.
    public var memberCount: Int

    /// Limits of one's own: `byteCount` up to 2^28, `depth` up to 128.
    public init(byteCount: Int, depth: Int = 32, memberCount: Int = 1000) {
        precondition(
            0...Self.largestByteCount ~= byteCount && 1...128 ~= depth && memberCount >= 0,
            "JSON limits out of range")
        self.byteCount = byteCount
        self.depth = depth
        self.memberCount = memberCount
    }

    /// Offsets are kept in 32 bits; this leaves room for every sum that is made of them.
    static let largestByteCount = 1 << 28

    /// What a log takes from a producer unless configured otherwise: 64 KiB.
    public static let record = JSONLimits(byteCount: 64 << 10)

    /// What a verifier of disclosed text applies: the same rules, any size.
    public static let disclosed = JSONLimits(byteCount: largestByteCount)
}
