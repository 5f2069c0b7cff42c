// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// Why a record, or a whole batch, was refused, where, and what to do about it.
///
/// It never holds anything of the content: a name that is not the schema's own is given by its
/// position.
public struct RecordError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of refusal it is; stable, and part of the HTTP API.
    public enum Code: String, Sendable, CaseIterable {
        /// Not JSON that has one canonical meaning; ``RecordError/reason`` says which rule.
        case invalidJSON = "invalid_json"
        /// More bytes or members than a record may have.
        case oversize
        /// A member that every record needs is absent.
        case missingField = "missing_field"
        /// A member's value is of the wrong kind or form.
        case invalidField = "invalid_field"
        /// A top-level name that the schema does not have.
        case unknownField = "unknown_field"
        /// A member that only the log itself may set.
        case stampedField = "stamped_field"
        /// `v` names a version that this log does not know.
        case unsupportedVersion = "unsupported_version"
        /// The record names a tenant that the credential may not write for.
        case tenantMismatch = "tenant_mismatch"
        /// The credential may write for many tenants, and the record names none.
        case tenantRequired = "tenant_required"
        /// A tenant whose name begins with `_` is the log's own.
        case reservedTenant = "reserved_tenant"
        /// A batch without a single item.
        case emptyBatch = "empty_batch"
        /// More items than a batch may have.
        case tooManyItems = "too_many_items"
    }

    /// The kind of refusal.
    public let code: Code
    /// The rule of the JSON layer that was broken, if it was one of those.
    public let reason: JSONError.Code?
    /// Bytes from the start of the record (of the batch, if the whole batch is refused).
    public let offset: Int?
    /// The member, as `actor.id`; `#3` stands for the name of the fourth member.
    public let path: String?
    /// What is wrong and how to put it right, in a sentence or two.
    public let message: String

    /// A refusal in its parts; nothing of the content may be in them.
    public init(
        _ code: Code, reason: JSONError.Code? = nil, at offset: Int? = nil, path: String? = nil,
        _ message: String
    ) {
        self.code = code
        self.reason = reason
        self.offset = offset
        self.path = path
        self.message = message
    }

    /// The refusal of a text by the JSON layer.
    init(_ error: JSONError) {
        let isSize = error.code == .tooLarge || error.code == .tooManyMembers
        self.init(
            isSize ? .oversize : .invalidJSON, reason: error.code, at: error.offset,
            error.code.advice)
    }

    /// The same refusal, at another place of another text.
    func moved(_ place: (Int) -> Int?) -> RecordError {
        RecordError(code, reason: reason, at: offset.flatMap(place), path: path, message)
    }

    /// The code and where, then the message.
    public var description: String {
        var place = path.map { " in \($0)" } ?? ""
        if let offset { place += " at byte \(offset)" }
        return "\(code.rawValue)\(place): \(message)"
    }
}

extension JSONError.Code {
    /// What to do about a broken rule.
    var advice: String {
        switch self {
        case .tooLarge: "The record is larger than this log accepts; send less or split it."
        case .unexpectedEnd: "The JSON text ends too early; send the whole object."
        case .unexpectedByte: "This is not JSON; check quotes, commas and brackets here."
        case .byteOrderMark: "The text begins with a byte order mark; send UTF-8 without one."
        case .notAnObject: "A record is one JSON object."
        case .trailingBytes: "Something follows the object; send one object a record."
        case .duplicateMember: "An object has this name twice; send each name once."
        case .tooDeep: "Objects and arrays lie more than 32 deep; flatten the record."
        case .tooManyMembers: "The record has more than 1,000 members; send less or split it."
        case .invalidUTF8: "The text is not UTF-8; encode it as UTF-8."
        case .loneSurrogate: "An escape is half of a surrogate pair; send both halves or neither."
        case .noncharacter: "The text holds a Unicode noncharacter; remove it."
        case .controlCharacter: "A control character stands in a string; escape it."
        case .invalidEscape: "JSON has no such escape; use those of RFC 8259."
        case .invalidNumber: "This is not a JSON number; see RFC 8259, section 6."
        case .nonFiniteNumber: "JSON has no NaN or Infinity; leave the member out or send a string."
        case .numberTooLarge: "A number is beyond 2^53 - 1; send it as a string."
        case .numberRoundsToZero: "A number is too small for a double; send it as a string."
        case .numberTooPrecise: "A number has more than 17 significant digits; send it as a string."
        case .notCanonical: "The text is not in canonical form (RFC 8785)."
        case .noMembers: "A record has at least one member."
        case .invalidMemberName: "A record's own names match [a-z][a-z0-9_]{0,62}; rename this one."
        }
    }
}
