// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import TransparencyLog

/// `/v1/admin/retention` and `/v1/admin/prune`: content that goes when its time is over.
struct RetentionRoutes: Sendable {
    let desk: ActDesk
    let schedule: RetentionSchedule
    /// Who may: operators by their token, or whoever may open the socket.
    let access: Access

    private static let bodyLimit = 4_096

    var routes: [Route] { [show, run, prune] }

    private static let problems: [ProblemCode] =
        [
            .invalidParameter, .unsupportedMediaType, .held, .timeNotWitnessed, .belowFloor,
            .notExported,
            .tooManyPending, .erasureUnfinished, .backupRunning, .corrupt,
        ] + AccessRecords.problems

    private var show: Route {
        Route(
            .get, "/v1/admin/retention", access: access,
            Operation(
                "getRetention", "The rules of retention, and by what time records are judged",
                successes: [.json("Retention", "The rules.")],
                problems: Operation.readProblems)
        ) { [self] _ in .json(describe()) }
    }

    private func describe() -> JSONWriter {
        let world = desk.surroundings
        let (settings, time) = (world.retention, world.log.time)
        var json = JSONWriter(capacity: 1_024)
        json.open()
        json.member("mode", settings.mode.rawValue)
        if settings.mode == .scheduled { json.member("interval_ms", settings.intervalMS) }
        json.member("rules", settings.rules.map(\.description))
        json.member("profiles", settings.profiles.map(\.rawValue))
        json.member("floor_ms", settings.floorMS)
        if let reason = settings.overrideReason { json.member("override_reason", reason) }
        json.member("records_per_run", settings.recordLimit)
        json.member("two_person", settings.needsTwo)
        json.member("policy", hex: settings.digest)
        json.member("first_content_index", world.log.firstContentIndex)
        json.name("time")
        json.open()
        if let witnessed = time.vouchedMS { json.member("witnessed_ms", witnessed) }
        json.member("local_ms", time.localMS)
        json.close()
        if let last = schedule.last {
            json.name("last_run")
            json.open()
            json.member("at", last.at.description)
            json.member("outcome", last.outcome)
            json.close()
        }
        json.close()
        return json
    }

    private var run: Route {
        Route(
            .post, "/v1/admin/retention", access: access,
            Operation(
                "runRetention", "Runs the rules of retention",
                "Records past their time that no hold covers lose their content. A dry run, which it"
                    + " is unless dry_run is false, only counts. It is announced by records of the"
                    + " log before anything is destroyed. Leaves, receipts and proofs stay valid.",
                body: [(MediaTypes.json, "RetentionRun")],
                successes: [
                    .json("RetentionOutcome", "What went, or would go."),
                    .json("PendingAct", "It waits for a second operator.", status: 202),
                ],
                problems: Self.problems)
        ) { [desk] call in
            let act = try RetentionAct(try await Self.body(call), desk.surroundings)
            return try await desk.submit(act, isDryRun: act.isDryRun, by: call.operating())
        }
    }

    private var prune: Route {
        Route(
            .post, "/v1/admin/prune", access: access,
            Operation(
                "prune", "Takes the content of everything before a time",
                "All records before the first one that is not older than the time, or that is held,"
                    + " lose their content, but for the log's own that leaves are explained by. A"
                    + " dry run, which it is unless dry_run is false, only counts. It is announced"
                    + " by a record of the log, which tells what chain and tree hold there, before"
                    + " anything is destroyed. Leaves, receipts and proofs stay valid.",
                body: [(MediaTypes.json, "Prune")],
                successes: [
                    .json("PruneOutcome", "What went, or would go."),
                    .json("PendingAct", "It waits for a second operator.", status: 202),
                ],
                problems: Self.problems)
        ) { [desk] call in
            let act = try PruneAct(try await Self.body(call), desk.surroundings)
            return try await desk.submit(act, isDryRun: act.isDryRun, by: call.operating())
        }
    }

    private static func body(_ call: Call) async throws -> [UInt8] {
        guard call.request.headers[values: .contentType] == [MediaTypes.json] else {
            throw Problem(.unsupportedMediaType)
        }
        return Array(try await call.request.body.collect(upTo: bodyLimit).readableBytesView)
    }
}
