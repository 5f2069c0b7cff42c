// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage
import Merkle
import TransparencyLog

/// Content destroyed for good, announced in the log first.
struct EraseAct: OperatorAct {
    private let body: [UInt8]
    private let asked: ErasureRequest
    private let selection: RecordSelection
    private let world: ActSurroundings

    let kind = ActKind.erase
    var reason: String { asked.reason }
    var isDryRun: Bool { asked.isDryRun }

    private static let pageSize = 1_000
    /// Records that one request may erase.
    private static let recordLimit = 100_000
    /// Indexes that an answer lists.
    private static let listLimit = 1_000

    /// - Parameters:
    ///   - body: what ``ErasureRequest`` reads.
    ///   - query: the filters.
    init(
        _ body: [UInt8], _ query: Query, by credential: Credential, _ world: ActSurroundings
    ) throws(Problem) {
        self.body = body
        asked = try ErasureRequest(body)
        selection = try RecordSelection(
            query, of: credential, redactor: world.settings.current.settings.redactor)
        self.world = world
        guard asked.targets.isEmpty == !selection.isUnrestricted else {
            throw .invalidParameter(
                "records", "Name records in the body, or give filters in the query: one of them.")
        }
    }

    /// The act again, from its ``request``.
    init(_ request: JSONValue, _ world: ActSurroundings) throws(Problem) {
        guard let body = request["body"], let filter = request["filter"],
            let credential = Credential.local
        else { throw Problem(.internalError) }
        try self.init(body.canonical, Query(filter) ?? Query(), by: credential, world)
    }

    var request: JSONValue {
        [
            "body": (try? JSONValue.parse(body, limits: ErasureRequest.limits)) ?? .null,
            "filter": (try? JSONValue.parse(selection.canonical)) ?? .null,
        ]
    }

    func plan() async throws -> PlannedAct {
        let plan = try await found()
        let asked = asked
        return PlannedAct(
            text: [
                "erased": .array(plan.announcements.map { .array($0.removals.map(\.json)) }),
                "reason": .string(reason),
            ], isEmpty: plan.isEmpty, heldBy: plan.heldBy.sorted(),
            answer: { Self.answer(plan, $0) },
            carryOut: { [world] in try await Self.carryOut(plan, asked.reason, $0, world) })
    }

    private static func carryOut(
        _ plan: ErasurePlan, _ reason: String, _ parties: ActParties, _ world: ActSurroundings
    ) async throws -> [UInt64] {
        guard !plan.isEmpty else { return [] }
        let submissions = world.settings.current.submissions
        let acts = plan.announcements.map { tenant, removals in
            ErasureAct(
                removals,
                announcement: submissions.governance(
                    .erasureRequest(
                        erased: removals.map(\.json), reason: reason, tenant: tenant,
                        credential: parties.credential, approver: parties.approver)))
        }
        return try await world.log.erase(acts, records: submissions).map(\.index)
    }

    // MARK: What is meant

    private func found() async throws -> ErasurePlan {
        var plan = ErasurePlan()
        let standing = try await world.holds.standing()
        for target in asked.targets {
            let index = try await index(of: target.record)
            plan.add(
                index, try await world.log.content(at: index), fields: target.fields,
                holds: standing)
        }
        guard asked.targets.isEmpty else { return plan }
        let size = world.log.published.head.size
        var from: UInt64?
        repeat {
            let page = try await world.search.page(
                selection, order: .ascending, from: from, treeSize: size, limit: Self.pageSize)
            for record in page.records {
                plan.add(record.index, record.content, fields: asked.fields, holds: standing)
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
            guard index < world.log.published.head.size else { throw Problem(.notFound) }
            return index
        case .id(let id):
            return try await RecordFinder(log: world.log).index(ofID: id) { _ in true }
        }
    }

    private static func answer(_ plan: ErasurePlan, _ announced: [UInt64]?) -> JSONWriter {
        .act(announced) { json in
            json.member("records", UInt64(plan.recordCount))
            json.member("fields", UInt64(plan.fieldCount))
            json.member("absent", UInt64(plan.absentCount))
            json.member("log_records", UInt64(plan.ownCount))
            json.member("held_by", plan.heldBy.sorted())
            json.member("indexes", Array(plan.indexes.prefix(Self.listLimit)))
        }
    }
}
