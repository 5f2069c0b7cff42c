// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

/// Queries: answered from published records alone, on threads that give way to the writer's.
///
/// The answer is pinned to a tree size, so that later pages are of the same log. Each call takes
/// its work in slices and stops when its budget is used up. Erased records are never in an answer:
/// nothing is known of them.
extension Log {
    /// Work in one turn on a thread: some milliseconds.
    private static var slice: Int { 1_000 }

    /// One page of the records that match.
    package func records<Terms>(
        _ query: RecordQuery<Terms>
    ) async throws(LogError) -> RecordPage<Terms> {
        let size = try pinned(query)
        guard query.limit > 0 else {
            return RecordPage(records: [], next: query.from, treeSize: size)
        }
        let start = QueryRun(
            query, size: size, hasher: keys.idempotency.lookups, reader: reader,
            width: query.limit + 1)
        return try await reading {
            var (run, records) = (start, [FoundRecord<Terms>]())
            while !run.isDone {
                (run, records) = try await self.queries.run { [run, records] in
                    var (run, records) = (run, records)
                    try run.advance(slice: Self.slice) { record in
                        records.append(record)
                        return records.count < query.limit
                    }
                    return (run, records)
                }
            }
            return RecordPage(records: records, next: run.next, treeSize: size)
        }
    }

    /// How many records match.
    ///
    /// - Parameter verified: read each one. Otherwise keys and whole segments of time decide,
    ///   which takes some milliseconds a million: see ``RecordCount/isVerified``.
    package func count<Terms>(
        _ query: RecordQuery<Terms>, verified: Bool = false
    ) async throws(LogError) -> RecordCount {
        let size = try pinned(query)
        let start = QueryRun(
            query, size: size, hasher: keys.idempotency.lookups, reader: reader, width: 1)
        return try await reading {
            var (run, count) = (start, UInt64(0))
            while !run.isDone {
                let counted: UInt64
                (run, counted) = try await self.queries.run { [run] in
                    var run = run
                    let counted = try run.count(slice: Self.slice, verified: verified)
                    return (run, counted)
                }
                count += counted
            }
            return RecordCount(
                count: count, next: run.next, isVerified: verified, treeSize: size)
        }
    }

    /// Adds the records that match to a value, one by one and in order.
    ///
    /// The value must be small: it is copied for each slice.
    package func fold<Terms, Result: Sendable>(
        _ query: RecordQuery<Terms>, into initial: Result,
        _ body: @escaping @Sendable (inout Result, _ index: UInt64, Terms) -> Void
    ) async throws(LogError) -> RecordFold<Result> {
        let size = try pinned(query)
        let start = QueryRun(
            query, size: size, hasher: keys.idempotency.lookups, reader: reader, width: 256)
        return try await reading {
            var (run, result) = (start, initial)
            while !run.isDone {
                (run, result) = try await self.queries.run { [run, result] in
                    var (run, result) = (run, result)
                    try run.advance(slice: Self.slice) { record in
                        body(&result, record.index, record.terms)
                        return true
                    }
                    return (run, result)
                }
            }
            return RecordFold(result: result, next: run.next, treeSize: size)
        }
    }

    private func pinned<Terms>(_ query: RecordQuery<Terms>) throws(LogError) -> UInt64 {
        let published = published
        let size = query.treeSize ?? published.head.size
        guard size <= published.head.size else { throw beyond(published) }
        return size
    }
}
