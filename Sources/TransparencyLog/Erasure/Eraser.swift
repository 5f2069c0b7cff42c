// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

/// Destroys content that a published record has announced.
///
/// Order of effects, and what a crash after each leaves:
/// 1. The record that announces it is published. The next run, at the latest that of the next start,
///    finds it in the log and goes on with 2.
/// 2. The ledger names it. The next start carries it out before anything is served.
/// 3. Content goes, some records a transaction. The next start goes on where it stopped: what is
///    gone already changes nothing.
/// 4. Write-ahead log and look-ups are wiped. The next start wipes them again.
/// 5. The log says that it is done, and so does the ledger.
///
/// What holds keep that were placed after 1 and before the end of 3 stays, all that the record
/// announced, until they are released.
struct Eraser: Sendable {
    let store: any LogStore
    let ledger: ErasureLedger

    /// What a run leaves to be told.
    struct Outcome: Sendable {
        /// Announcements of which all is destroyed, and that no record calls complete yet.
        var finished: [UInt64] = []
        /// Announcements that wait for holds.
        var waiting: [Waiting] = []
    }

    /// An announcement, and the holds that it waits for.
    struct Waiting: Hashable, Sendable {
        let request: UInt64
        let holds: [UInt64]
    }

    /// Records that go in one transaction, and the ranges that they lie in, so that no commit waits for
    /// long.
    private static let step: UInt64 = 1_024
    private static let rangesOfStep = 256

    /// Carries out what records under `head` announced and was not carried out.
    ///
    /// - Parameter own: what the caller knows to be announced.
    func run(
        _ own: [ErasureLedger.Entry] = [], under head: TreeHead, _ statements: ErasureStatements
    ) throws -> Outcome {
        try adopt(own, head, statements)
        return try destroyAll(head, statements) { !$0.isComplete }
    }

    /// Carries out everything that was ever announced, before a log with this head is served: a store
    /// that was put back from a copy has what was destroyed since.
    func runAll(under head: TreeHead, _ statements: ErasureStatements) throws -> Outcome {
        if let last = ledger.contents.lastIndex, last >= head.size {
            throw StartupRefusal(
                .rollbackSuspected,
                "the erasure ledger names the record \(last), and the database ends at"
                    + " \(head.size): an older copy was restored. Put the newest database back",
                firstBadIndex: head.size)
        }
        try adopt([], head, statements)
        try adoptHolds(head, statements)
        return try destroyAll(head, statements) { _ in true }
    }

    /// Has the ledger name what the log announced since its last line.
    ///
    /// One that was lost is made again in this way. Announcements and lines have one order, so that what
    /// is before the last line is named.
    private func adopt(
        _ own: [ErasureLedger.Entry], _ head: TreeHead, _ statements: ErasureStatements
    ) throws {
        let next = ledger.entries.last.map { $0.request + 1 } ?? 0
        guard next < head.size else { return }
        let known = Set(own.map(\.request))
        let found = try statements.announced(in: next..<head.size, under: head)
            .filter { !known.contains($0.request) }
        let done =
            try found.first.map {
                try statements.completed(in: $0.request + 1..<head.size, under: head)
            } ?? []
        for entry in (own + found).sorted(by: { $0.request < $1.request }) {
            try ledger.announce(entry)
            if done.contains(entry.request) { try ledger.complete(entry.request) }
        }
    }

    /// Has the ledger name the holds that the log's records place, and those that they end.
    private func adoptHolds(_ head: TreeHead, _ statements: ErasureStatements) throws {
        for statement in try statements.all(.hold, in: 0..<head.size, under: head) {
            switch statement {
            case .held(let hold): try ledger.hold(hold.index)
            case .released(let index): try ledger.release(index)
            default: break
            }
        }
    }

