// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import TransparencyLog

/// What a prune would take: the content of all records before an index, but for those of the log's
/// own that leaves and gaps are explained by.
struct PrunePlan: Sendable {
    /// Where the last prune ended.
    let first: UInt64
    /// The first index that keeps its content.
    let end: UInt64
    /// What goes, rising.
    let ranges: [Range<UInt64>]
    /// How many of these have content.
    let count: UInt64
    /// The log's own records that stay.
    let ownCount: UInt64
    /// The first record that is old enough and held.
    let held: (index: UInt64, holds: [UInt64])?
    /// Where the log is cut; nil where nothing goes.
    let point: PrunePoint?

    private static let pageSize = 1_000

    /// - Parameter cutoff: milliseconds; what is older goes.
    static func make(before cutoff: UInt64, _ world: ActSurroundings) async throws -> PrunePlan {
        let log = world.log
        let first = log.firstContentIndex
        let older = max(first, try await log.countOlder(thanMS: cutoff))
        let held = try await firstHeld(first..<older, world)
        let end = held?.index ?? older
        let own = try await ownRecords(first..<end, world)
        let ranges = [first..<end].subtracting(PruneList.ranges(own))
        let count = try await log.countContents(ranges)
        return PrunePlan(
            first: first, end: end, ranges: ranges, count: count, ownCount: UInt64(own.count),
            held: held, point: count > 0 ? try await log.prunePoint(at: end) : nil)
    }

    /// The first record of a range that a hold covers.
    private static func firstHeld(
        _ range: Range<UInt64>, _ world: ActSurroundings
    ) async throws -> (index: UInt64, holds: [UInt64])? {
        var end = range.upperBound
        var found: [(index: UInt64, hold: UInt64)] = []
        for hold in try await world.holds.standing() {
            var from: UInt64? = range.lowerBound
            while let next = from, next < end {
                // Up to and with the first one known: several holds may cover it.
                let page = try await world.search.page(
                    hold.selection, order: .ascending, from: next,
                    treeSize: min(end + 1, range.upperBound), limit: 1)
                if let record = page.records.first {
                    found.append((record.index, hold.index))
                    end = min(end, record.index)
                    break
                }
                from = page.next
            }
        }
        guard end < range.upperBound else { return nil }
        return (end, found.filter { $0.index == end }.map(\.hold).sorted())
    }

    /// The log's own records of a range that stay, rising.
    private static func ownRecords(
        _ range: Range<UInt64>, _ world: ActSurroundings
    ) async throws -> [UInt64] {
        guard let reader = Credential.local else { throw Problem(.internalError) }
        let selection = try RecordSelection(
            Query(values: ["tenant": ["_log"]]), of: reader, redactor: nil)
        var own: [UInt64] = []
        var from: UInt64? = range.lowerBound
        while let next = from, next < range.upperBound {
            let page = try await world.search.page(
                selection, order: .ascending, from: next, treeSize: range.upperBound,
                limit: pageSize)
            own += page.records.filter { !OwnRecords.mayGo($0.terms.values(of: .type).first ?? "") }
                .map(\.index)
            from = page.next
        }
        return own
    }
}
