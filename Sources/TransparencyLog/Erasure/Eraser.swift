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

    /// Records that go in one transaction, so that no commit waits for long.
    private static let step: UInt64 = 1_024

    /// Carries out what the record at `request` announced, which is published.
    func run(_ removals: [Removal], by request: UInt64) throws {
        try ledger.announce(removals, by: request)
        try destroy(removals, by: request)
        try store.wipe(Self.indexes(of: removals))
    }

    /// Carries out everything that the ledger names, before a log of `size` records is served.
    ///
    /// Returns the requests that no record calls complete yet.
    func runAll(size: UInt64) throws -> [UInt64] {
        var indexes: [UInt64] = []
        for entry in ledger.entries {
            guard entry.request < size else {
                throw StartupRefusal(
                    .rollbackSuspected,
                    "the erasure ledger names the record \(entry.request), and the database ends at"
                        + " \(size): an older copy was restored. Put the newest database back",
                    firstBadIndex: size)
            }
            let isLeft = try destroy(entry.removals, by: entry.request)
            if isLeft || !entry.isComplete { indexes += Self.indexes(of: entry.removals) }
        }
        if !indexes.isEmpty { try store.wipe(Set(indexes).sorted()) }
        return ledger.entries.filter { !$0.isComplete }.map(\.request)
    }

    /// Returns whether there was anything to destroy.
    @discardableResult
    private func destroy(_ removals: [Removal], by request: UInt64) throws -> Bool {
        var isLeft = false
        for removal in removals {
            if removal.names.isEmpty {
                if try remove(removal.range, by: request) { isLeft = true }
            } else if try reduce(removal, by: request) {
                isLeft = true
            }
        }
        return isLeft
    }

    private func remove(_ range: Range<UInt64>, by request: UInt64) throws -> Bool {
        var isLeft = false
        for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(Self.step)) {
            let part = start..<min(start + Self.step, range.upperBound)
            let isWhole = try part.allSatisfy { try store.reader.removal(at: $0) != nil }
            guard !isWhole else { continue }
            isLeft = true
            try store.transaction { try $0.remove(part, by: request) }
        }
        return isLeft
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

    private static func indexes(of removals: [Removal]) -> [UInt64] {
        Set(removals.flatMap { Array($0.range) }).sorted()
    }
}
