// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// The members of an event that have found no place in a record yet.
///
/// A member is taken only if it fits where it goes; what is left goes on as it is.
struct EventMembers {
    private(set) var rest: [JSONValue.Member]

    init(_ members: [JSONValue.Member]) { rest = members }

    subscript(name: String) -> JSONValue? {
        rest.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The member's value in another form, and out of ``rest``; nil if it is absent or unfit.
    mutating func take<Value>(_ name: String, _ form: (JSONValue) -> Value?) -> Value? {
        guard let place = rest.firstIndex(where: { $0.name.utf8.elementsEqual(name.utf8) }),
            let value = form(rest[place].value)
        else { return nil }
        rest.remove(at: place)
        return value
    }

    mutating func drop(_ name: String) {
        rest.removeAll { $0.name.utf8.elementsEqual(name.utf8) }
    }
}

/// Forms that a record's members take values in.
enum Fit {
    /// A string of 1 to `limit` characters.
    static func text(_ limit: Int) -> (JSONValue) -> JSONValue? {
        { value in
            guard let text = value.text, isText(text, limit) else { return nil }
            return value
        }
    }

    static func isText(_ text: String, _ limit: Int) -> Bool {
        1...limit ~= text.unicodeScalars.count
    }

    /// A code of at most 64 characters.
    static func word(_ value: JSONValue) -> JSONValue? {
        guard var text = value.text, isText(text, 64),
            text.withUTF8({ Grammar.isWord(UnsafeRawBufferPointer($0)) })
        else { return nil }
        return value
    }

    /// A whole number from 0.
    static func count(_ value: JSONValue) -> JSONValue? { value.unsigned.map { _ in value } }

    /// A whole number of milliseconds, in microseconds.
    static func milliseconds(_ value: JSONValue) -> JSONValue? {
        guard let count = value.unsigned, count <= (1 << 53 - 1) / 1_000 else { return nil }
        return .integer(count * 1_000)
    }

    /// A time that the record's `time` may have.
    static func time(_ value: JSONValue) -> JSONValue? {
        guard let text = value.text, text.utf8.count <= 64, Timestamp(rfc3339: text) != nil else {
            return nil
        }
        return value
    }
}

/// A record in the making.
struct RecordDraft {
    private(set) var members: [JSONValue.Member] = []

    subscript(name: String) -> JSONValue? {
        get { members.first { $0.name == name }?.value }
        set {
            members.removeAll { $0.name == name }
            if let newValue { members.append(.init(name, newValue)) }
        }
    }

    /// A member of one of the record's objects; nil takes nothing away.
    mutating func set(_ name: String, _ inner: String, _ value: JSONValue?) {
        guard let value else { return }
        let others = (self[name]?.members ?? []).filter { $0.name != inner }
        self[name] = .object(others + [.init(inner, value)])
    }

    var value: JSONValue { .object(members) }
}

extension RecordError {
    /// The refusal of an event's member.
    static func event(_ code: Code, _ path: String, _ message: String) -> RecordError {
        RecordError(code, path: path, message)
    }
}

extension JSONValue {
    /// One event: a JSON object by the rules of the record format.
    static func event(_ text: [UInt8]) throws(RecordError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(text, limits: .event)
        } catch {
            throw RecordError(error)
        }
    }

    /// A string's text, if it is not empty.
    var nonEmptyText: String? { text.flatMap { $0.isEmpty ? nil : $0 } }

    var isNull: Bool { if case .null = self { true } else { false } }
}

extension JSONLimits {
    /// More than any record may have, so that the log's own limits decide; an event may also hold a
    /// whole record.
    static let event = JSONLimits(byteCount: 1 << 20, depth: 33, memberCount: 1_100)
}
