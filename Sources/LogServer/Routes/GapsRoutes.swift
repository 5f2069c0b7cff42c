// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import Hummingbird
import Merkle
import TransparencyLog

/// `GET /v1/audit/gaps`: what producers counted or announced, and the log does not hold.
struct GapsRoutes: Sendable {
    let log: Log
    let access: AccessRecords
    let search: RecordSearch

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
                try await answer(search.selection(call), call)
            }
        ]
    }

    private func answer(_ selection: RecordSelection, _ call: Call) async throws -> Response {
        let treeSize = log.published.head.size
        var event = AccessEvent(.gaps)
        event.members = selection.members(treeSize: treeSize, access)
        try await access.record(event, by: call.identified())
        let (scan, next) = try await search.fold(
            selection, treeSize: treeSize,
            into: GapScan(isFromStart: selection.range.lowerBound == 0)
        ) { scan, index, terms in scan.add(index, terms.canonical) }
        var ended = scan
        ended.finish()
        var json = JSONWriter(capacity: 8_192)
        json.open()
        json.member("schema", "audit_gaps")
        json.member("version", "1")
        json.member("origin", log.keys.identity.origin.text)
        json.member("pinned_tree_size", treeSize)
        json.member("complete", next == nil)
        if let next { json.member("next_index", next) }
        json.gaps(ended)
        json.close()
        return .json(json)
    }
}
