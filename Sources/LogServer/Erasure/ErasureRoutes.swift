// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird

/// `POST /v1/admin/erasures`: content destroyed for good, announced in the log first.
struct ErasureRoutes: Sendable {
    let desk: ActDesk
    /// Who may: operators by their token, or whoever may open the socket.
    let access: Access

    private static let bodyLimit = ErasureRequest.limits.byteCount

    var routes: [Route] {
        [
            Route(
                .post, "/v1/admin/erasures", access: access,
                Operation(
                    "erase", "Erases records, or fields of records, for good",
                    "Records are named in the body, or found by filters as of GET /v1/audit. A dry"
                        + " run, which it is unless dry_run is false, only counts. The erasure is"
                        + " announced by records of the log before anything is destroyed, and told"
                        + " as complete after. Leaves, receipts and proofs stay valid. Copies made"
                        + " before are outside of the log's reach.",
                    parameters: QueryParameters.selection,
                    body: [(MediaTypes.json, "Erasure")],
                    successes: [
                        .json("ErasureOutcome", "What was, or would be, erased."),
                        .json("PendingAct", "It waits for a second operator.", status: 202),
                    ],
                    problems: [
                        .invalidParameter, .unsupportedMediaType, .notFound, .ambiguousID, .held,
                        .erasureUnfinished, .backupRunning, .tooManyPending, .corrupt,
                    ] + AccessRecords.problems)
            ) { [self] call in try await erase(call) }
        ]
    }

    private func erase(_ call: Call) async throws -> Response {
        guard call.request.headers[values: .contentType] == [MediaTypes.json] else {
            throw Problem(.unsupportedMediaType)
        }
        let credential = try call.operating()
        let body = try await call.request.body.collect(upTo: Self.bodyLimit)
        let act = try EraseAct(
            Array(body.readableBytesView), call.query, by: credential, desk.surroundings)
        return try await desk.submit(act, isDryRun: act.isDryRun, by: credential)
    }
}

extension Schemas {
    static var erasures: [(String, YAML)] {
        let names: YAML = ["type": "array", "items": text]
        let numbers: YAML = ["type": "array", "items": number]
        let item: YAML = [
            "oneOf": [
                number, ["type": "string", "format": "uuid"],
                object([("index", number), ("fields", names)]),
                object([("id", ["type": "string", "format": "uuid"]), ("fields", names)]),
            ]
        ]
        return [
            (
                "Erasure",
                object(
                    [("reason", ["type": "string", "pattern": "^[a-z0-9._-]{1,64}$"])],
                    optional: [
                        ("records", ["type": "array", "items": item]), ("fields", names),
                        ("dry_run", truth),
                    ])
            ),
            (
                "ErasureOutcome",
                object(
                    [
                        ("dry_run", truth), ("records", number), ("fields", number),
                        ("absent", number), ("log_records", number), ("held_by", numbers),
                        ("indexes", numbers),
                    ], optional: [("announced", numbers)])
            ),
        ]
    }
}
