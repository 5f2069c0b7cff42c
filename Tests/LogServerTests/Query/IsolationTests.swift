// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing

@testable import LogServer

@Suite("Whose records are seen")
struct IsolationTests {
    private static let routes = [
        "/v1/audit", "/v1/audit?format=ndjson", "/v1/audit?format=csv", "/v1/audit/stats",
        "/v1/audit/gaps", "/v1/audit/stream?from_index=0",
    ]

    private static func fixture() async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        for _ in 0..<3 {
            let own = try await fixture.submit(ServerFixture.record("canary-acme"))
            let foreign = try await fixture.submit(
                ServerFixture.record("canary-globex"), as: .foreignProducer)
            #expect(own.status == .created && foreign.status == .created)
        }
        return fixture
    }

    @Test("Each new route answers each role as decided", arguments: routes)
    func matrix(_ route: String) async throws {
        let fixture = try await Self.fixture()
        let expected: [ServerFixture.Asker: Int] = [
            .nobody: 401, .stranger: 401, .producer: 403, .otherProducer: 403,
            .foreignProducer: 403, .manyProducer: 403, .operator: 403, .reader: 200,
            .foreignReader: 200, .auditor: 200,
        ]
        #expect(expected.count == ServerFixture.Asker.allCases.count)
        for (asker, status) in expected {
            let answer = try await fixture.send(.get, route, as: asker)
            #expect(answer.status.code == status, "\(asker)")
            if status != 200 { #expect(try answer.code() == "not_authorized") }
            let sees = [
                "acme": asker == .reader || asker == .auditor,
                "globex": asker == .foreignReader || asker == .auditor,
            ]
            let showsRecords = !route.hasSuffix("stats") && !route.hasSuffix("gaps")
            for (tenant, isSeen) in sees where showsRecords {
                #expect(answer.text.contains("canary-\(tenant)") == isSeen, "\(asker) \(tenant)")
            }
            if asker != .auditor { #expect(!answer.text.contains("log.created")) }
        }
    }

    @Test(
        "A tenant that is not the reader's own is as good as none at all",
        arguments: ["globex", "nobody-has-it", "_log"])
    func foreignTenant(_ tenant: String) async throws {
        let fixture = try await Self.fixture()
        #expect(try await fixture.page("?tenant=\(tenant)", as: .reader).records.isEmpty)
        let own = try await fixture.page("?tenant=\(tenant)&tenant=acme", as: .reader)
        #expect(own.indexes == [1, 3, 5])
        let stats = try await fixture.send(.get, "/v1/audit/stats?tenant=\(tenant)", as: .reader)
        #expect(try stats.json()["total"] as? Int == 0)
    }

    @Test("Foreign and unknown tenants have one answer")
    func oneAnswer() async throws {
        let fixture = try await Self.fixture()
        var texts: Set<String> = []
        for tenant in ["globex", "nobody", "_log"] {
            for path in ["/v1/audit?limit=3&tenant=", "/v1/audit/stats?tenant="] {
                let size = fixture.size
                let answer = try await fixture.send(.get, path + tenant, as: .reader)
                // The size of the tree is public, and grows by the record of each reading.
                texts.insert(
                    answer.text.replacing("\"pinned_tree_size\":\(size)", with: ""))
            }
        }
        #expect(texts.count == 2)
    }

    @Test("Counts are those of the tenant alone")
    func counts() async throws {
        let fixture = try await Self.fixture()
        for (asker, count) in [(ServerFixture.Asker.reader, 3), (.foreignReader, 3)] {
            let stats = try await fixture.send(.get, "/v1/audit/stats", as: asker).json()
            #expect(stats["total"] as? Int == count)
            let types = (stats["by_type"] as? [String: Any])?["values"] as? [[String: Any]]
            #expect(types?.compactMap { $0["value"] as? String } == ["x.test.event"])
            #expect(types?.compactMap { $0["count"] as? Int } == [count])
        }
    }

    @Test("The log's own records are for auditors alone")
    func governance() async throws {
        let fixture = try await Self.fixture()
        let created = try await fixture.page("?type=log.created")
        #expect(created.indexes == [0])
        #expect(try await fixture.page("?type=log.created", as: .reader).indexes == [])
        #expect(try await fixture.page("?type=audit.*", as: .reader).indexes == [])
        #expect(try await fixture.page("?tenant=_log").records.allSatisfy { $0.tenant == "_log" })
    }
}
