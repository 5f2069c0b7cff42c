// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Evidence bundles")
struct EvidenceBundleTests {
    let vector: BundleVector

    init() throws {
        vector = try .load()
    }

    @Test("The vector is verified, and names what it hides")
    func valid() throws {
        let bundle = try EvidenceBundle(parsing: vector.valid.bytes)
        let verified = try bundle.verify(by: vector.witnessed())
        #expect(verified.proven.index == 4)
        #expect(verified.proven.leaf.commitment.hex == vector.receipt.commitment)
        #expect(verified.proven.checkpoint.checkpoint.head.size == 14)
        #expect(verified.proven.witnesses == ["witness.example.net/w1"])
        #expect(verified.hidden.map(\.name) == ["actor", "arguments"])
        #expect(verified.hidden.allSatisfy { $0.erasedBy == nil })
        #expect(verified.shown.count == 9)
        #expect(verified.shown.last?.member == Array(#""v":"1""#.utf8))
    }

    @Test("Without pinned witnesses it is verified by the log's key alone")
    func unwitnessed() throws {
        let bundle = try EvidenceBundle(parsing: vector.valid.bytes)
        #expect(try bundle.verify(by: vector.pinned()).proven.witnesses.isEmpty)
    }

    @Test("An erased field tells the index of its erasure")
    func erased() throws {
        var json = vector.valid
        json.fields[1].erased = 9
        let verified = try EvidenceBundle(parsing: json.bytes).verify(by: vector.pinned())
        #expect(verified.hidden.map(\.erasedBy) == [9, nil])
    }

    @Test("Every mutation of the vector has a test here")
    func complete() {
        #expect(Set(vector.mutations) == Set(Mutation.all.map(\.name)))
    }

    @Test("Every mutation is refused, for its own reason", arguments: Mutation.all)
    func mutations(mutation: Mutation) throws {
        let pinned = try vector.witnessed()
        for mutated in mutation.apply(vector.valid) {
            let refusal = refusal(of: mutated.bytes, by: pinned)
            #expect(mutation.isExpected(refusal), "\(refusal.map { "\($0)" } ?? "accepted")")
        }
    }

    @Test("A field that is no field of a record is refused")
    func malformedFields() throws {
        for member in [
            "", "1", #""a""#, #""a":"#, #""a":1,"b":2"#, #""a":1}{"b":2"#, #""A":1"#, #""a" :1"#,
            #""a":1.0"#, #""\u0061":1"#, #""a":{"b":1,"b":1}"#,
        ] {
            var json = vector.valid
            json.fields[0].member = member
            #expect(Mutation.field(refusal(of: json.bytes, by: try vector.pinned())), "\(member)")
        }
        for name in ["", "A", "1a", "a b", String(repeating: "a", count: 64)] {
            var json = vector.valid
            json.fields[1].name = name
            #expect(Mutation.field(refusal(of: json.bytes, by: try vector.pinned())), "\(name)")
        }
    }

    @Test("Every prefix is refused")
    func prefixes() {
        for prefix in everyPrefix(of: vector.valid.bytes) {
            #expect(throws: ProofFileError.self) { try EvidenceBundle(parsing: prefix) }
        }
    }

    @Test("Every bumped byte is refused, or changes nothing that is verified")
    func bumped() throws {
        // No byte but those of lines by keys that nobody pinned may change unnoticed.
        let pinned = try vector.pinned()
        let unpinned = vector.valid.checkpoint.split(separator: "\n").suffix(2)
        var accepted = 0
        for bytes in everyBumpedByte(of: vector.valid.bytes) {
            guard let bundle = try? EvidenceBundle(parsing: bytes),
                let verified = try? bundle.verify(by: pinned)
            else { continue }
            accepted += 1
            #expect(bundle.checkpoint != vector.valid.checkpoint)
            #expect(verified.proven.checkpoint.note.text.hasPrefix("log.example.com/audit\n14\n"))
        }
        #expect(accepted <= unpinned.reduce(0) { $0 + $1.utf8.count })
    }

    private func refusal(of bytes: [UInt8], by pinned: PinnedLog) -> (any Error)? {
        do {
            _ = try EvidenceBundle(parsing: bytes).verify(by: pinned)
            return nil
        } catch {
            return error
        }
    }
}

/// One line of the vector's list of mutations.
struct Mutation: Sendable, CustomTestStringConvertible {
    let name: String
    let apply: @Sendable (BundleJSON) -> [BundleJSON]
    let isExpected: @Sendable ((any Error)?) -> Bool

    var testDescription: String { name }

    init(
        _ name: String, _ isExpected: @escaping @Sendable ((any Error)?) -> Bool,
        _ change: @escaping @Sendable (inout BundleJSON) -> Void
    ) {
        self.init(name, isExpected) { bundle in
            var bundle = bundle
            change(&bundle)
            return [bundle]
        }
    }

    init(
        _ name: String, _ isExpected: @escaping @Sendable ((any Error)?) -> Bool,
        each apply: @escaping @Sendable (BundleJSON) -> [BundleJSON]
    ) {
        self.name = name
        self.apply = apply
        self.isExpected = isExpected
    }

    static let all =
        leaf + fields + [
            Mutation("inclusion truncated", wrongLength) { $0.inclusion.removeLast() },
            Mutation("inclusion extended by a hash", wrongLength) {
                $0.inclusion.append($0.inclusion[0])
            },
        ] + checkpoint + form

