// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogServer
import LogStorage
import SQLiteStorage
import TransparencyLog

/// Tells records that a recovery could not bring back, as a record of the log says, from those that
/// somebody removed.
struct LostRecords {
    let view: SQLiteView
    let size: UInt64

    /// What the record said that was found last: the next missing one is most likely in it too.
    private var known: Range<UInt64> = 0..<0

    /// Entries that are searched at a time.
    private static let step: UInt64 = 4_096

    init(view: SQLiteView, size: UInt64) {
        self.view = view
        self.size = size
    }

    /// Whether the next record that is there says that this one was lost.
    ///
    /// That record is itself compared with its leaf, where it stands.
    mutating func explain(_ index: UInt64) throws(StoreError) -> Bool {
        if known.contains(index) { return true }
        var start = index
        while start < size {
            let part = start..<min(start + Self.step, size)
            if let next = try view.contents(part).first {
                guard let record = try? CanonicalRecord(verifying: next.content.record),
                    case .lost(let range)? = StoredRecords().summary(of: record).fact,
                    range.upperBound == next.index, range.contains(index)
                else { return false }
                known = range
                return true
            }
            start = part.upperBound
        }
        return false
    }
}
