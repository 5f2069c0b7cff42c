// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogStorage
import Merkle
import TransparencyLog

/// `POST /v1/admin/erasures`: content destroyed for good, announced in the log first.
struct ErasureRoutes: Sendable {
    let log: Log
    let settings: SettingsInForce
    let search: RecordSearch
    let holds: HoldBook
    /// Who may: operators by their token, or whoever may open the socket.
    let access: Access

    private static let bodyLimit = ErasureRequest.limits.byteCount
    private static let pageSize = 1_000
    /// Records that one request may erase.
    private static let recordLimit = 100_000
    /// Indexes that an answer lists.
    private static let listLimit = 1_000
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
                    successes: [.json("ErasureOutcome", "What was, or would be, erased.")],
                    problems: [
                        .invalidParameter, .unsupportedMediaType, .notFound, .ambiguousID, .held,
                        .erasureUnfinished, .backupRunning, .corrupt,
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
        let request = try ErasureRequest(Array(body.readableBytesView))
        let selection = try RecordSelection(
            call.query, of: credential, redactor: settings.current.settings.redactor)
        if request.isDryRun {
            return .json(answer(request, try await plan(request, selection), []))
        }
        // No hold is placed between the look for holds and the act.
        let (plan, announced) = try await holds.withTurn { () -> (ErasurePlan, [UInt64]) in
            let plan = try await self.plan(request, selection)
            return (plan, try await carryOut(plan, request.reason, by: credential))
        }
        return .json(answer(request, plan, announced))
    }

    /// Returns the indexes of the records that announced it.
    private func carryOut(
        _ plan: ErasurePlan, _ reason: String, by credential: Credential
    ) async throws -> [UInt64] {
        guard plan.heldBy.isEmpty else {
            var problem = Problem(.held)
            problem.indexes = plan.heldBy.sorted()
            throw problem
        }
        var announced: [UInt64] = []
        for (tenant, removals) in plan.announcements {
            announced.append(try await erase(removals, of: tenant, reason, by: credential))
        }
        return announced
    }

    private func erase(
        _ removals: [Removal], of tenant: String, _ reason: String, by credential: Credential
    ) async throws(LogError) -> UInt64 {
        let submissions = settings.current.submissions
        let announcement = GovernanceRecord.erasureRequest(
            erased: removals.map(\.json), reason: reason, tenant: tenant,
            credential: credential.name)
        return try await log.erase(
            removals, announcement: submissions.governance(announcement),
            completion: { submissions.erasureComplete($0) }
        ).index
    }

    // MARK: What is meant

    private func plan(
        _ request: ErasureRequest, _ selection: RecordSelection
    ) async throws -> ErasurePlan {
        var plan = ErasurePlan()
        guard request.targets.isEmpty == !selection.isUnrestricted else {
            throw Problem.invalidParameter(
                "records", "Name records in the body, or give filters in the query: one of them.")
        }
        let standing = try await holds.standing()
        for target in request.targets {
            let index = try await index(of: target.record)
            plan.add(
                index, try await log.content(at: index), fields: target.fields, holds: standing)
        }
        guard request.targets.isEmpty else { return plan }
        let size = log.published.head.size
        var from: UInt64?
        repeat {
            let page = try await search.page(
                selection, order: .ascending, from: from, treeSize: size, limit: Self.pageSize)
            for record in page.records {
                plan.add(
                    record.index, record.content, fields: request.fields, holds: standing)
            }
            guard plan.recordCount + plan.fieldCount <= Self.recordLimit else {
                throw Problem.invalidParameter(
                    "records", "That is more than \(Self.recordLimit); narrow the filters.")
            }
            from = page.next
        } while from != nil
        return plan
    }

    private func index(of record: ErasureRequest.Record) async throws -> UInt64 {
        switch record {
        case .index(let index):
            guard index < log.published.head.size else { throw Problem(.notFound) }
            return index
        case .id(let id):
            var found: [UInt64] = []
            for index in try await log.indexes(ofID: id) {
                guard let content = try await log.content(at: index),
                    let record = try? JSONValue.parse(content.record, limits: .disclosed),
                    record["id"]?.text == id
                else { continue }
                found.append(index)
            }
            guard found.count <= 1 else {
                var problem = Problem(.ambiguousID)
                problem.indexes = found
                throw problem
            }
            guard let index = found.first else { throw Problem(.notFound) }
            return index
        }
    }

    private func answer(
        _ request: ErasureRequest, _ plan: ErasurePlan, _ announced: [UInt64]
    ) -> JSONWriter {
        var json = JSONWriter(capacity: 4_096)
        json.open()
        json.member("dry_run", request.isDryRun)
        json.member("records", UInt64(plan.recordCount))
        json.member("fields", UInt64(plan.fieldCount))
        json.member("absent", UInt64(plan.absentCount))
        json.member("log_records", UInt64(plan.ownCount))
        json.member("held_by", plan.heldBy.sorted())
        json.member("indexes", Array(plan.indexes.prefix(Self.listLimit)))
        if !request.isDryRun { json.member("announced", announced) }
        json.close()
        return json
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
