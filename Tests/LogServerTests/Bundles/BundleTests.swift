// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogClient
import LogCrypto
import LogStorage
import LogTesting
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Bundles of one record")
struct BundleTests {
    private static func fixture() async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        for text in ["canary-1", "canary-2"] {
            #expect(try await fixture.submit(ServerFixture.record(text)).status == .created)
        }
        return fixture
    }

    @Test("A bundle shows the whole record, and is verified by the log's key alone")
    func whole() async throws {
        let fixture = try await Self.fixture()
        let bundle = try await fixture.bundle("1")
        #expect(bundle.proven.index == 1)
        #expect(bundle.hidden.isEmpty)
        let stored = try await fixture.log.content(at: 1).unwrap().record
        let text = "{" + bundle.shown.map(\.text).joined(separator: ",") + "}"
        #expect(text == String(decoding: stored, as: UTF8.self))
        let id =
            try await fixture.send(.get, "/v1/audit/1", as: .auditor)
            .json()["id"] as? String
        #expect(try await fixture.bundle(id.unwrap()).proven.index == 1)
    }

    @Test("Only the fields asked for are shown, and v; the others are named and hold")
    func part() async throws {
        let fixture = try await Self.fixture()
        let answer = try await fixture.send(
            .get, "/v1/audit/1/bundle?fields=type,actor,reason", as: .reader)
        #expect(answer.headers[.contentType] == "application/vnd.evident.bundle+json")
        #expect(!answer.text.contains("canary"))
        let bundle = try fixture.verified(answer)
        #expect(bundle.shown.map(\.name) == ["actor", "type", "v"])
        #expect(
            bundle.hidden.map(\.name) == [
                "details", "id", "received", "redaction_policy", "tenant", "time",
            ] || bundle.hidden.map(\.name) == ["details", "id", "received", "tenant", "time"])
        #expect(bundle.hidden.allSatisfy { $0.erasedBy == nil })
    }

    @Test("Its hash is in the log before it is answered")
    func recorded() async throws {
        let fixture = try await Self.fixture()
        let answer = try await fixture.send(.get, "/v1/audit/2/bundle?fields=type", as: .reader)
        let record = try await fixture.accessRecords().last.unwrap()
        let hash = SHA256.hash(Array(answer.body.readableBytesView))
        #expect(record["access"] as? String == "bundle")
        #expect(record["sha256"] as? String == hash.hex)
        #expect(record["index"] as? Int == 2)
        #expect(record["fields"] as? [String] == ["type"])
        #expect(record["credential"] as? String == "reader")
    }

    @Test("What a credential may not see does not exist")
    func isolation() async throws {
        let fixture = try await Self.fixture()
        for (asker, status) in [
            (ServerFixture.Asker.nobody, 401), (.producer, 403), (.operator, 403),
            (.foreignReader, 404), (.reader, 200), (.auditor, 200),
        ] {
            let answer = try await fixture.send(.get, "/v1/audit/1/bundle", as: asker)
            #expect(answer.status.code == status, "\(asker)")
            let set = try await fixture.send(.get, "/v1/audit/bundles", as: asker)
            #expect(set.status.code == (status == 404 ? 200 : status), "\(asker)")
        }
        for (path, status) in [("0", 404), ("99", 404), ("x", 404)] {
            let answer = try await fixture.send(.get, "/v1/audit/\(path)/bundle", as: .reader)
            #expect(answer.status.code == status, "\(path)")
        }
    }

    @Test("Names that no field has are refused", arguments: ["", "a,", ",a", "A", "a,a", "a b"])
    func names(_ text: String) async throws {
        let fixture = try await Self.fixture()
        let value = text.replacing(" ", with: "%20")
        for path in ["1/bundle", "bundles"] {
            let answer = try await fixture.send(
                .get, "/v1/audit/\(path)?fields=\(value)", as: .reader)
            #expect(answer.status == .badRequest)
        }
    }

    @Test("Who may read a tenant gets what tells of its erasures, and no more of that record")
    func erasures() async throws {
        let fixture = try await Self.fixture()
        let outcome = try await fixture.govern(
            GovernanceRecord(
                type: "erasure.request",
                details: [
                    "erased": [[1, "details"], [2]], "reason": "subject_request",
                ]))
        let answer = try await fixture.send(
            .get, "/v1/audit/\(outcome.index)/bundle", as: .reader)
        let bundle = try fixture.verified(answer)
        #expect(bundle.shown.map(\.name) == ["details", "tenant", "type", "v"])
        var erasures = ErasureRecords()
        try erasures.learn(bundle)
        let narrow = try fixture.verified(
            await fixture.send(
                .get, "/v1/audit/\(outcome.index)/bundle?fields=actor,type", as: .reader))
        #expect(narrow.shown.map(\.name) == ["type", "v"])
        let foreign = try await fixture.send(
            .get, "/v1/audit/\(outcome.index)/bundle", as: .foreignReader)
        #expect(foreign.status == .notFound)
        // Any other record of the log's own stays unseen.
        let other = try await fixture.send(.get, "/v1/audit/0/bundle", as: .reader)
        #expect(other.status == .notFound)
        #expect(try await fixture.bundle("0").shown.contains { $0.name == "details" })
    }

    @Test("A record with as many members as there may be has a bundle")
    func manyMembers() async throws {
        let fixture = try await ServerFixture()
        let more = (0..<980).map { "\"m\($0)\":\($0)" }.joined(separator: ",")
        let text = "{\"type\":\"x.test.event\",\"actor\":{\"id\":\"a\",\"type\":\"human\"},\(more)}"
        #expect(try await fixture.submit(text).status == .created)
        #expect(try await fixture.bundle("1").shown.count > 980)
        let answer = try await fixture.send(.get, "/v1/audit/1/bundle?fields=type", as: .auditor)
        #expect(try fixture.verified(answer).hidden.count > 980)
        #expect(try await fixture.bundleSet("?from_index=1&to_index=2").records == 1)
    }
}

extension ServerFixture {
    /// The log as a verifier pins it: by its key, and nothing that it says.
    func pinned() throws -> PinnedLog {
        let signer = log.keys.signer
        return try PinnedLog(keys: [signer.verifierKey, signer.treeHeadKey])
    }

    func verified(_ answer: TestResponse) throws -> VerifiedBundle {
        guard answer.status == .ok else { throw UnexpectedAnswer(text: answer.text) }
        return try EvidenceBundle(parsing: Array(answer.body.readableBytesView))
            .verify(by: pinned())
    }

    func bundle(_ record: String) async throws -> VerifiedBundle {
        try verified(await send(.get, "/v1/audit/\(record)/bundle", as: .auditor))
    }

    /// A set, verified; `take` sees its lines.
    func bundleSet(
        _ query: String, as asker: Asker = .auditor,
        _ take: (BundleSetLine) -> Void = { _ in }
    ) async throws -> VerifiedBundleSet {
        let answer = try await send(.get, "/v1/audit/bundles\(query)", as: asker)
        guard answer.status == .ok else { throw UnexpectedAnswer(text: answer.text) }
        var verifier = BundleSetVerifier(try pinned())
        try verifier.read(answer.body.readableBytesView) { (line) throws(BundleSetError) in
            take(line)
        }
        return try verifier.finish()
    }

    /// Puts one of the log's own records into it.
    func govern(_ record: GovernanceRecord) async throws -> SequencedRecord {
        let outcomes = try await log.submit([settings.governance(of: record)])
        guard case .accepted(let place)? = outcomes.first else { throw Missing() }
        return place
    }
}

extension BundleField {
    fileprivate var text: String { String(decoding: member ?? [], as: UTF8.self) }
}
