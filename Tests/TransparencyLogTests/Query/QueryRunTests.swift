// SPDX-License-Identifier: Apache-2.0

import LogStorage
import LogTesting
import Testing

@testable import TransparencyLog

@Suite struct QueryRunTests {
    @Test("Pages of any length give what reading everything gives", arguments: 1...24)
    func pages(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let reader = MemoryReader(
            count: [0, 1, 5, 40, 300, 700][seed % 6], falseEvery: [0, 7, 1][seed % 3],
            erases: [0, 2][seed % 2], using: &random)
        for _ in 0..<60 {
            let size = random.next() % UInt64(reader.records.count + 1)
            let question = QueryCase(using: &random, size: UInt64(reader.records.count))
            for order in [RecordOrder.ascending, .descending] {
                var query = question.query()
                query.order = order
                query.limit = 1 + Int(random.next() % 60)
                query.budget = random.next() % 2 == 0 ? 1 + Int(random.next() % 40) : 20_000
                let slice = random.next() % 2 == 0 ? 1 + Int(random.next() % 10) : 1_000
                let found = try Self.walk(query, reader, size: size, slice: slice)
                #expect(
                    found == question.answer(reader.records, order, size: size),
                    "\(question) of \(size), \(order), by \(query.limit) and \(query.budget)")
            }
        }
    }

    /// All pages, each from where the one before says.
    private static func walk(
        _ query: RecordQuery<QueryTerms>, _ reader: MemoryReader, size: UInt64, slice: Int
    ) throws -> [UInt64] {
        var (query, found) = (query, [UInt64]())
        for _ in 0..<20_000 {
            var run = QueryRun(
                query, size: size, hasher: MemoryReader.hasher, reader: reader,
                width: query.limit + 1)
            var page = 0
            while !run.isDone {
                try run.advance(slice: slice) { record in
                    found.append(record.index)
                    page += 1
                    return page < query.limit
                }
            }
            #expect(page <= query.limit)
            guard let next = run.next else { return found }
            query.from = next
        }
        Issue.record("the walk does not end")
        return found
    }

    @Test("Counts agree with reading everything, by keys alone where nothing is erased")
    func counts() throws {
        var random = SeededGenerator(seed: 77)
        for round in 0..<400 {
            let reader = MemoryReader(
                count: 300, falseEvery: 0, erases: round % 2 == 0 ? 0 : 2, using: &random)
            let question = QueryCase(using: &random, size: 300)
            let want = UInt64(question.answer(reader.records, .ascending, size: 290).count)
            for verified in [true, false] {
                var run = QueryRun(
                    question.query(), size: 290, hasher: MemoryReader.hasher, reader: reader,
                    width: 1)
                var count: UInt64 = 0
                while !run.isDone { count += try run.count(slice: 9, verified: verified) }
                #expect(run.next == nil)
                #expect(
                    verified || round % 2 == 0 ? count == want : count >= want,
                    "\(question): \(count), \(want)")
            }
        }
    }

    @Test("A full page has a next only if there is something to come")
    func noEmptyLastPage() throws {
        var random = SeededGenerator(seed: 5)
        let reader = MemoryReader(count: 400, falseEvery: 0, erases: 0, using: &random)
        for _ in 0..<200 {
            let question = QueryCase(using: &random, size: 400)
            let want = question.answer(reader.records, .descending, size: 400)
            guard !want.isEmpty, question.since == nil, question.until == nil else { continue }
            var query = question.query()
            query.limit = want.count
            var run = QueryRun(
                query, size: 400, hasher: MemoryReader.hasher, reader: reader,
                width: query.limit + 1)
            var count = 0
            while !run.isDone {
                try run.advance(slice: 1_000) { _ in
                    count += 1
                    return count < want.count
                }
            }
            #expect(run.next == nil && count == want.count)
        }
    }

    @Test("A record that is none stops the answer")
    func noRecord() throws {
        var random = SeededGenerator(seed: 6)
        let reader = MemoryReader(count: 20, falseEvery: 0, erases: 0, using: &random)
        var run = QueryRun(
            RecordQuery<QueryTerms>(
                scope: .all, keys: [], span: nil, read: { _ in nil }, tenant: \.tenant,
                matches: { _ in true }), size: 20, hasher: MemoryReader.hasher, reader: reader,
            width: 5)
        #expect(throws: LogError.self) { try run.advance(slice: 10) { _ in true } }
    }

    @Test("What keys say of a tenant is not believed")
    func isolation() throws {
        var random = SeededGenerator(seed: 8)
        // Every record is a candidate for every key.
        let reader = MemoryReader(count: 200, falseEvery: 1, erases: 0, using: &random)
        let query = RecordQuery<QueryTerms>(
            scope: .only(tenant: "t1"), keys: [], span: nil, read: { QueryTerms($0) },
            tenant: \.tenant, matches: { _ in true })
        var run = QueryRun(
            query, size: 200, hasher: MemoryReader.hasher, reader: reader, width: 50)
        var tenants: Set<String> = []
        while !run.isDone {
            try run.advance(slice: 50) { record in
                tenants.insert(record.terms.tenant)
                return true
            }
        }
        #expect(tenants == ["t1"])
    }
}
