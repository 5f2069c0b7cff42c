// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird

/// `/v1/admin/approvals`: what waits for a second operator.
struct ApprovalRoutes: Sendable {
    let desk: ActDesk
    /// Who may: operators by their token, or whoever may open the socket.
    let access: Access

    private static let bodyLimit = 4_096

    var routes: [Route] { [list, show, decide] }

    private static let parameter = Operation.Parameter.path(
        "approval", Schemas.number, "The index of the record that tells of the request.")

    private var list: Route {
        Route(
            .get, "/v1/admin/approvals", access: access,
            Operation(
                "listApprovals", "The acts that wait for a second operator",
                successes: [.json("PendingActs", "The acts.")],
                problems: Operation.readProblems)
        ) { [desk] _ in
            let pending = try await desk.approvals.all.filter { desk.now() < $0.expires }
            var json = JSONWriter(capacity: 4_096)
            json.open()
            json.name("pending")
            json.openArray()
            for act in pending { json.pending(act) }
            json.closeArray()
            json.close()
            return .json(json)
        }
    }

    private var show: Route {
        Route(
            .get, "/v1/admin/approvals/{approval}", access: access,
            Operation(
                "getApproval", "What an act that waits would do now",
                "The answer that a dry run of it gives.",
                parameters: [Self.parameter],
                successes: [
                    Operation.Success(
                        status: 200, description: "What it would do.",
                        content: [(MediaTypes.json, nil)])
                ],
                problems: [.notFound, .held] + Operation.readProblems)
        ) { [desk] call in
            guard let index = DecimalText.number(try call.parameter("approval")),
                let pending = try await desk.approvals[index], desk.now() < pending.expires,
                let act = desk.surroundings.act(pending.kind, pending.request)
            else { throw Problem(.notFound) }
            return .json(try await act.plan().answer(nil))
        }
    }

    private var decide: Route {
        Route(
            .post, "/v1/admin/approvals/{approval}", access: access,
            Operation(
                "decideApproval", "Agrees to an act, which is then carried out, or rejects it",
                "Only another operator than the one who asked may agree. The act is planned again,"
                    + " and carried out if it is still exactly what was asked for. The decision is"
                    + " a record of the log.",
                parameters: [Self.parameter], body: [(MediaTypes.json, "Decision")],
                successes: [
                    Operation.Success(
                        status: 200, description: "It was carried out: the answer of the act.",
                        content: [(MediaTypes.json, nil)]),
                    Operation.Success(status: 204, description: "It was rejected.", content: []),
                ],
                problems: [
                    .invalidParameter, .unsupportedMediaType, .notFound, .held, .ownApproval,
                    .planChanged, .timeNotWitnessed, .belowFloor, .notExported, .erasureUnfinished,
                    .backupRunning,
                    .corrupt,
                ] + AccessRecords.problems)
        ) { [desk] call in
            let (approves, reason) = try await Self.decision(call)
            guard let index = DecimalText.number(try call.parameter("approval")) else {
                throw Problem(.notFound)
            }
            return try await desk.decide(
                index, approves: approves, reason: reason, by: call.operating())
        }
    }

    private static func decision(_ call: Call) async throws -> (approves: Bool, reason: String) {
        guard call.request.headers[values: .contentType] == [MediaTypes.json] else {
            throw Problem(.unsupportedMediaType)
        }
        let body = try await call.request.body.collect(upTo: bodyLimit)
        guard let value = try? JSONValue.parse(Array(body.readableBytesView)),
            value.members?.count == 2, let decision = value["decision"]?.text,
            ["approve", "reject"].contains(decision)
        else {
            throw Problem.invalidParameter(
                "decision", "Give decision, approve or reject, and reason.")
        }
        guard let reason = value["reason"]?.text, ErasureRequest.isCode(reason) else {
            throw Problem.invalidReason
        }
        return (decision == "approve", reason)
    }
}

extension Schemas {
    static var approvals: [(String, YAML)] {
        let act = object([
            ("pending", number),
            ("act", ["enum": .list(ActKind.allCases.map { .text($0.rawValue) })]),
            ("credential", text), ("reason", text), ("digest", hex),
            ("expires", ["type": "string", "format": "date-time"]),
        ])
        return [
            ("PendingAct", act),
            (
                "PendingActs",
                object([("pending", ["type": "array", "items": reference("PendingAct")])])
            ),
            (
                "Decision",
                object([
                    ("decision", ["enum": ["approve", "reject"]]),
                    ("reason", ["type": "string", "pattern": "^[a-z0-9._-]{1,64}$"]),
                ])
            ),
        ]
    }
}
