// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Receipts")
struct ReceiptTests {
    let vector: BundleVector

    init() throws {
        vector = try .load()
    }

    @Test("The vector is verified, and its writer gives it back")
    func valid() throws {
        let receipt = try Receipt(parsing: vector.receipt.bytes)
        let verified = try receipt.verify(by: vector.witnessed())
        #expect(verified.proven.index == 4)
        #expect(verified.proven.leaf == receipt.leaf)
        #expect(verified.proven.witnesses == ["witness.example.net/w1"])
        #expect(verified.record == nil)
        #expect(try Receipt(parsing: receipt.json) == receipt)
    }

    @Test("The writer's bytes are these")
    func layout() throws {
        let receipt = Receipt(
            index: 7, leaf: Leaf(timestampMS: 1000, commitment: .zero, mac: .zero),
            inclusion: [.zero, .zero], checkpoint: "a\n\"\\\u{1}\u{1f}—\n")
        let zero = String(repeating: "0", count: 64)
        let hash = String(repeating: "A", count: 43) + "="
        let start =
            #"{"receipt":"evident/v1","index":7,"timestamp_ms":1000,"commitment":"\#(zero)","#
            + #""record_hash":"\#(zero)","inclusion":["\#(hash)","\#(hash)"]"#
        let note = #","checkpoint":"a\n\"\\\u0001\u001f—\n"}"#
        #expect(String(decoding: receipt.json, as: UTF8.self) == start + note)
        var item: [UInt8] = []
        receipt.append(to: &item, withCheckpoint: false)
        #expect(String(decoding: item, as: UTF8.self) == start + "}")
        let value = try JSONValue.parse(item)
        #expect(try Receipt(item: value, checkpoint: receipt.checkpoint) == receipt)
        #expect(throws: ProofFileError.missing("checkpoint")) { try Receipt(parsing: item) }
        let whole = try JSONValue.parse(receipt.json)
        #expect(throws: ProofFileError.unknownMember(in: "")) {
            try Receipt(item: whole, checkpoint: receipt.checkpoint)
        }
    }

    @Test("Another index, time, commitment or record hash is evidence of tampering")
    func otherLeaf() throws {
        let changes: [(inout ReceiptJSON) -> Void] = [
            { $0.index = 5 }, { $0.timestamp_ms += 1 }, { $0.timestamp_ms -= 1 },
            { $0.commitment = $0.commitment.changed(at: 0) },
            { $0.record_hash = $0.record_hash.changed(at: 63) },
            { $0.inclusion.swapAt(0, 1) }, { $0.inclusion.removeLast() }, { $0.index = 14 },
        ]
        for change in changes {
            var json = vector.receipt
            change(&json)
            let receipt = try Receipt(parsing: json.bytes)
            let error = #expect(throws: VerifyError.self) {
                try receipt.verify(by: vector.pinned())
            }
            #expect(error?.verdict == .tampered)
        }
    }

    @Test("What is not of the form is refused, and proves nothing")
    func malformed() throws {
        let changes: [(String, (inout ReceiptJSON) -> Void)] = [
            ("receipt", { $0.receipt = "evident/v2" }),
            ("commitment", { $0.commitment = $0.commitment.uppercased() }),
            ("commitment", { $0.commitment.removeLast() }),
            ("record_hash", { $0.record_hash += "0" }),
            ("inclusion[1]", { $0.inclusion[1] = "" }),
            ("inclusion[0]", { $0.inclusion[0] = $0.inclusion[0].replacing("s=", with: "t=") }),
        ]
        for (place, change) in changes {
            var json = vector.receipt
            change(&json)
            #expect(throws: ProofFileError.malformed(place)) { try Receipt(parsing: json.bytes) }
        }
        var json = vector.receipt
        json.note = ""
        #expect(throws: ProofFileError.unknownMember(in: "")) { try Receipt(parsing: json.bytes) }
        for number in ["-1", "1.5", "\"4\"", "9007199254740992", "null", "[4]"] {
            let text = String(decoding: vector.receipt.bytes, as: UTF8.self)
                .replacing("\"index\":4", with: "\"index\":\(number)")
            #expect(throws: ProofFileError.self) { try Receipt(parsing: Array(text.utf8)) }
        }
    }

    @Test("Every prefix is refused, and every bumped byte is refused or proves nothing else")
    func bytes() throws {
        let (bytes, pinned) = (vector.receipt.bytes, try vector.pinned())
        let genuine = try Receipt(parsing: bytes)
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: ProofFileError.self) { try Receipt(parsing: prefix) }
        }
        for bumped in everyBumpedByte(of: bytes) {
            guard let receipt = try? Receipt(parsing: bumped),
                let verified = try? receipt.verify(by: pinned)
            else { continue }
            #expect(verified.proven.leaf == genuine.leaf)
            #expect(verified.proven.index == genuine.index)
            #expect(verified.proven.checkpoint.checkpoint.head.size == 14)
        }
    }

    @Test("A receipt may say that the record was erased, and nothing else of its content")
    func erased() throws {
        var json = vector.receipt
        #expect(try !Receipt(parsing: json.bytes).isErased)
        json.content = "erased"
        let receipt = try Receipt(parsing: json.bytes)
        #expect(receipt.isErased)
        #expect(try receipt.verify(by: vector.pinned()).proven.leaf == receipt.leaf)
        #expect(try Receipt(parsing: receipt.json) == receipt)
        #expect(String(decoding: receipt.json, as: UTF8.self).hasSuffix(#","content":"erased"}"#))
        var item: [UInt8] = []
        receipt.append(to: &item, withCheckpoint: false)
        let again = try Receipt(item: JSONValue.parse(item), checkpoint: receipt.checkpoint)
        #expect(again == receipt)

        for other in ["", "Erased", "present", "erased "] {
            json.content = other
            #expect(throws: ProofFileError.malformed("content")) {
                try Receipt(parsing: json.bytes)
            }
        }
        for value in ["null", "true", "[]", "1"] {
            let text = String(decoding: receipt.json, as: UTF8.self)
                .replacing(#""content":"erased""#, with: #""content":\#(value)"#)
            #expect(throws: ProofFileError.malformed("content")) {
                try Receipt(parsing: Array(text.utf8))
            }
        }
        let record = try Vectors.decode(RecordVector.self, from: "records").records[4]
        json.content = "erased"
        json.opening = .init(record: record.canonical, seed: record.seed)
        #expect(throws: ProofFileError.malformed("content")) { try Receipt(parsing: json.bytes) }
    }

    @Test("An opening shows the record that was committed to, and no other")
    func opening() throws {
        let record = try Vectors.decode(RecordVector.self, from: "records").records[4]
        var json = vector.receipt
        json.opening = .init(record: record.canonical, seed: record.seed)
        let receipt = try Receipt(parsing: json.bytes)
        #expect(try receipt.verify(by: vector.pinned()).record == Array(record.canonical.utf8))
        #expect(try Receipt(parsing: receipt.json) == receipt)

        json.opening = .init(
            record: record.canonical.replacing("svc-3", with: "svc-4"), seed: record.seed)
        let other = try Receipt(parsing: json.bytes)
        #expect(throws: VerifyError.commitmentMismatch) { try other.verify(by: vector.pinned()) }
        json.opening = .init(record: record.canonical, seed: record.seed.changed(at: 0))
        let otherSeed = try Receipt(parsing: json.bytes)
        #expect(throws: VerifyError.commitmentMismatch) {
            try otherSeed.verify(by: vector.pinned())
        }
        json.opening = .init(record: record.canonical + " ", seed: record.seed)
        #expect(throws: ProofFileError.malformed("opening.record")) {
            try Receipt(parsing: json.bytes)
        }
    }
}
