// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Destroys content that a published record has announced.
///
/// Order of effects, and what a crash after each leaves:
/// 1. The record that announces it is published. Nothing is destroyed; whoever asked asks again.
/// 2. The ledger names it. The next start carries it out before anything is served.
/// 3. Content goes, some records a transaction. The next start goes on where it stopped: what is
///    gone already changes nothing.
/// 4. Write-ahead log and look-ups are wiped. The next start wipes them again.
/// 5. The log says that it is done, and so does the ledger.
struct Eraser: Sendable {
    let store: any LogStore
    let ledger: ErasureLedger

    /// Records that go in one transaction, and the ranges that they lie in, so that no commit waits for
    /// long.
    private static let step: UInt64 = 1_024
    private static let rangesOfStep = 256

    /// Carries out what records announced, which are published and in order.
    func run(_ entries: [ErasureLedger.Entry]) throws {
        for entry in entries { try ledger.announce(entry) }
        for entry in entries { try destroy(entry.removals, by: entry.request) }
        try store.wipe(Self.ranges(of: entries.flatMap(\.removals)))
    }

    /// Carries out everything that the ledger names, before a log of `size` records is served.
    ///
    /// Returns the requests that no record calls complete yet.
    func runAll(size: UInt64) throws -> [UInt64] {
        var removals: [Removal] = []
        for entry in ledger.entries {
            guard entry.request < size else {
                throw StartupRefusal(
                    .rollbackSuspected,
                    "the erasure ledger names the record \(entry.request), and the database ends at"
                        + " \(size): an older copy was restored. Put the newest database back",
                    firstBadIndex: size)
            }
            let isLeft = try destroy(entry.removals, by: entry.request)
            if isLeft || !entry.isComplete { removals += entry.removals }
        }
        if !removals.isEmpty { try store.wipe(Self.ranges(of: removals)) }
        return ledger.entries.filter { !$0.isComplete }.map(\.request)
    }

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
