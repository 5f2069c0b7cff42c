// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogCrypto
import Merkle
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("RFC 6962")
struct RFC6962Tests {
    private static func fixture(records: Int) async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        guard records > 0 else { return fixture }
        for start in stride(from: 0, to: records, by: 500) {
            let lines = (start..<min(start + 500, records)).map { ServerFixture.record("\($0)") }
            _ = try await fixture.submit(
                lines.joined(separator: "\n"), type: "application/x-ndjson")
        }
        return fixture
    }

    private static func leaves(
        _ fixture: ServerFixture, _ start: UInt64, _ end: UInt64
    ) async throws -> [[UInt8]] {
        let answer = try await fixture.send(.get, "/ct/v1/get-entries?start=\(start)&end=\(end)")
        let entries = try (try answer.json()["entries"] as? [[String: String]]).unwrap()
        #expect(entries.allSatisfy { $0["extra_data"]?.isEmpty == true && $0.count == 2 })
        return try entries.map { try Base64.decode($0["leaf_input"].unwrap()).unwrap() }
    }

    private static func digests(_ answer: TestResponse, _ name: String) throws -> [Digest] {
        let texts = try (try answer.json()[name] as? [String]).unwrap()
        return try texts.map { try Digest(base64: $0).unwrap() }
    }

    @Test("get-sth has the head and the signature that /checkpoint has", arguments: [0, 4])
    func treeHead(records: Int) async throws {
        let fixture = try await Self.fixture(records: records)
        let answer = try await fixture.send(.get, "/ct/v1/get-sth")
        #expect(answer.headers[.contentType] == "application/json")
        #expect(answer.headers[.cacheControl] == "no-store")
        #expect(answer.headers[.accessControlAllowOrigin] == "*")
        let json = try answer.json()
        let note = try await fixture.send(.get, "/checkpoint").text
        let signer = fixture.log.keys.signer
        let opened = try OpenedCheckpoint.open(
            Array(note.utf8), origin: signer.origin, keys: [signer.verifierKey, signer.treeHeadKey])
        let head = opened.checkpoint.head
        #expect(json["tree_size"] as? UInt64 == head.size && head.size == UInt64(records) + 1)
        #expect(json["sha256_root_hash"] as? String == head.root.base64)
        #expect(json["timestamp"] as? UInt64 == opened.timestampMS(of: signer.treeHeadKey))
        let signature = try (json["tree_head_signature"] as? String).unwrap()
        #expect(
            try Base64.decode(signature)
                == signer.treeHeadSignature(in: note).unwrap()
                .digitallySigned)
        #expect(json.count == 4)
    }

    @Test("Entries over bundle borders are the tree's leaves")
    func entries() async throws {
        let fixture = try await Self.fixture(records: 1_299)
        let all = try await Self.leaves(fixture, 0, 1_023) + Self.leaves(fixture, 1_024, 1_299)
        var edge = TreeEdge()
        _ = edge.append(all.map { Digest.leafHash($0) })
        #expect(edge.head == fixture.log.published.head)
        for (start, end) in [
            (0, 0), (255, 255), (255, 256), (256, 511), (250, 800), (1_279, 1_299), (1_299, 1_299),
            (1_280, 1_285), (511, 512),
        ] {
            let part = try await Self.leaves(fixture, UInt64(start), UInt64(end))
            #expect(part == Array(all[start...end]), "\(start) to \(end)")
        }
        #expect(try await Self.leaves(fixture, 100, 1_299).count == 1_024)
        #expect(try await Self.leaves(fixture, 1_290, 5_000) == Array(all[1_290...]))
        #expect(try await Self.leaves(fixture, 0, .max).count == 1_024)
    }

    @Test("What can still grow is not kept, and all else for ever")
    func caching() async throws {
        let fixture = try await Self.fixture(records: 9)
        let lasting = "public, max-age=31536000, immutable"
        let hash = Digest.leafHash(try await Self.leaves(fixture, 3, 3)[0]).base64
            .replacing("+", with: "%2B").replacing("/", with: "%2F")
        for (uri, field) in [
            ("get-entries?start=0&end=9", lasting), ("get-entries?start=0&end=10", "no-store"),
            ("get-sth-consistency?first=3&second=10", lasting),
            ("get-proof-by-hash?hash=\(hash)&tree_size=10", lasting),
            ("get-entry-and-proof?leaf_index=3&tree_size=10", lasting), ("get-roots", "no-store"),
        ] {
            let answer = try await fixture.send(.get, "/ct/v1/\(uri)")
            #expect(answer.headers[.cacheControl] == field, "\(uri)")
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
        }
    }

    @Test("Which entries an answer has, for every range in small trees")
    func ranges() throws {
        for size in UInt64(1)...12 {
            for start in 0..<size {
                for end in start...size + 3 {
                    let range = try EntryRange(start: start, end: end, size: size)
                    #expect(range.indexes == start..<min(end + 1, size))
                    #expect(range.isCutByTree == (end >= size))
                }
            }
        }
        let far = try EntryRange(start: 5, end: .max, size: 4_000)
        #expect(far.indexes == 5..<1_029 && !far.isCutByTree)
        let last = try EntryRange(start: .max - 1, end: .max, size: .max)
        #expect(last.indexes == UInt64.max - 1..<UInt64.max && last.isCutByTree)
        for (start, end, size, code) in [
            (3, 2, 9, ProblemCode.invalidSize), (0, 0, 0, .beyondTree), (9, 9, 9, .beyondTree),
            (.max, .max, .max, .beyondTree),
        ] as [(UInt64, UInt64, UInt64, ProblemCode)] {
            let problem = #expect(throws: Problem.self) {
                try EntryRange(start: start, end: end, size: size)
            }
            #expect(problem?.code == code)
        }
    }

    @Test("Proofs by hash and by index verify at every size, a plus sign escaped or not")
    func proofs() async throws {
        let fixture = try await Self.fixture(records: 20)
        let leaves = try await Self.leaves(fixture, 0, 20)
        var edge = TreeEdge()
        var roots: [Digest] = [edge.head.root]
        for leaf in leaves {
            _ = edge.append([.leafHash(leaf)])
            roots.append(edge.head.root)
        }
        for size in [1, 2, 3, 7, 8, 20, 21] {
            for index in 0..<size {
                let hash = Digest.leafHash(leaves[index])
                let text =
                    index.isMultiple(of: 2)
                    ? hash.base64 : hash.base64.replacing("+", with: "%2B")
                let byHash = try await fixture.send(
                    .get, "/ct/v1/get-proof-by-hash?hash=\(text)&tree_size=\(size)")
                #expect(try byHash.json()["leaf_index"] as? Int == index)
                let both = try await fixture.send(
                    .get, "/ct/v1/get-entry-and-proof?leaf_index=\(index)&tree_size=\(size)")
                let leaf = try (try both.json()["leaf_input"] as? String).unwrap()
                #expect(Base64.decode(leaf) == leaves[index])
                let path = try Self.digests(byHash, "audit_path")
                #expect(try Self.digests(both, "audit_path") == path)
                try InclusionProof(
                    leafIndex: UInt64(index), treeSize: UInt64(size), hashes: path
                ).verify(leafHash: hash, in: TreeHead(size: UInt64(size), root: roots[size]))
            }
            for first in 0...size {
                let answer = try await fixture.send(
                    .get, "/ct/v1/get-sth-consistency?first=\(first)&second=\(size)")
                try ConsistencyProof(
                    oldSize: UInt64(first), newSize: UInt64(size),
                    hashes: Self.digests(answer, "consistency")
                ).verify(
                    from: TreeHead(size: UInt64(first), root: roots[first]),
                    to: TreeHead(size: UInt64(size), root: roots[size]))
            }
        }
    }

    @Test(
        "Edges, and errors as everywhere",
        arguments: [
            ("get-sth?x=1", 400), ("get-sth-consistency?first=0&second=5", 200),
            ("get-sth-consistency?first=0&second=0", 200),
            ("get-sth-consistency?first=5&second=5", 200),
            ("get-sth-consistency?first=2&second=1", 400),
            ("get-sth-consistency?first=1&second=6", 404),
            ("get-sth-consistency?first=6&second=5", 404),
            ("get-sth-consistency?first=1", 400), ("get-sth-consistency?second=1", 400),
            ("get-sth-consistency?first=-1&second=1", 400),
            ("get-sth-consistency?first=01&second=1", 400),
            ("get-entries?start=0&end=0", 200), ("get-entries?start=4&end=999", 200),
            ("get-entries?start=0&end=18446744073709551615", 200),
            ("get-entries?start=0&end=18446744073709551616", 400),
            ("get-entries?start=5&end=9", 404), ("get-entries?start=1&end=0", 400),
            ("get-entries?start=0", 400), ("get-entries?end=0", 400),
            ("get-entry-and-proof?leaf_index=0&tree_size=1", 200),
            ("get-entry-and-proof?leaf_index=1&tree_size=1", 400),
            ("get-entry-and-proof?leaf_index=0&tree_size=0", 400),
            ("get-entry-and-proof?leaf_index=0&tree_size=6", 404),
            ("get-proof-by-hash?hash=\(zeros)&tree_size=5", 404),
            ("get-proof-by-hash?hash=\(zeros)&tree_size=6", 404),
            ("get-proof-by-hash?hash=\(zeros)&tree_size=0", 400),
            ("get-proof-by-hash?hash=\(zeros)", 400), ("get-proof-by-hash?tree_size=1", 400),
            ("get-proof-by-hash?hash=AAAA&tree_size=1", 400),
            ("get-proof-by-hash?hash=\(zeros.dropLast())&tree_size=1", 400),
            ("get-roots", 200), ("add-chain", 404), ("get-sth/", 404), ("", 404),
        ])
    func edges(_ path: String, status: Int) async throws {
        let fixture = try await Self.fixture(records: 4)
        let answer = try await fixture.send(.get, "/ct/v1/\(path)")
        #expect(answer.status.code == status, "\(answer.text)")
        #expect(status == 200 || answer.headers[.cacheControl] == "no-store")
        if status != 200 { #expect(try answer.code() != nil) }
        #expect(!answer.text.contains("null"))
    }

    private static let zeros = Digest.zero.base64

    @Test("A leaf that joined later is not in an older tree")
    func laterLeaf() async throws {
        let fixture = try await Self.fixture(records: 4)
        let hash = Digest.leafHash(try await Self.leaves(fixture, 4, 4)[0]).base64
            .replacing("+", with: "%2B")
        for (size, status) in [(5, 200), (4, 404)] {
            let answer = try await fixture.send(
                .get, "/ct/v1/get-proof-by-hash?hash=\(hash)&tree_size=\(size)")
            #expect(answer.status.code == status)
        }
    }

    @Test("Lists are lists where they are empty")
    func emptyLists() async throws {
        let fixture = try await Self.fixture(records: 0)
        for (uri, text) in [
            ("get-roots", #"{"certificates":[]}"#),
            ("get-sth-consistency?first=0&second=1", #"{"consistency":[]}"#),
        ] {
            #expect(try await fixture.send(.get, "/ct/v1/\(uri)").text == text)
        }
        let alone = try await fixture.send(
            .get, "/ct/v1/get-entry-and-proof?leaf_index=0&tree_size=1")
        #expect(alone.text.hasSuffix(#""extra_data":"","audit_path":[]}"#))
    }
}
