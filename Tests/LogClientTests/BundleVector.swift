// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogTesting
import SignedNote

@testable import LogClient

/// `Tests/Vectors/bundle.json`, made by another implementation.
struct BundleVector: Decodable {
    let vkey, witness_vkey, tlog_proof: String
    let valid: BundleJSON
    let receipt: ReceiptJSON
    let mutations: [String]

    static func load() throws -> BundleVector {
        try Vectors.decode(BundleVector.self, from: "bundle")
    }

    /// The log under its key alone.
    func pinned() throws -> PinnedLog {
        try PinnedLog(vkey: vkey)
    }

    /// The log and its witness, who must have cosigned.
    func witnessed() throws -> PinnedLog {
        try PinnedLog(
            keys: [VerifierKey(parsing: vkey)],
            policy: WitnessPolicy(1, of: [VerifierKey(parsing: witness_vkey)]))
    }
}

/// An evidence bundle's JSON, whose parts can be changed.
struct BundleJSON: Codable {
    var bundle: String
    var index, timestamp_ms: UInt64
    var record_hash: String
    var fields: [Field]
    var inclusion: [String]
    var checkpoint: String
    var note: String?

    struct Field: Codable {
        var salt, member, name, digest: String?
        var erased: UInt64?
    }

    var bytes: [UInt8] { encoded(self) }
}

/// A receipt's JSON, whose parts can be changed.
struct ReceiptJSON: Codable {
    var receipt: String
    var index, timestamp_ms: UInt64
    var commitment, record_hash: String
    var inclusion: [String]
    var checkpoint: String
    var opening: Opening?
    var content: String?
    var note: String?

    struct Opening: Codable {
        var record, seed: String
    }

    var bytes: [UInt8] { encoded(self) }
}

private func encoded(_ value: some Encodable) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else { return [] }
    return [UInt8](data)
}

/// `Tests/Vectors/records.json`, as far as openings need it.
struct RecordVector: Decodable {
    let records: [Record]

    struct Record: Decodable {
        let canonical, seed: String
    }
}

extension String {
    /// The text with one character replaced by one that it does not have there.
    func changed(at place: Int) -> String {
        var characters = Array(self)
        characters[place] = characters[place] == "0" ? "1" : "0"
        return String(characters)
    }
}
