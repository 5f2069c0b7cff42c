// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import LogStorage
import TransparencyLog

/// The content of everything before a time, gone.
struct PruneAct: OperatorAct {
    private let asked: PruneRequest
    private let before: Timestamp
    private let world: ActSurroundings

    let kind = ActKind.prune
    var reason: String { asked.reason }
    var isDryRun: Bool { asked.isDryRun }
    var request: JSONValue { asked.json }

    init(_ body: [UInt8], _ world: ActSurroundings) throws(Problem) {
        asked = try PruneRequest(body, isPrune: true)
        guard let before = asked.before else { throw Problem(.internalError) }
        self.before = before
        self.world = world
    }

    /// The act again, from its ``request``.
    init(_ request: JSONValue, _ world: ActSurroundings) throws(Problem) {
        try self.init(request.canonical, world)
    }

    func plan() async throws -> PlannedAct {
        let clock = try clock()
        // What is left of a millisecond is rounded away, so that nothing younger goes.
        let plan = try await PrunePlan.make(
            before: UInt64(before.microseconds / 1_000), world)
        let exports = try await exports(plan)
        let (asked, before, world) = (asked, before, world)
        return PlannedAct(
            text: [
                "before": .string(before.description), "end": .integer(plan.end),
                "pruned": .array(plan.ranges.map { Removal($0).json }),
                "root": .string(plan.point?.root.base64 ?? ""),
            ], isEmpty: plan.count == 0,
            answer: { Self.answer(plan, before, clock, exports, $0) },
            carryOut: { parties in
                try await Self.carryOut(
                    plan, asked.reason, before, clock, exports?.indexes, parties, world)
            })
    }

    /// The exports that hold what goes; nil where none need to.
    private func exports(
        _ plan: PrunePlan
    ) async throws -> (indexes: [UInt64], areMissing: Bool)? {
        guard asked.requiresExport || world.retention.requiresExport else { return nil }
        guard plan.count > 0 else { return ([], false) }
        let found = try await ExportCover.of(plan.first..<plan.end, world)
        guard found != nil || isDryRun else { throw Problem(.notExported) }
        return (found ?? [], found == nil)
    }

    /// By the same time the cutoff must lie in the past, and as far in it as a profile asks for.
    private func clock() throws(Problem) -> RetentionClock {
        let time = world.log.time
        let clock =
            isDryRun
            ? .estimate(time) : try RetentionClock(time, trustsLocal: asked.trustsLocal)
        let latest = clock.moment(ago: world.retention.floorMS) ?? 0
        guard UInt64(before.microseconds / 1_000) <= latest else {
            throw Self.tooLate(Timestamp(milliseconds: latest), world.retention.floorMS)
        }
        return clock
    }

    private static func tooLate(_ latest: Timestamp?, _ floorMS: UInt64) -> Problem {
        let latest = latest?.description ?? "1970"
        guard floorMS > 0 else {
            return .invalidParameter(
                "before", "That is later than \(latest), the time that the log can vouch for.")
        }
        var problem = Problem(.belowFloor)
        problem.advice =
            "The retention profile in force lets nothing go that came after \(latest). Nothing was"
            + " destroyed."
        return problem
    }

    private static func carryOut(
        _ plan: PrunePlan, _ reason: String, _ before: Timestamp, _ clock: RetentionClock,
        _ exports: [UInt64]?, _ parties: ActParties, _ world: ActSurroundings
    ) async throws -> [UInt64] {
        guard plan.count > 0 else { return [] }
        let (log, submissions) = (world.log, world.settings.current.submissions)
        try await log.inspectContents(plan.ranges)
        var acts: [ErasureAct] = []
        var first = plan.first
        let parts = PruneList.parts(plan.ranges)
        for (place, ranges) in parts.enumerated() {
            let isLast = place == parts.count - 1
            let end = isLast ? plan.end : ranges.last?.upperBound ?? plan.end
            let point = try await log.prunePoint(at: end)
            let removals = ranges.map { Removal($0) }
            let record = GovernanceRecord.retentionPrune(
                pruned: removals.map(\.json), count: try await log.countContents(ranges),
                before: before, reason: reason, credential: parties.credential,
                approver: parties.approver,
                more: [.init("first", .integer(first))] + clock.members
                    + (exports.map { [.init("exports", .array($0.map { .integer($0) }))] } ?? [])
                    + [
                        .init("checkpoint", point.json),
                        .init("policy", .string(world.retention.digest.hex)),
                    ])
            acts.append(
                ErasureAct(
                    removals, announcement: submissions.governance(record), firstContent: end))
            first = end
        }
        return try await log.erase(acts, records: submissions).map(\.index)
    }

    private static func answer(
        _ plan: PrunePlan, _ before: Timestamp, _ clock: RetentionClock,
        _ exports: (indexes: [UInt64], areMissing: Bool)?, _ announced: [UInt64]?
    ) -> JSONWriter {
        .act(announced) { json in
            json.member("before", before.description)
            json.member("records", plan.count)
            json.member("log_records", plan.ownCount)
            json.member("first_retained", plan.end)
            if let point = plan.point {
                json.name("checkpoint")
                json.raw(point.json.canonical)
            }
            if let held = plan.held {
                json.name("blocked_by")
                json.open()
                json.member("index", held.index)
                json.member("holds", held.holds)
                json.close()
            }
            if let exports {
                json.member("exported", !exports.areMissing)
                json.member("exports", exports.indexes)
            }
            json.clock(clock)
        }
    }
}

extension PrunePoint {
    /// As a record of the log and an answer have it.
    var json: JSONValue {
        [
            "record_hash": .string(lastMAC.hex), "root": .string(root.base64),
            "size": .integer(size), "timestamp_ms": .integer(lastTimestampMS),
        ]
    }
}

extension RetentionSettings {
    /// Stands for the settings in a record of the log.
    var digest: Digest { SHA256.hash(value.canonical) }
}
