// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogStorage
import LogTesting
import Synchronization
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Records of readings")
struct AccessRecordTests {
    private static let reads = [
        "/v1/audit", "/v1/audit/stats", "/v1/audit/gaps", "/v1/audit/stream?from_index=0",
        "/v1/audit/1", "/v1/audit/1/bundle",
    ]

    private static func fixture(
        _ granularity: AccessGranularity = .request, store: GatedStore = GatedStore(),
        now: (@Sendable () -> Timestamp)? = nil
    ) async throws -> ServerFixture {
        var settings = LogSettings()
        settings.accessRecords = granularity
        let fixture = try await ServerFixture(store: store, settings: settings) { configuration in
            if let now { configuration.now = now }
        }
        for _ in 0..<5 {
            #expect(try await fixture.submit(ServerFixture.record("canary")).status == .created)
        }
        return fixture
    }

    @Test("Each reading has its record, which says who, what and how far, and no content")
    func oneEach() async throws {
        let fixture = try await Self.fixture()
        let size = fixture.size
        for uri in Self.reads {
            #expect(try await fixture.send(.get, uri, as: .reader).status == .ok, "\(uri)")
        }
        let records = try await fixture.accessRecords()
        #expect(
            records.compactMap { $0["access"] as? String } == [
                "query", "stats", "gaps", "stream", "record", "bundle",
            ])
        #expect(fixture.size == size + 6)
        try #require(records.count == 6)
        for record in records {
            #expect(record["credential"] as? String == "reader")
            #expect(record["role"] as? String == "reader")
            #expect(record["tenant"] as? String == "acme")
        }
        #expect(records[0]["end"] as? UInt64 == size && records[0]["limit"] as? Int == 50)
        #expect(records[4]["index"] as? Int == 1)
        for index in size..<fixture.size {
            let content = try await fixture.log.content(at: index).unwrap()
            #expect(!String(decoding: content.record, as: UTF8.self).contains("canary"))
        }
    }

    @Test("The record names the filters and tells equal ones by a digest, never their values")
    func filters() async throws {
        let fixture = try await Self.fixture()
        for query in [
            "?actor=canary-person&outcome=denied", "?outcome=denied&actor=canary-person",
            "?actor=canary-other&outcome=denied",
        ] {
            _ = try await fixture.page(query, as: .reader)
        }
        let filters = try await fixture.accessRecords().map { $0["filter"] as? [String: Any] }
        #expect(filters.allSatisfy { $0?["names"] as? [String] == ["actor", "outcome"] })
        let digests = filters.map { $0?["digest"] as? String }
        #expect(digests[0] == digests[1] && digests[0] != digests[2])
        #expect(digests[0]?.count == 64)
        let all = try await fixture.allRecords().suffix(3).map { "\($0)" }.joined()
        #expect(!all.contains("canary"))
    }

    @Test("A walk over pages counts once, or a page at a time where that is wished")
    func walks() async throws {
        for (granularity, count) in [(AccessGranularity.request, 1), (.page, 3)] {
            let fixture = try await Self.fixture(granularity)
            let found = try await fixture.walk("?limit=2", as: .reader)
            #expect(found == [1, 2, 3, 4, 5])
            #expect(try await fixture.accessRecords().count == count, "\(granularity)")
        }
    }

    @Test("By the minute, one record stands for all that a credential reads")
    func minutes() async throws {
        let time = Mutex<Int64>(1_780_000_020_000_000)
        let fixture = try await Self.fixture(.minute) {
            Timestamp(microseconds: time.withLock { $0 }).unsafelyUnwrapped
        }
        for asker in [ServerFixture.Asker.reader, .auditor, .reader] {
            for uri in ["/v1/audit", "/v1/audit/1"] {
                #expect(try await fixture.send(.get, uri, as: asker).status == .ok)
            }
        }
        var records = try await fixture.accessRecords()
        #expect(records.compactMap { $0["credential"] as? String } == ["reader", "auditor"])
        #expect(records.allSatisfy { $0["per"] as? String == "minute" })
        _ = try await fixture.send(.get, "/v1/audit/stream", as: .reader)
        time.withLock { $0 += 60_000_000 }
        _ = try await fixture.page("", as: .reader)
        records = try await fixture.accessRecords()
        #expect(
            records.compactMap { $0["access"] as? String } == [
                "query", "query", "stream", "query",
            ])
    }

    @Test("Nothing is answered before the record of it is committed", arguments: reads)
    func durableFirst(_ uri: String) async throws {
        let store = GatedStore()
        let fixture = try await Self.fixture(store: store)
        let size = fixture.size
        store.set(.held)
        let isAnswered = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                let answer = try await fixture.send(.get, uri, as: .reader)
                isAnswered.raise()
                #expect(answer.status == .ok)
            }
            try await Task.sleep(for: .milliseconds(300))
            #expect(!isAnswered.isRaised)
            #expect(fixture.size == size)
            store.set(.open)
            try await group.waitForAll()
        }
        #expect(fixture.size == size + 1)
    }

    @Test("Where the log cannot write, nothing is read", arguments: reads)
    func failsClosed(_ uri: String) async throws {
        let store = GatedStore()
        let fixture = try await Self.fixture(store: store)
        store.set(.failing)
        let answer = try await fixture.send(.get, uri, as: .reader)
        #expect(answer.status.code == 507)
        #expect(try answer.code() == "storage_full")
        #expect(!answer.text.contains("canary"))
        store.set(.open)
        #expect(try await fixture.send(.get, uri, as: .reader).status == .ok)
    }

    @Test("Receipts, proofs and what is public are no readings of content")
    func notRecorded() async throws {
        let fixture = try await Self.fixture()
        let size = fixture.size
        for uri in [
            "/v1/audit/1/receipt", "/v1/audit/1/proof", "/checkpoint", "/v1/log",
            "/v1/proof/inclusion?index=1", "/tile/0/000.p/1", "/readyz",
        ] {
            #expect(try await fixture.send(.get, uri, as: .reader).status == .ok, "\(uri)")
        }
        for uri in ["/v1/audit/0", "/v1/audit/99", "/v1/audit?limit=0"] {
            _ = try await fixture.send(.get, uri, as: .reader)
        }
        #expect(fixture.size == size)
    }
}

/// Something that happened, for another task to see.
private final class Flag: Sendable {
    private let state = Mutex(false)

    var isRaised: Bool { state.withLock { $0 } }

    func raise() { state.withLock { $0 = true } }
}
