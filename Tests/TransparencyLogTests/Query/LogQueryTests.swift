// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import LogTesting
import SQLiteStorage
import Testing

@testable import TransparencyLog

@Suite struct LogQueryTests {
    private let fixture: Fixture

    init() throws { fixture = try Fixture() }

    private func open(_ store: (any LogStore)? = nil) async throws -> Log {
        let data = fixture.data
        if let store { return try await fixture.open(store: store) }
        if !FileManager.default.fileExists(atPath: data) { try fixture.openStore().close() }
        let hasher = fixture.keys.idempotency.lookups
        return try await fixture.open(
            store: SQLiteStore.open(
                directory: data, lookupKeys: { QueryTerms($0)?.keys(hasher) ?? [] }))
    }

    private func submission(_ terms: QueryTerms, _ number: Int) throws -> Submission {
        let (record, seed) = (try CanonicalRecord(verifying: terms.canonical), Digest.random())
        let credential = StoredCredential(tenant: terms.tenant, name: "test")
        return Submission(
            commitment: Commitment.commit(
                record, seed: seed, origin: fixture.keys.identity.origin),
            key: fixture.keys.idempotency.storedKey("\(number)", of: credential),
            credential: credential,
            content: StoredContent(
                record: terms.canonical, seed: seed,
                formDigest: FormDigest.digest(seed: seed, form: terms.canonical)),
            form: terms.canonical, lookups: terms.keys(fixture.keys.idempotency.lookups))
    }

    /// Adds records; those that a query may find, by index.
    private func fill(_ log: Log, _ count: Int) async throws -> [QueryTerms?] {
        var random = SeededGenerator(seed: 12)
        let records = (1...UInt64(count)).map { QueryTerms(using: &random, near: $0) }
        for start in stride(from: 0, to: count, by: 700) {
            let unit = try (start..<min(start + 700, count)).map {
                try submission(records[$0], $0)
            }
            _ = try await log.submit(unit)
        }
        // Index 0 is the log's own record, which has no terms here.
        return [nil] + records
    }

    private func expectAnswers(
        _ log: Log, _ records: [QueryTerms?], cases: Int
    ) async throws {
        var random = SeededGenerator(seed: 13)
        for _ in 0..<cases {
            var question = QueryCase(using: &random, size: UInt64(records.count))
            question.range = question.range.clamped(to: 1..<UInt64.max)
            for order in [RecordOrder.ascending, .descending] {
                var query = question.query()
                (query.order, query.limit) = (order, 37)
                let want = question.answer(records, order, size: .max)
                var found: [UInt64] = []
                repeat {
                    let page = try await log.records(query)
                    found += page.records.map(\.index)
                    #expect(page.records.allSatisfy { $0.terms == records[Int($0.index)] })
                    query.from = page.next
                } while query.from != nil
                #expect(found == want, "\(question), \(order)")
                query.from = nil
                #expect(try await log.count(query).count == UInt64(want.count))
                #expect(try await log.count(query, verified: true).count == UInt64(want.count))
                let fold = try await log.fold(query, into: [UInt64]()) { all, index, _ in
                    all.append(index)
                }
                #expect(fold.result == want && fold.next == nil)
            }
        }
    }

    @Test("A log answers the same from its index, after a restart and after a rebuild")
    func restartAndRebuild() async throws {
        var log = try await open()
        let records = try await fill(log, 3_000)
        try await expectAnswers(log, records, cases: 40)
        await log.shutDown()
        log = try await open()
        try await expectAnswers(log, records, cases: 10)
        await log.shutDown()
        try FileManager.default.removeItem(atPath: fixture.data + "/lookup")
        log = try await open()
        try await expectAnswers(log, records, cases: 40)
        await log.shutDown()
    }

    @Test("A log in memory answers the same")
    func memory() async throws {
        let log = try await open(NullStore())
        try await expectAnswers(log, try await fill(log, 400), cases: 20)
        await log.shutDown()
    }

    @Test("An answer is pinned to a size, and no size beyond the published one is taken")
    func pinned() async throws {
        let log = try await open(NullStore())
        _ = try await fill(log, 50)
        var query = RecordQuery<QueryTerms>(
            scope: .all, keys: [], span: nil, read: { QueryTerms($0) }, tenant: \.tenant,
            matches: { _ in true })
        query.range = 1..<UInt64.max
        query.treeSize = 20
        let page = try await log.records(query)
        #expect(page.treeSize == 20 && page.records.map(\.index) == (1..<20).reversed())
        query.treeSize = 51
        #expect(try await log.records(query).records.first?.index == 50)
        query.treeSize = 52
        await #expect(throws: LogError.self) { try await log.records(query) }
        query.treeSize = nil
        query.limit = 0
        #expect(try await log.records(query).records.isEmpty)
        await log.shutDown()
    }
}