    private static let leaf = [
        Mutation("index 5", otherRoot) { $0.index = 5 },
        Mutation("timestamp_ms + 1", otherRoot) { $0.timestamp_ms += 1 },
        Mutation("one bit of record_hash", otherRoot) {
            $0.record_hash = $0.record_hash.changed(at: 63)
        },
    ]

    private static let fields = [
        Mutation("one character of any member", isNotARecord) { bundle in
            bundle.fields.indices.flatMap { place in
                (bundle.fields[place].member ?? "").indices.enumerated().map { offset, _ in
                    var changed = bundle
                    changed.fields[place].member = bundle.fields[place].member?
                        .changed(at: offset)
                    return changed
                }
            }
        },
        Mutation("a salt byte", otherRoot) {
            $0.fields[0].salt = $0.fields[0].salt?.changed(at: 0)
        },
        Mutation("a digest byte", otherRoot) {
            $0.fields[1].digest = $0.fields[1].digest?.changed(at: 0)
        },
        Mutation("fields reordered", order) { $0.fields.swapAt(3, 4) },
        Mutation("a field dropped", { otherRoot($0) || hidesV($0) }) { bundle in
            bundle.fields.indices.map { place in
                var changed = bundle
                changed.fields.remove(at: place)
                return changed
            }
        },
        Mutation("two fields of one name", order) { $0.fields.insert($0.fields[3], at: 3) },
        Mutation("a hidden second field of a shown name", order) {
            var second = $0.fields[1]
            second.name = "action"
            $0.fields.insert(second, at: 1)
        },
        Mutation("a hidden field renamed", otherRoot) { $0.fields[1].name = "actos" },
        Mutation("v hidden", hidesV) {
            $0.fields[10] = .init(name: "v", digest: $0.fields[1].digest)
        },
        Mutation("a member whose text is not canonical but parses equal", notCanonical) {
            $0.fields[0].member = #""action": "execute_tool""#
        },
    ]

    private static let checkpoint = [
        Mutation("checkpoint size + 1", badSignature) { $0.replace("\n14\n", "\n15\n") },
        Mutation("checkpoint root byte", badSignature) { $0.replace("\n4CXw", "\n5CXw") },
        Mutation("checkpoint origin", otherOrigin) {
            $0.replace("log.example.com/audit\n14", "log.example.com/other\n14")
        },
        // Under the log's key id, and under its own.
        Mutation("a signature of another key", { badSignature($0) || unsigned($0) }) { bundle in
            ["Iz2O99qL8wJm", "Iz2O+NqL8wJm"].map { other in
                var changed = bundle
                changed.replace("Iz2O99qL8wJmVAt2", other + "AAAA")
                return changed
            }
        },
        Mutation("all signature lines but the witness's removed", unsigned) {
            let lines = $0.checkpoint.split(separator: "\n", omittingEmptySubsequences: false)
            $0.checkpoint = (lines[..<4] + lines[6...]).joined(separator: "\n")
        },
    ]

    private static let form = [
        Mutation("an unknown member in the file", unknown) { $0.note = "" },
        Mutation("upper-case hex", malformed) { $0.record_hash = $0.record_hash.uppercased() },
        Mutation("base64 with non-zero trailing bits", malformed) {
            $0.inclusion[0] = $0.inclusion[0].replacing("s=", with: "t=")
        },
    ]
}

/// What each kind of mutation is refused with.
extension Mutation {
    static func otherRoot(_ error: (any Error)?) -> Bool {
        if case .inclusion(.rootMismatch) = error as? VerifyError { tampered(error) } else { false }
    }

    static func wrongLength(_ error: (any Error)?) -> Bool {
        if case .inclusion(.wrongLength) = error as? VerifyError { tampered(error) } else { false }
    }

    static func badSignature(_ error: (any Error)?) -> Bool {
        if case .checkpoint(.invalidSignature) = error as? VerifyError {
            tampered(error)
        } else {
            false
        }
    }

    static func unsigned(_ error: (any Error)?) -> Bool {
        error as? VerifyError == .checkpoint(.noLogSignature) && !tampered(error)
    }

    static func otherOrigin(_ error: (any Error)?) -> Bool {
        if case .checkpoint(.wrongOrigin) = error as? VerifyError {
            !tampered(error)
        } else {
            false
        }
    }

    /// A changed character may break the text, the name's place, or only the digest.
    static func isNotARecord(_ error: (any Error)?) -> Bool {
        otherRoot(error) || order(error) || field(error) || hidesV(error)
    }

    static func order(_ error: (any Error)?) -> Bool {
        if case .fields(.namesOutOfOrder) = error as? VerifyError { true } else { false }
    }

    static func field(_ error: (any Error)?) -> Bool {
        if case .field = error as? ProofFileError { true } else { false }
    }

    static func notCanonical(_ error: (any Error)?) -> Bool {
        if case .field(0, .invalidMember(let error)) = error as? ProofFileError {
            error.code == .notCanonical
        } else {
            false
        }
    }

    static func hidesV(_ error: (any Error)?) -> Bool {
        error as? ProofFileError == .versionHidden
    }

    static func unknown(_ error: (any Error)?) -> Bool {
        error as? ProofFileError == .unknownMember(in: "")
    }

    static func malformed(_ error: (any Error)?) -> Bool {
        if case .malformed = error as? ProofFileError { true } else { false }
    }

    private static func tampered(_ error: (any Error)?) -> Bool {
        (error as? VerifyError)?.verdict == .tampered
    }
}

extension BundleJSON {
    mutating func replace(_ text: String, _ other: String) {
        checkpoint = checkpoint.replacing(text, with: other)
    }
}
