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
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Bundle sets of a server")
struct BundleSetTests {
    private static func fixture(
        records: Int, store: GatedStore = GatedStore()
    ) async throws -> ServerFixture {
        let fixture = try await ServerFixture(store: store)
        var random = SeededGenerator(seed: 7)
        for _ in 0..<records { try await fixture.submit(RandomRecord(&random)) }
        return fixture
    }

    private static func indexes(
        _ fixture: ServerFixture, _ query: String, as asker: ServerFixture.Asker = .auditor
    ) async throws -> (indexes: [UInt64], set: VerifiedBundleSet) {
        var indexes: [UInt64] = []
        let set = try await fixture.bundleSet(query, as: asker) { line in
            if case .record(let record) = line { indexes.append(record.index) }
        }
        return (indexes, set)
    }

    @Test("Any range of any tree up to 40 leaves is proven, and shows all of it")
    func ranges() async throws {
        let fixture = try await Self.fixture(records: 3)
        while fixture.size < 40 {
            let size = fixture.size
            for first in [0, 1, size / 2, size - 1, size] {
                for end in [first, first + 1, size - 1, size, size + 5] where first <= end {
                    let (found, set) = try await Self.indexes(
                        fixture, "?from_index=\(first)&to_index=\(end)")
                    let head = set.checkpoint.checkpoint.head.size
                    #expect(found == Array(min(first, head)..<min(end, head)))
                    #expect(set.showsAll)
                    #expect(set.records == UInt64(found.count))
                    #expect(set.vouchedBy >= head)
                }
            }
        }
    }

    @Test("The records are those that a query finds, for who asks", arguments: [1, 2, 3])
    func filters(seed: UInt64) async throws {
        let fixture = try await Self.fixture(records: 300)
        var random = SeededGenerator(seed: seed)
        for _ in 0..<12 {
            let filter = RandomFilter(&random)
            let asker: ServerFixture.Asker = Bool.random(using: &random) ? .reader : .auditor
            let query = (filter.query + ["to_index=301"]).joined(separator: "&")
            let (found, set) = try await Self.indexes(fixture, "?\(query)", as: asker)
            let all = try await fixture.allRecords()
            let want = all[..<301].indices.filter { index in
                let tenant = all[index]["tenant"] as? String
                return filter.matches(all[index]) && (asker == .auditor || tenant == "acme")
            }
            #expect(found == want.map { UInt64($0) }, "\(query)")
            #expect(set.skipped == 301 - UInt64(found.count))
            #expect(set.header.range == 0..<301)
        }
    }

    @Test("Hidden fields are named, and nothing of them is in the file")
    func fields() async throws {
        let fixture = try await ServerFixture()
        for _ in 0..<3 { _ = try await fixture.submit(ServerFixture.record("canary")) }
        let answer = try await fixture.send(
            .get, "/v1/audit/bundles?fields=type,actor&type=x.test.event", as: .reader)
        #expect(answer.headers[.contentType] == "application/vnd.evident.bundle-set")
        #expect(!answer.text.contains("canary"))
        let set = try await fixture.bundleSet("?fields=type,actor&type=x.test.event", as: .reader)
        #expect(set.shown == ["actor": 3, "type": 3, "v": 3])
        #expect(set.withheld["details"] == 3)
        #expect(set.header.fields == ["actor", "type"])
        #expect(
            String(decoding: set.header.query.canonical, as: UTF8.self)
                == #"{"tenant":["acme"],"type":["x.test.event"]}"#)
        #expect(!set.showsAll)
    }

    @Test("That it was begun is in the log first, and its hash and place at the end")
    func recorded() async throws {
        let fixture = try await Self.fixture(records: 20)
        let size = fixture.size
        let set = try await fixture.bundleSet("?actor=alice&from_index=2", as: .reader)
        #expect(fixture.size == size + 2)
        #expect(set.checkpoint.checkpoint.head.size == size)
        #expect(set.vouchedBy == size + 1)
        let records = try await fixture.accessRecords()
        let (begun, made) = (records[0], records[1])
        #expect(begun["access"] as? String == "bundle_set")
        #expect(made["export"] as? String == "bundle_set")
        #expect(made["sha256"] as? String == set.digest.hex)
        for record in [begun, made] {
            #expect(record["credential"] as? String == "reader")
            #expect(record["first"] as? UInt64 == 2 && record["end"] as? UInt64 == size)
            let filter = record["filter"] as? [String: Any]
            #expect(filter?["names"] as? [String] == ["actor", "from_index"])
        }
        #expect(made["records"] as? UInt64 == set.records)
        #expect(!"\(records)".contains("alice"))
    }