    private func destroyAll(
        _ head: TreeHead, _ statements: ErasureStatements,
        where isMeant: (ErasureLedger.Entry) -> Bool
    ) throws -> Outcome {
        var outcome = Outcome(waiting: try waiting(head, statements))
        let kept = Set(outcome.waiting.map(\.request))
        var removals: [Removal] = []
        for entry in ledger.entries where isMeant(entry) && !kept.contains(entry.request) {
            let isLeft = try destroy(entry.removals, by: entry.request)
            if isLeft || !entry.isComplete { removals += entry.removals }
            if !entry.isComplete { outcome.finished.append(entry.request) }
        }
        if !removals.isEmpty { try store.wipe(Self.ranges(of: removals)) }
        return outcome
    }

    // MARK: Holds

    /// What is not done and holds forbid that were placed since: until then none did.
    private func waiting(
        _ head: TreeHead, _ statements: ErasureStatements
    ) throws -> [Waiting] {
        let open = ledger.entries.filter { !$0.isComplete }
        guard let first = open.first?.request, first + 1 < head.size else { return [] }
        let lost = try lostHolds().map { StandingHold(index: $0) { _, _ in true } }
        let holds = try statements.holds(placedIn: first + 1..<head.size, under: head)
        return try open.compactMap { entry in
            let covering = try covering(entry, (holds + lost).filter { $0.index > entry.request })
            return covering.isEmpty ? nil : Waiting(request: entry.request, holds: covering)
        }
    }

    /// Holds that stand, as the ledger says, and whose records a restore has lost: nobody knows what
    /// they keep.
    func lostHolds() throws -> [UInt64] {
        try ledger.contents.standingHolds.filter { try store.reader.content(at: $0) == nil }
    }

    /// Which of these holds keep anything that is left of what an entry names.
    private func covering(
        _ entry: ErasureLedger.Entry, _ holds: [StandingHold]
    ) throws -> [UInt64] {
        guard !holds.isEmpty else { return [] }
        var covering: Set<UInt64> = []
        let groups = Self.ranges(of: entry.removals)
            .grouped(Self.step, ranges: Self.rangesOfStep)
        for group in groups {
            for found in try store.reader.contents(at: group.flatMap { Array($0) }) {
                let keeping = holds.filter { $0.covers(found.index, found.content.record) }
                covering.formUnion(keeping.map(\.index))
            }
        }
        return covering.sorted()
    }

    // MARK: Content

    /// Returns whether there was anything to destroy.
    @discardableResult
    private func destroy(_ removals: [Removal], by request: UInt64) throws -> Bool {
        var isLeft = false
        let whole = removals.filter(\.names.isEmpty)
        for group in Self.ranges(of: whole).grouped(Self.step, ranges: Self.rangesOfStep) {
            if try remove(group, by: request) { isLeft = true }
        }
        for removal in removals where !removal.names.isEmpty {
            if try reduce(removal, by: request) { isLeft = true }
        }
        return isLeft
    }

    /// - Parameter ranges: rising, at least one.
    private func remove(_ ranges: [Range<UInt64>], by request: UInt64) throws -> Bool {
        guard let first = ranges.first, let last = ranges.last else { return false }
        let gone = try store.reader.removals(in: first.lowerBound..<last.upperBound)
        let left = ranges.subtracting(gone.map(\.range))
        guard !left.isEmpty else { return false }
        try store.transaction { transaction in
            for range in left { try transaction.remove(range, by: request) }
        }
        return true
    }

    private func reduce(_ removal: Removal, by request: UInt64) throws -> Bool {
        let index = removal.range.lowerBound
        guard let content = try store.reader.content(at: index) else { return false }
        let left = try content.erasing(Set(removal.names), by: request)
        guard left.erased.map(\.name) != content.erased.map(\.name) else { return false }
        try store.transaction { transaction in
            // Nothing else takes content away, but the store is asked again inside.
            guard try transaction.content(at: index) == content else {
                throw StoreError(.constraint, "a record changed while fields of it were erased")
            }
            try transaction.reduce(index, to: left.fields(), by: request)
        }
        return true
    }

    /// The indexes concerned, as few ranges, rising.
    private static func ranges(of removals: [Removal]) -> [Range<UInt64>] {
        removals.map(\.range).merged
    }
}
