// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Hummingbird
import Merkle
import TransparencyLog

/// `GET /v1/audit/stats`: how many records there are of what kind.
struct StatsRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch

    var routes: [Route] {
        [
            Route(
                .get, "/v1/audit/stats", access: .roles([.reader, .auditor]),
                Operation(
                    "getStats", "Counts of records by type, outcome, category, actor and day",
                    "For the filters of a query. Counts the records themselves: after about five"
                        + " seconds it answers with complete false and where to go on from.",
                    parameters: QueryParameters.selection,
                    successes: [.json("Stats", "The counts.")],
                    problems: [.invalidParameter, .corrupt] + AccessRecords.problems)
            ) { call in
                try await answer(search.selection(call), call)
            }
        ]
    }

    private func answer(_ selection: RecordSelection, _ call: Call) async throws -> Response {
        let treeSize = log.published.head.size
        var event = AccessEvent(.stats)
        event.members = selection.members(treeSize: treeSize, access)
        try await access.record(event, by: call.identified())
        let basis = selection.filter.timeBasis
        let (stats, next) = try await search.fold(
            selection, treeSize: treeSize, into: RecordStats()
        ) { stats, _, terms in stats.add(terms, basis: basis) }
        return .json(json(stats, next, treeSize))
    }

    private func json(
        _ stats: RecordStats, _ next: UInt64?, _ treeSize: UInt64
    ) -> JSONWriter {
        var json = JSONWriter(capacity: 8_192)
        json.open()
        json.member("schema", "audit_stats")
        json.member("version", "1")
        json.member("origin", log.keys.identity.origin.text)
        json.member("pinned_tree_size", treeSize)
        json.member("complete", next == nil)
        if let next { json.member("next_index", next) }
        json.member("total", stats.total)
        json.counts("by_type", stats.values(of: .type))
        json.counts("by_outcome", stats.values(of: .outcome))
        json.counts("by_category", stats.values(of: .category))
        json.counts("by_actor", stats.values(of: .actor))
        json.counts("by_day", stats.values(of: .day))
        json.close()
        return json
    }
}

extension JSONWriter {
    fileprivate mutating func counts(
        _ name: StaticString, _ values: (shown: [(value: String, count: UInt64)], other: UInt64)
    ) {
        self.name(name)
        open()
        self.name("values")
        openArray()
        for (value, count) in values.shown {
            open()
            member("value", value)
            member("count", count)
            close()
        }
        closeArray()
        member("other", values.other)
        close()
    }
}
