// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Hummingbird

/// `GET /v1/audit/gaps`: what producers counted or announced, and the log does not hold.
struct GapsRoutes: Sendable {
    let survey: RecordSurvey

    private static let parameters = QueryParameters.selection.filter {
        ["tenant", "producer", "from_index", "to_index"].contains($0.name)
    }

    var routes: [Route] {
        [
            Route(
                .get, "/v1/audit/gaps", access: .roles([.reader, .auditor]),
                Operation(
                    "getGaps", "Gaps in what producers counted, and intents without an outcome",
                    "Producers number their records by producer.seq: numbers that are missing are"
                        + " records that were made and never came. Tool calls, approvals, runs and"
                        + " phases come as intent and outcome; the ones alone are listed, up to"
                        + " 1,000 of a kind. After about five seconds it answers with complete"
                        + " false and where to go on from.",
                    parameters: Self.parameters,
                    successes: [.json("Gaps", "What was found.")],
                    problems: [.invalidParameter, .corrupt] + AccessRecords.problems)
            ) { call in
                try await answer(survey.search.selection(call), call)
            }
        ]
    }

    private func answer(_ selection: RecordSelection, _ call: Call) async throws -> Response {
        let (scan, answer) = try await survey.run(
            .gaps, selection, call, into: GapScan(isFromStart: selection.range.lowerBound == 0)
        ) { scan, index, terms in scan.add(index, terms.canonical) }
        var (ended, json) = (scan, answer)
        ended.finish()
        json.gaps(ended)
        json.close()
        return .json(json)
    }
}
