// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import TransparencyLog

/// `/v1/admin/holds`: what may not be destroyed, whatever a rule or an operator says.
struct HoldRoutes: Sendable {
    let book: HoldBook
    let search: RecordSearch
    let desk: ActDesk
    /// Who may: operators by their token, or whoever may open the socket.
    let access: Access

    private static let bodyLimit = 4_096

    var routes: [Route] { [list, place, release] }

    private var list: Route {
        Route(
            .get, "/v1/admin/holds", access: access,
            Operation(
                "listHolds", "The holds that stand",
                successes: [.json("Holds", "The holds.")],
                problems: Operation.readProblems)
        ) { [book] _ in
            let holds = try await book.standing()
            var json = JSONWriter(capacity: 4_096)
            json.open()
            json.name("holds")
            json.openArray()
            for hold in holds { json.hold(hold) }
            json.closeArray()
            json.close()
            return .json(json)
        }
    }

    private var place: Route {
        Route(
            .post, "/v1/admin/holds", access: access,
            Operation(
                "placeHold", "Keeps the records that filters find from being destroyed",
                "Filters as of GET /v1/audit, at least one; they hold for records that come later"
                    + " too. Values that redaction replaces are kept as it stores them. The hold is"
                    + " itself a record of the log, and goes by its index.",
                parameters: QueryParameters.selection,
                body: [(MediaTypes.json, "HoldReason")],
                successes: [.json("Hold", "The hold.", status: 201)],
                problems: [.invalidParameter, .unsupportedMediaType, .corrupt]
                    + AccessRecords.problems)
        ) { [self] call in
            let reason = try await Self.reason(call)
            let credential = try call.operating()
            let selection = try RecordSelection(
                call.query, of: credential, redactor: search.redactor)
            guard !selection.isUnrestricted else {
                throw Problem.invalidParameter("type", "Give at least one filter.")
            }
            let hold = try await book.place(
                selection.storedCanonical(search.redactor), reason: reason, by: credential)
            var json = JSONWriter(capacity: 512)
            json.hold(hold)
            return .json(json, status: .created)
        }
    }

    private var release: Route {
        Route(
            .post, "/v1/admin/holds/{hold}/release", access: access,
            Operation(
                "releaseHold", "Ends a hold",
                "An erasure that was announced before the hold and waited for it is carried out.",
                parameters: [
                    .path("hold", Schemas.number, "The index of the record that placed it.")
                ],
                body: [(MediaTypes.json, "HoldReason")],
                successes: [
                    .json("PendingAct", "It waits for a second operator.", status: 202),
                    Operation.Success(status: 204, description: "It ended.", content: []),
                ],
                problems: [
                    .invalidParameter, .unsupportedMediaType, .notFound, .tooManyPending,
                    .erasureUnfinished, .corrupt,
                ] + AccessRecords.problems)
        ) { [self] call in
            let reason = try await Self.reason(call)
            guard let index = DecimalText.number(try call.parameter("hold")) else {
                throw Problem(.notFound)
            }
            let act = ReleaseAct(hold: index, reason: reason, desk.surroundings)
            let response = try await desk.submit(act, isDryRun: false, by: call.operating())
            guard response.status == .ok else { return response }
            return Response(status: .noContent, headers: [.cacheControl: "no-store"])
        }
    }

    private static func reason(_ call: Call) async throws -> String {
        guard call.request.headers[values: .contentType] == [MediaTypes.json] else {
            throw Problem(.unsupportedMediaType)
        }
        let body = try await call.request.body.collect(upTo: bodyLimit)
        guard let value = try? JSONValue.parse(Array(body.readableBytesView)),
            value.members?.count == 1, let reason = value["reason"]?.text,
            ErasureRequest.isCode(reason)
        else { throw Problem.invalidReason }
        return reason
    }
}

extension Call {
    /// The operator who asks; over the socket there is but one.
    func operating() throws(Problem) -> Credential {
        guard let local = Credential.local else { throw Problem(.internalError) }
        return credential ?? local
    }
}

extension Credential {
    /// Whoever may open the socket for administration: one, however many people can.
    static let local = Credential(name: "local", role: .operator, tenant: .all)
}

extension JSONWriter {
    fileprivate mutating func hold(_ hold: LegalHold) {
        open()
        member("index", hold.index)
        member("reason", hold.reason)
        name("filter")
        raw(hold.filter.canonical)
        if hold.isLost { member("lost", true) }
        close()
    }
}

extension Schemas {
    static var holds: [(String, YAML)] {
        let reason: (String, YAML) = (
            "reason", ["type": "string", "pattern": "^[a-z0-9._-]{1,64}$"]
        )
        return [
            ("HoldReason", object([reason])),
            (
                "Hold",
                object(
                    [("index", number), reason, ("filter", ["type": "object"])],
                    optional: [("lost", truth)])
            ),
            ("Holds", object([("holds", ["type": "array", "items": reference("Hold")])])),
        ]
    }
}
