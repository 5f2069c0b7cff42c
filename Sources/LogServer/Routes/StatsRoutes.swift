// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Hummingbird

/// `GET /v1/audit/stats`: how many records there are of what kind.
struct StatsRoutes: Sendable {
    let survey: RecordSurvey

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
                try await answer(survey.search.selection(call), call)
            }
        ]
    }

    private func answer(_ selection: RecordSelection, _ call: Call) async throws -> Response {
        let basis = selection.filter.timeBasis
        let (stats, answer) = try await survey.run(
            .stats, selection, call, into: RecordStats()
        ) { stats, _, terms in stats.add(terms, basis: basis) }
        var json = answer
        json.member("total", stats.total)
        json.counts("by_type", stats.values(of: .type))
        json.counts("by_outcome", stats.values(of: .outcome))
        json.counts("by_category", stats.values(of: .category))
        json.counts("by_actor", stats.values(of: .actor))
        json.counts("by_day", stats.values(of: .day))
        json.close()
        return .json(json)
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
