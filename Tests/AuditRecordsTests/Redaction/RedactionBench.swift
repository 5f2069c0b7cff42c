// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Testing

@testable import AuditRecords

/// A redactor and the ways to put text through it.
struct RedactionBench {
    let redactor: Redactor

    static let everything = RedactionPolicy(
        id: "everything", packs: Set(RedactionPack.allCases),
        fields: RedactionPolicy.standardFields)

    init(_ policy: RedactionPolicy = .standard) throws {
        redactor = try Redactor(policy, tokenKey: SHA256.hash(Array("a key for tests".utf8)))
    }

    /// The record after redaction, and the counts; the record itself if nothing was found.
    func redact(
        _ json: String, tenant: String = "acme"
    ) throws -> (text: String, counts: [String: Int]) {
        try Array(json.utf8).withUnsafeBytes { input in
            let tape = try JSONTape.parse(input, limits: .disclosed)
            switch redactor.redact(input, tape, tenant: tenant, capture: .redacted) {
            case .unchanged: return (json, [:])
            case .changed(let bytes, let counts):
                return (String(decoding: bytes, as: UTF8.self), counts)
            }
        }
    }

    /// A text as the value of `arguments.text`, after redaction.
    func value(_ text: String) throws -> (text: String, counts: [String: Int]) {
        let result = try redact(Self.record(value: text))
        let json = try JSONValue.parse(Array(result.text.utf8), limits: .disclosed)
        return (json["arguments"]?["text"]?.text ?? "", result.counts)
    }

    /// A record in which nothing is to be found but the text.
    static func record(value text: String) -> String { record(.string(text), name: "text") }

    static func record(_ value: JSONValue, name: String) -> String {
        let record: JSONValue = [
            "type": "tool.call", "actor": ["id": "svc-1", "type": "service"],
            "arguments": .object([.init(name, value)]),
        ]
        return String(decoding: record.canonical, as: UTF8.self)
    }
}

extension RedactionPack {
    /// The ids of a pack's rules.
    var ruleIDs: [String] { recognisers.map(\.id) }
}
