// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// Reads a JSON object that has certain members and no others.
struct MemberReader {
    private let value: JSONValue
    private let place: String

    /// The object at a place of the file, which must have all of `required`, and may have the
    /// `optional`.
    init(
        _ value: JSONValue, at place: String, required: [String], optional: [String] = []
    ) throws(ProofFileError) {
        guard let members = value.members else { throw .malformed(place) }
        self.value = value
        self.place = place
        for name in required where value[name] == nil { throw .missing(path(name)) }
        let known = required + optional.filter { value[$0] != nil }
        guard members.count == known.count else { throw .unknownMember(in: place) }
    }

    /// A string, as it stands.
    func text(_ name: String) throws(ProofFileError) -> String {
        try value(name) { $0.text }
    }

    /// A whole number from 0 to 2^53 − 1.
    func number(_ name: String) throws(ProofFileError) -> UInt64 {
        try value(name) { $0.unsigned }
    }

    /// 32 bytes as 64 lower-case hexadecimal digits.
    func digest(_ name: String) throws(ProofFileError) -> Digest {
        try value(name) { $0.text.flatMap { Digest(hex: $0) } }
    }

    /// A list of 32-byte hashes in base64.
    func hashes(_ name: String) throws(ProofFileError) -> [Digest] {
        var hashes: [Digest] = []
        for (index, element) in try elements(name).enumerated() {
            guard let hash = element.text.flatMap({ Digest(base64: $0) }) else {
                throw .malformed("\(path(name))[\(index)]")
            }
            hashes.append(hash)
        }
        return hashes
    }

    /// A list of anything.
    func elements(_ name: String) throws(ProofFileError) -> [JSONValue] {
        try value(name) { $0.elements }
    }

    /// The value of a member in the form that `read` gives it.
    func value<T>(
        _ name: String, as read: (JSONValue) -> T?
    ) throws(ProofFileError) -> T {
        guard let member = value[name] else { throw .missing(path(name)) }
        guard let result = read(member) else { throw .malformed(path(name)) }
        return result
    }

    /// Checks that a member has the one text that it may have.
    func require(_ name: String, is text: String) throws(ProofFileError) {
        guard try self.text(name).utf8.elementsEqual(text.utf8) else {
            throw .malformed(path(name))
        }
    }

    /// Where a member stands in the file.
    func path(_ name: String) -> String {
        place.isEmpty ? name : "\(place).\(name)"
    }
}
