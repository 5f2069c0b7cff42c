// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogServer
import LogStorage
import SQLiteStorage
import TransparencyLog

/// Tells what was erased, as a record of the log says, from what somebody removed.
struct ErasedRecords {
    let view: SQLiteView
    /// What the records said that were read last: the next missing one is most likely in one of them.
    private var known: [(by: UInt64, removals: [Removal])] = []
    private static let knownLimit = 16

    init(view: SQLiteView) {
        self.view = view
    }

    /// Whether a record is gone by right, all of it.
    mutating func explain(_ index: UInt64) throws(StoreError) -> Bool {
        guard let by = try view.reader.removal(at: index) else { return false }
        return try announced(by).contains { $0.names.isEmpty && $0.range.contains(index) }
    }

    /// Whether fields that are gone from a record are so by right.
    mutating func explain(_ content: StoredContent, at index: UInt64) throws(StoreError) -> Bool {
        for (name, by) in content.erased {
            let isAnnounced = try announced(by).contains {
                $0.range == index..<index + 1 && $0.names.contains(name)
            }
            guard by > index, isAnnounced else { return false }
        }
        return true
    }

    /// What a record of the log announces, which is itself compared with its leaf where it stands.
    private mutating func announced(_ by: UInt64) throws(StoreError) -> [Removal] {
        if let item = known.first(where: { $0.by == by }) { return item.removals }
        let removals = try read(by)
        if known.count == Self.knownLimit { known.removeFirst() }
        known.append((by, removals))
        return removals
    }

    private func read(_ by: UInt64) throws(StoreError) -> [Removal] {
        guard let content = try view.reader.content(at: by),
            let record = try? CanonicalRecord(verifying: content.record)
        else { return [] }
        switch StoredRecords().summary(of: record).fact {
        case .removed(let removals)?, .pruned(let removals)?:
            return removals.filter { $0.range.upperBound <= by }
        default: return []
        }
    }
}
