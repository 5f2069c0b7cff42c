// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Testing

@testable import AuditChain

@Suite struct CommitmentTests {
    let origin: Origin
    let seed = SHA256.hash([7])

    init() throws {
        origin = try Origin("log.example.com/audit")
    }

    private func shown(_ member: String) throws -> CommittedField {
        let name = String(member.dropFirst().prefix { $0 != "\"" })
        return try CommittedField(
            shown: Array(member.utf8), salt: Commitment.salt(name: name, seed: seed))
    }

    @Test("Another seed, origin, value or name is another commitment")
    func sensitivity() throws {
        func commit(_ text: String, _ seed: Digest, _ origin: String) throws -> Digest {
            Commitment.commit(
                try CanonicalRecord(verifying: Array(text.utf8)), seed: seed,
                origin: try Origin(origin))
        }
        let all = try [
            commit(#"{"a":1}"#, seed, "h/a"), commit(#"{"a":2}"#, seed, "h/a"),
            commit(#"{"b":1}"#, seed, "h/a"), commit(#"{"a":1}"#, .zero, "h/a"),
            commit(#"{"a":1}"#, seed, "h/b"), commit(#"{"a":1,"b":1}"#, seed, "h/a"),
        ]
        #expect(Set(all).count == all.count)
    }

    @Test("Field names must strictly increase")
    func order() throws {
        let (a, b) = (try shown(#""a":1"#), try shown(#""b":1"#))
        #expect(throws: CommitmentError.namesOutOfOrder(place: 1)) {
            try Commitment.commit([b, a], origin: origin)
        }
        #expect(throws: CommitmentError.namesOutOfOrder(place: 1)) {
            try Commitment.commit(
                [a, try CommittedField(hidden: "a", digest: .zero)], origin: origin)
        }
        #expect(throws: CommitmentError.noFields) { try Commitment.commit([], origin: origin) }
    }

    @Test(
        "A shown member is canonical text of one member",
        arguments: [
            #""a": 1"#, #""a":1.0"#, #""a":1,"b":2"#, #""a":1 "#, "", #""a""#,
            #""a":{"c":1,"b":2}"#,
            #""A":1"#, #""\u0061":1"#, #"} {"a":1"#, #""a":1e16"#,
        ])
    func shownMember(text: String) {
        #expect(throws: CommitmentError.self) {
            try CommittedField(shown: Array(text.utf8), salt: Salt(firstHalfOf: seed))
        }
    }

    @Test("A hidden name is one that a record may have", arguments: ["", "A", "a-b", "1a", "é"])
    func hiddenName(name: String) {
        #expect(throws: CommitmentError.invalidName) {
            try CommittedField(hidden: name, digest: .zero)
        }
    }

    @Test("All fields together hold at most 1,000 members")
    func memberCount() throws {
        func field(_ name: String, _ count: Int) throws -> CommittedField {
            let inner = (0..<count - 1).map { "\"m\(1000 + $0)\":0" }.joined(separator: ",")
            return try shown("\"\(name)\":{\(inner)}")
        }
        let fields = [try field("a", 500), try field("b", 500)]
        _ = try Commitment.commit(fields, origin: origin)
        #expect(throws: CommitmentError.tooManyMembers) {
            try Commitment.commit(fields + [try shown(#""c":1"#)], origin: origin)
        }
    }

    @Test("Long members are hashed like short ones")
    func longMember() throws {
        let text = "{\"a\":\"\(String(repeating: "x", count: 5000))\",\"b\":1}"
        let record = try CanonicalRecord(verifying: Array(text.utf8))
        let fields = try record.members.map { member in
            let name = String(decoding: record.bytes[member.name], as: UTF8.self)
            return try CommittedField(
                shown: Array(record.bytes[member.member]),
                salt: Commitment.salt(name: name, seed: seed))
        }
        let whole = Commitment.commit(record, seed: seed, origin: origin)
        #expect(try Commitment.commit(fields, origin: origin) == whole)
    }

    @Test("The form digest is SHA256(0x05 ‖ seed ‖ form)")
    func formDigest() {
        let form = Array(#"{"a":1}"#.utf8)
        #expect(FormDigest.digest(seed: seed, form: form) == SHA256.hash([5] + seed.bytes + form))
    }
}

@Suite struct CanonicalRecordTests {
    @Test(
        "Text that is no canonical record is refused",
        arguments: [
            ("{}", .noMembers, 0), (#"{"a":1,"B":2}"#, .notCanonical, 2),
            (#"{"B":1,"a":2}"#, .invalidMemberName, 1), (#"{"1":1}"#, .invalidMemberName, 1),
            (#"{"":1}"#, .invalidMemberName, 1), (#"{"a\n":1}"#, .invalidMemberName, 1),
            (#"{"a":1,"é":1}"#, .invalidMemberName, 7), (#"{ "a":1}"#, .notCanonical, 1),
            (#"{"a":1}x"#, .trailingBytes, 7),
        ] as [(String, JSONError.Code, Int)])
    func refused(text: String, code: JSONError.Code, offset: Int) {
        #expect(throws: JSONError(code, at: offset)) {
            try CanonicalRecord(verifying: Array(text.utf8))
        }
    }

    @Test("A name has up to 63 characters")
    func nameLength() throws {
        func record(_ count: Int) -> [UInt8] {
            Array("{\"\(String(repeating: "a", count: count))\":1}".utf8)
        }
        _ = try CanonicalRecord(verifying: record(63))
        #expect(throws: JSONError(.invalidMemberName, at: 1)) {
            try CanonicalRecord(verifying: record(64))
        }
    }

    @Test("No size is too large to verify")
    func size() throws {
        let text = "{\"a\":\"\(String(repeating: "x", count: 200_000))\"}"
        #expect(try CanonicalRecord(verifying: Array(text.utf8)).members.count == 1)
    }
}
