// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage
import TransparencyLog

/// What the rules of retention would take: the content of records past their time that nobody holds.
struct RetentionPlan: Sendable {
    /// What one rule takes of one tenant.
    struct Item: Sendable {
        let rule: RetentionRule
        let tenant: String
        let cutoffMS: UInt64
        /// Rising.
        fileprivate(set) var indexes: [UInt64] = []
    }

    private(set) var items: [Item] = []
    /// Records past their time that a hold keeps, and the holds.
    private(set) var heldCount: UInt64 = 0
    private(set) var holds: Set<UInt64> = []
    /// There is more than one run takes.
    private(set) var isCapped = false

    var count: UInt64 { items.reduce(0) { $0 + UInt64($1.indexes.count) } }

    private static let pageSize = 1_000

    static func make(
        _ settings: RetentionSettings, at clock: RetentionClock, _ world: ActSurroundings
    ) async throws -> RetentionPlan {
        var plan = RetentionPlan()
        let holds = try await world.holds.standing()
        for (place, rule) in settings.rules.enumerated() {
            guard let cutoff = rule.keepMS.flatMap(clock.moment(ago:)), !plan.isCapped else {
                continue
            }
            let end = try await world.log.countOlder(thanMS: cutoff)
            try await plan.add(
                rule, after: settings.rules[..<place], cutoff, end, holds, settings.recordLimit,
                world)
        }
        return plan
    }

    private mutating func add(
        _ rule: RetentionRule, after earlier: ArraySlice<RetentionRule>, _ cutoff: UInt64,
        _ end: UInt64, _ holds: [LegalHold], _ limit: UInt64, _ world: ActSurroundings
    ) async throws {
        guard let selection = try rule.selection() else { throw Problem(.internalError) }
        var found: [String: Item] = [:]
        var from: UInt64? = 0
        var count = self.count
        while let next = from, next < end, !isCapped {
            let page = try await world.search.page(
                selection, order: .ascending, from: next, treeSize: end, limit: Self.pageSize)
            for record in page.records
            where rule.covers(record.terms) && !earlier.contains(where: { $0.covers(record.terms) })
            {
                guard take(record, holds) else { continue }
                guard count < limit else {
                    isCapped = true
                    break
                }
                count += 1
                let tenant = record.terms.tenant
                found[
                    tenant, default: Item(rule: rule, tenant: tenant, cutoffMS: cutoff)
                ].indexes.append(record.index)
            }
            from = page.next
        }
        items += found.values.sorted { $0.tenant < $1.tenant }
    }

    /// Whether nobody holds a record.
    private mutating func take(_ record: Found, _ holds: [LegalHold]) -> Bool {
        let covering = holds.filter { $0.covers(record.index, record.terms) }
        guard covering.isEmpty else {
            heldCount += 1
            self.holds.formUnion(covering.map(\.index))
            return false
        }
        return true
    }
}

extension RetentionRule {
    /// What finds the records, for the log itself.
    fileprivate func selection() throws(Problem) -> RecordSelection? {
        guard let reader = Credential.local else { return nil }
        var values: [String: [String]] = [:]
        if let tenant { values["tenant"] = [tenant] }
        if let type { values["type"] = [type] }
        return try RecordSelection(Query(values: values), of: reader, redactor: nil)
    }
}
