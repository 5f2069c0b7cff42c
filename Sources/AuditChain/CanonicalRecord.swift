// SPDX-License-Identifier: Apache-2.0

/// Where one top-level member of a canonical record lies in its bytes.
public struct CanonicalMember: Hashable, Sendable {
    /// The name, without quotes.
    public let name: Range<Int>
    /// The exact text `"name":value`, which the commitment covers.
    public let member: Range<Int>

    package init(name: Range<Int>, member: Range<Int>) {
        self.name = name
        self.member = member
    }
}

/// A record in the one form that is stored and hashed.
public struct CanonicalRecord: Sendable {
    /// The canonical text, as UTF-8.
    public let bytes: [UInt8]
    /// All members, in canonical order, which for a record is byte order.
    ///
    /// At least one.
    public let members: [CanonicalMember]
    /// Members in all objects together.
    let memberCount: Int

    /// Checks text that claims to be a record: every rule of the JSON layer but the size, the names
    /// of the record's own members, and that the text is canonical as it stands.
    public init(verifying canonical: [UInt8]) throws(JSONError) {
        self = try canonical.withUnsafeBufferPointer { buffer throws(JSONError) in
            let input = UnsafeRawBufferPointer(buffer)
            let tape = try JSONTape.parse(input, limits: .disclosed)
            try JSONError.requireCanonical(canonical, tape.canonicalText(of: input))
            return CanonicalRecord(
                unchecked: canonical, members: try Self.members(of: tape, input),
                memberCount: tape.memberCount)
        }
    }

    /// Takes what this package has just written itself.
    package init(unchecked bytes: [UInt8], members: [CanonicalMember], memberCount: Int) {
        self.bytes = bytes
        self.members = members
        self.memberCount = memberCount
    }

    /// Where the members of a text that is canonical lie.
    private static func members(
        of tape: JSONTape, _ input: UnsafeRawBufferPointer
    ) throws(JSONError) -> [CanonicalMember] {
        var members = [CanonicalMember]()
        // The last member ends before the closing brace, each other one before a comma.
        var end = input.count - 1
        for name in tape.names(of: 0).reversed() {
            let start = Int(tape.nodes[name].offset)
            // No name that needs an escape is valid, so a valid one lies in the input.
            guard tape.withText(name, of: input, MemberName.isValid) else {
                throw JSONError(.invalidMemberName, at: start)
            }
            let text = start + 1..<start + 1 + tape.textCount(name)
            members.append(CanonicalMember(name: text, member: start..<end))
            end = start - 1
        }
        guard !members.isEmpty else { throw JSONError(.noMembers, at: 0) }
        return members.reversed()
    }
}

/// The names that a record's own members may have: `[a-z][a-z0-9_]{0,62}`.
package enum MemberName {
    package static func isValid(_ name: UnsafeRawBufferPointer) -> Bool {
        guard 1...63 ~= name.count, isLetter(name[0]) else { return false }
        return name.dropFirst().allSatisfy { byte in
            isLetter(byte) || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
                || byte == UInt8(ascii: "_")
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
    }
}
