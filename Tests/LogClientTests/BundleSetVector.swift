// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogTesting
import SignedNote

@testable import LogClient

/// `Tests/Vectors/bundle-set.json`, made by another implementation.
struct BundleSetVector: Decodable {
    let vkey, witness_vkey, spki_base64, sha256: String
    let lines, mutations: [String]
    let erasure, claimed: BundleJSON

    /// Lines of the set by their place.
    static let header = 0
    static let records = [2, 4, 6, 7, 9]
    static let skips = [1, 3, 5, 8]
    static let (skipOfTwo, record7, record10, erasure, report, end, vouched) =
        (3, 4, 7, 9, 10, 11, 12)

    static func load() throws -> BundleSetVector {
        try Vectors.decode(BundleSetVector.self, from: "bundle-set")
    }

    /// The log under all its keys, and its witness, who must have cosigned.
    func witnessed() throws -> PinnedLog {
        try PinnedLog(
            keys: [VerifierKey(parsing: vkey)],
            policy: WitnessPolicy(1, of: [VerifierKey(parsing: witness_vkey)]))
    }

    func pinned() throws -> PinnedLog {
        try PinnedLog(vkey: vkey)
    }

    var bytes: [UInt8] { Self.bytes(lines) }

    static func bytes(_ lines: [String]) -> [UInt8] {
        Array(lines.map { $0 + "\n" }.joined().utf8)
    }

    /// The set with one line changed.
    func edited(_ place: Int, _ change: (inout SetLine) -> Void) -> [UInt8] {
        var line = SetLine(lines[place])
        change(&line)
        return Self.bytes(
            Array(lines[..<place]) + [line.text] + Array(lines[(place + 1)...]))
    }
}

/// A line's JSON, whose parts can be changed.
struct SetLine {
    var members: [String: Any]

    init(_ text: String) {
        let value = try? JSONSerialization.jsonObject(with: Data(text.utf8))
        members = value as? [String: Any] ?? [:]
    }

    subscript(name: String) -> Int {
        get { members[name] as? Int ?? 0 }
        set { members[name] = newValue }
    }

    subscript(text name: String) -> String {
        get { members[name] as? String ?? "" }
        set { members[name] = newValue }
    }

    subscript(texts name: String) -> [String] {
        get { members[name] as? [String] ?? [] }
        set { members[name] = newValue }
    }

    var fields: [[String: Any]] {
        get { members["fields"] as? [[String: Any]] ?? [] }
        set { members["fields"] = newValue }
    }

    var text: String {
        let data = try? JSONSerialization.data(
            withJSONObject: members, options: [.withoutEscapingSlashes])
        return String(decoding: data ?? Data(), as: UTF8.self)
    }
}

extension SetLine {
    mutating func claimErased(by index: Int) {
        for place in fields.indices where fields[place]["erased"] != nil {
            fields[place]["erased"] = index
        }
    }

    mutating func vouched(_ change: (inout SetLine) -> Void) {
        var line = SetLine("{}")
        line.members = members["vouched"] as? [String: Any] ?? [:]
        change(&line)
        members["vouched"] = line.members
    }

    /// Hides a field behind its true digest.
    mutating func hide(_ name: String) {
        for place in fields.indices {
            guard let member = fields[place]["member"] as? String,
                member.hasPrefix("\"\(name)\""),
                let salt = (fields[place]["salt"] as? String).flatMap({ Salt(hex: $0) })
            else { continue }
            let digest = Commitment.fieldDigest(salt: salt, member: Array(member.utf8))
            fields[place] = ["name": name, "digest": digest.hex]
        }
    }
}
