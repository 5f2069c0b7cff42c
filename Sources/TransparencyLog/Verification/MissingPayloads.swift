// SPDX-License-Identifier: Apache-2.0

import Merkle

/// Payloads and fields that were not found, until a record of the log says that they were removed.
///
/// Such a record comes after what it lists, so a walk in index order needs one pass, and memory for
/// what is missing and not yet explained.
struct MissingPayloads: Hashable, Sendable {
    /// In order; none touches the next.
    private(set) var unexplained: [Range<UInt64>] = []
    /// Fields that a reduced record says a later one announces: by record, name and that one.
    private(set) var unexplainedFields: [UInt64: [String: UInt64]] = [:]
    private(set) var erasedCount: UInt64 = 0
    private(set) var prunedCount: UInt64 = 0
    /// Of records that a recovery could not bring back.
    private(set) var lostCount: UInt64 = 0
    private(set) var erasedFieldCount: UInt64 = 0

    init(unexplained: [Range<UInt64>] = [], fields: [UInt64: [String: UInt64]] = [:]) {
        self.unexplained = unexplained
        unexplainedFields = fields
    }

    /// Adds a missing payload, of a higher index than any before.
    mutating func add(_ index: UInt64) {
        if let last = unexplained.last, last.upperBound == index {
            unexplained[unexplained.count - 1] = last.lowerBound..<index + 1
        } else {
            unexplained.append(index..<index + 1)
        }
    }

    /// Adds a field that is missing in what is left of a record.
    mutating func add(_ name: String, of index: UInt64, announcedBy by: UInt64) {
        unexplainedFields[index, default: [:]][name] = by
    }

    /// Takes what a record at `recordIndex` says was removed.
    ///
    /// A record cannot speak of later ones, and a list of some fields does not explain that the
    /// rest is missing too.
    mutating func explain(
        _ removals: [Removal], by recordIndex: UInt64, asPruned isPruned: Bool = false
    ) {
        let earlier = removals.filter { $0.range.upperBound <= recordIndex }
        let count = remove(earlier.filter(\.names.isEmpty).map(\.range).merged)
        if isPruned { prunedCount += count } else { erasedCount += count }
        for removal in earlier where !removal.names.isEmpty {
            remove(removal.names, of: removal.range.lowerBound, by: recordIndex)
        }
    }

    /// Takes what a record at `recordIndex` says was lost.
    ///
    /// Such a record follows at once on what it lists, in the same transaction: a list of anything
    /// else explains nothing, so that nobody calls a removal a loss afterwards.
    mutating func explainLoss(of lost: Range<UInt64>, by recordIndex: UInt64) {
        guard lost.upperBound == recordIndex else { return }
        unexplained = unexplained.flatMap { range -> [Range<UInt64>] in
            let found = range.clamped(to: lost)
            guard !found.isEmpty else { return [range] }
            lostCount += UInt64(found.count)
            return [range.lowerBound..<found.lowerBound, found.upperBound..<range.upperBound]
                .filter { !$0.isEmpty }
        }
    }

    private mutating func remove(_ names: [String], of index: UInt64, by recordIndex: UInt64) {
        guard var fields = unexplainedFields[index] else { return }
        for name in names where fields[name] == recordIndex {
            fields[name] = nil
            erasedFieldCount += 1
        }
        unexplainedFields[index] = fields.isEmpty ? nil : fields
    }

    /// Returns how many of these, which rise, were not explained before.
    private mutating func remove(_ removed: [Range<UInt64>]) -> UInt64 {
        guard let first = removed.first, let last = removed.last else { return 0 }
        let start = unexplained.firstPlace(endingAfter: first.lowerBound)
        var end = start
        while end < unexplained.count, unexplained[end].lowerBound < last.upperBound { end += 1 }
        let touched = Array(unexplained[start..<end])
        let rest = touched.subtracting(removed)
        unexplained.replaceSubrange(start..<end, with: rest)
        return touched.indexCount - rest.indexCount
    }
}