    @Test("A filter that nothing matches, or another tenant's, makes an empty set that holds")
    func empty() async throws {
        let fixture = try await Self.fixture(records: 10)
        for (query, asker) in [
            ("?actor=nobody", ServerFixture.Asker.auditor), ("?tenant=globex", .reader),
        ] {
            let set = try await fixture.bundleSet(query, as: asker)
            #expect(set.records == 0)
            #expect(set.skipped == set.header.range.upperBound)
        }
    }

    @Test("Reports come where they are asked for, the chain's to auditors alone")
    func reports() async throws {
        let fixture = try await Self.fixture(records: 30)
        let set = try await fixture.bundleSet("?report=gaps&report=chain&outcome=denied")
        #expect(set.reports.map(\.kind) == [.chain, .gaps])
        #expect(set.reports[0].content["result"]?.text == "verified")
        #expect(set.reports[1].content["producers"]?.elements != nil)
        let own = try await fixture.bundleSet("?report=gaps", as: .reader)
        #expect(own.reports.map(\.kind) == [.gaps])
        let refused = try await fixture.send(
            .get, "/v1/audit/bundles?report=chain", as: .reader)
        #expect(refused.status == .forbidden)
        for query in ["?report=x", "?report=gaps&report=gaps"] {
            let answer = try await fixture.send(.get, "/v1/audit/bundles\(query)", as: .auditor)
            #expect(answer.status == .badRequest)
        }
    }

    @Test("A report of as many findings as one names can be read")
    func longReport() async throws {
        let fixture = try await Self.fixture(records: 1)
        let lines = (0...GapScan.findingLimit).map {
            #"{"type":"tool.call","actor":{"id":"a","type":"agent"},"trace":{"run_id":"r"},"#
                + #""producer":{"id":"p\#($0)","seq":\#($0 % 2 * 3)},"#
                + #""tool":{"name":"t","call_id":"\#($0)"}}"#
        }
        for part in [lines[..<600], lines[600...]] {
            let answer = try await fixture.submit(
                part.joined(separator: "\n"), type: "application/x-ndjson")
            #expect(answer.status == .ok)
        }
        let set = try await fixture.bundleSet("?report=gaps&type=daemon.start")
        #expect(set.reports[0].content["unpaired"]?.elements?.count == GapScan.findingLimit)
        #expect(set.reports[0].content["producers"]?.elements?.count == GapScan.findingLimit)
    }

    @Test("A log that takes no records, or asks no witnesses, begins no set that needs them")
    func refusedAtOnce() async throws {
        let fixture = try await Self.fixture(records: 3)
        let head = try await fixture.send(
            .get, "/v1/audit/bundles?head=witnessed", as: .auditor)
        #expect(try head.code() == "witnesses_not_configured")
        _ = try await fixture.log.freeze(
            fixture.settings.governance(of: .logFrozen(reason: "ended")))
        let set = try await fixture.send(.get, "/v1/audit/bundles", as: .auditor)
        #expect(try set.status == .forbidden && set.code() == "frozen")
    }

    @Test("Where the log cannot write, nothing is begun, and what was begun is no set")
    func failsClosed() async throws {
        let store = GatedStore()
        let fixture = try await Self.fixture(records: 5, store: store)
        store.set(.failing)
        let answer = try await fixture.send(.get, "/v1/audit/bundles", as: .auditor)
        #expect(answer.status.code == 507)
        store.set(.open)
        #expect(try await fixture.bundleSet("").records == 6)
    }

    @Test("Nothing of a set is answered before the record of it is committed")
    func durableFirst() async throws {
        let store = GatedStore()
        let fixture = try await Self.fixture(records: 5, store: store)
        let size = fixture.size
        store.set(.held)
        try await withThrowingTaskGroup(of: UInt64.self) { group in
            group.addTask { try await fixture.bundleSet("").records }
            try await Task.sleep(for: .milliseconds(200))
            #expect(fixture.size == size)
            store.set(.open)
            for try await records in group { #expect(records == size) }
        }
        #expect(fixture.size == size + 2)
    }
}
