// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import LogStorage
import TransparencyLog

/// One run of the rules of retention.
struct RetentionAct: OperatorAct {
    private let asked: PruneRequest
    /// Until when the second operator's look is of the same moment.
    private let atMS: UInt64?
    private let world: ActSurroundings

    let kind = ActKind.retention
    var reason: String { asked.reason }
    var isDryRun: Bool { asked.isDryRun }

    init(_ body: [UInt8], _ world: ActSurroundings) throws(Problem) {
        self.init(try PruneRequest(body, isPrune: false), world)
    }

    init(_ asked: PruneRequest, _ world: ActSurroundings) {
        self.asked = asked
        self.world = world
        // The same records are past their time at the second look: taken once, it stays.
        atMS = Self.clock(asked, world)?.milliseconds
    }

    /// The act again, from its ``request``.
    init(_ request: JSONValue, _ world: ActSurroundings) throws(Problem) {
        guard let asked = request["asked"] else { throw Problem(.internalError) }
        self.asked = try PruneRequest(asked.canonical, isPrune: false)
        self.world = world
        atMS = request["at_ms"]?.unsigned
    }

    var request: JSONValue {
        ["asked": asked.json, "at_ms": atMS.map { .integer($0) } ?? .null]
    }

    private static func clock(
        _ asked: PruneRequest, _ world: ActSurroundings
    ) -> RetentionClock? {
        try? RetentionClock(world.log.time, trustsLocal: asked.trustsLocal)
    }

    /// By the clock now, or by that of the first look where it is earlier.
    private func clock() throws(Problem) -> RetentionClock {
        let time = world.log.time
        if isDryRun { return .estimate(time) }
        let clock = try RetentionClock(time, trustsLocal: asked.trustsLocal)
        return atMS.map { clock.notAfter($0) } ?? clock
    }

    func plan() async throws -> PlannedAct {
        let clock = try clock()
        let settings = world.retention
        let plan = try await RetentionPlan.make(settings, at: clock, world)
        let (reason, world) = (reason, world)
        return PlannedAct(
            text: [
                "items": .array(
                    plan.items.map { item in
                        [
                            "pruned": .array(
                                PruneList.ranges(item.indexes).map { Removal($0).json }),
                            "rule": .string(item.rule.description), "tenant": .string(item.tenant),
                        ]
                    })
            ], isEmpty: plan.items.isEmpty,
            answer: { Self.answer(plan, settings, clock, $0) },
            carryOut: { try await Self.carryOut(plan, reason, clock, $0, world) })
    }

    private static func carryOut(
        _ plan: RetentionPlan, _ reason: String, _ clock: RetentionClock, _ parties: ActParties,
        _ world: ActSurroundings
    ) async throws -> [UInt64] {
        guard !plan.items.isEmpty else { return [] }
        let (log, submissions) = (world.log, world.settings.current.submissions)
        var acts: [ErasureAct] = []
        for item in plan.items {
            let ranges = PruneList.ranges(item.indexes)
            try await log.inspectContents(ranges)
            for part in PruneList.parts(ranges) {
                let removals = part.map { Removal($0) }
                let record = GovernanceRecord.retentionPrune(
                    pruned: removals.map(\.json), count: part.indexCount,
                    before: try moment(item.cutoffMS), reason: reason,
                    credential: parties.credential, approver: parties.approver,
                    more: clock.members + [
                        .init("policy", .string(world.retention.digest.hex)),
                        .init("rule", .string(item.rule.description)),
                        .init("tenant", .string(item.tenant)),
                    ])
                acts.append(
                    ErasureAct(
                        removals, announcement: submissions.governance(record), isPrune: true))
            }
        }
        return try await log.erase(acts, records: submissions).map(\.index)
    }

    private static func moment(_ milliseconds: UInt64) throws(Problem) -> Timestamp {
        guard let time = Timestamp(milliseconds: milliseconds) else {
            throw Problem(.internalError)
        }
        return time
    }

    private static func answer(
        _ plan: RetentionPlan, _ settings: RetentionSettings, _ clock: RetentionClock,
        _ announced: [UInt64]?
    ) -> JSONWriter {
        .act(announced) { json in
            json.member("records", plan.count)
            json.member("held", plan.heldCount)
            json.member("held_by", plan.holds.sorted())
            json.member("more", plan.isCapped)
            json.name("rules")
            json.openArray()
            for item in plan.items {
                json.open()
                json.member("rule", item.rule.description)
                json.member("tenant", item.tenant)
                json.member("records", UInt64(item.indexes.count))
                json.close()
            }
            json.closeArray()
            json.clock(clock)
        }
    }
}

extension RetentionClock {
    /// The same, or an earlier time.
    fileprivate func notAfter(_ other: UInt64) -> RetentionClock {
        RetentionClock(milliseconds: min(milliseconds, other), basis: basis)
    }
}
