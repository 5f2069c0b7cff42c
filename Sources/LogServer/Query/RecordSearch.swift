// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import LogStorage
import TransparencyLog

/// Records as the engine found them.
typealias Found = FoundRecord<RecordTerms>

/// Finds the records of a selection, a bounded piece of work at a time.
struct RecordSearch: Sendable {
    let log: Log
    /// What records pass now: values are looked for as it would have stored them.
    let settings: SettingsInForce

    /// How often one request asks the engine, each time for about 0.2 s of work at most.
    private static let callLimit = 10
    /// Records that are asked for at once: they lie in memory together.
    private static let stepLimit = 100
    /// How long one request reads through records.
    private static let foldLimit = Duration.seconds(5)
    /// Bytes of records after which a page ends.
    private static let byteLimit = 4 << 20

    /// What records pass now.
    var redactor: Redactor? { settings.current.settings.redactor }

    /// What a request is about.
    func selection(_ call: Call) throws(Problem) -> RecordSelection {
        try RecordSelection(
            call.query, of: call.identified(), redactor: redactor)
    }

    /// The next records, at most `limit`, and where to go on; nil when there are no more.
    ///
    /// It may find fewer, even none, and yet say where to go on.
    ///
    /// - Parameter client: who waits for them; nil for a stream, which notices by itself.
    func page(
        _ selection: RecordSelection, order: RecordOrder, from: UInt64?, treeSize: UInt64,
        limit: Int, for client: ClientPresence? = nil
    ) async throws -> (records: [Found], next: UInt64?) {
        guard !selection.isEmpty else { return ([], nil) }
        var query = selection.query
        query.order = order
        query.treeSize = treeSize
        query.from = from
        var found: [Found] = []
        var bytes = 0
        for _ in 0..<Self.callLimit {
            try client?.require()
            query.limit = min(limit - found.count, Self.stepLimit)
            let page = try await log.records(query)
            for record in page.records {
                try check(record, selection)
                bytes += record.content.record.count
            }
            found += page.records
            query.from = page.next
            guard page.next != nil, found.count < limit, bytes < Self.byteLimit else { break }
        }
        return (found, query.from)
    }

    /// Feeds the records of a selection to `add`, in the order of their indexes, for some seconds
    /// at most.
    ///
    /// Returns where to go on, or nil where all have been fed; ends when the client leaves.
    func fold<Result: Sendable>(
        _ selection: RecordSelection, treeSize: UInt64, from: UInt64? = nil,
        for client: ClientPresence? = nil, into initial: Result,
        _ add: @escaping @Sendable (inout Result, _ index: UInt64, RecordTerms) -> Void
    ) async throws -> (result: Result, next: UInt64?) {
        guard !selection.isEmpty else { return (initial, nil) }
        let deadline = ContinuousClock.now + Self.foldLimit
        let scope = selection.scope
        var result = initial
        var query = selection.query
        query.order = .ascending
        query.treeSize = treeSize
        query.from = from
        // Small parts, so that the time is looked at often on a machine that is busy with more.
        query.budget = 4_000
        repeat {
            try client?.require()
            let part = try await log.fold(query, into: result) { result, index, terms in
                // Once more than the engine does it: nothing of another tenant counts.
                if scope.covers(terms.tenant) { add(&result, index, terms) }
            }
            result = part.result
            query.from = part.next
        } while query.from != nil && ContinuousClock.now < deadline
        return (result, query.from)
    }

    /// The engine keeps to the scope by itself; what leaves the server is looked at once more.
    private func check(_ record: Found, _ selection: RecordSelection) throws(Problem) {
        guard selection.scope.covers(record.terms.tenant) else { throw Problem(.internalError) }
    }
}
