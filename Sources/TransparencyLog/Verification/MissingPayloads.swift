// SPDX-License-Identifier: Apache-2.0

/// Payloads that were not found, until a record of the log says that they were removed.
///
/// Such a record comes after what it lists, so a walk in index order needs one pass, and memory for
/// what is missing and not yet explained.
struct MissingPayloads: Sendable {
    /// In order; none touches the next.
    private(set) var unexplained: [Range<UInt64>] = []
    private(set) var erasedCount: UInt64 = 0
    /// Of records that a recovery could not bring back.
    private(set) var lostCount: UInt64 = 0

    init(unexplained: [Range<UInt64>] = []) {
        self.unexplained = unexplained
    }

    /// Adds a missing payload, of a higher index than any before.
    mutating func add(_ index: UInt64) {
        if let last = unexplained.last, last.upperBound == index {
            unexplained[unexplained.count - 1] = last.lowerBound..<index + 1
        } else {
            unexplained.append(index..<index + 1)
        }
    }

    /// Takes what a record at `recordIndex` says was removed whole.
    ///
    /// A record cannot speak of later ones, and a list of some fields does not explain that the
    /// rest is missing too.
    mutating func explain(_ removals: [GovernanceFact.Removal], by recordIndex: UInt64) {
        for removal in removals where removal.names.isEmpty && removal.index < recordIndex {
            remove(removal.index)
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

    private mutating func remove(_ index: UInt64) {
        var (low, high) = (0, unexplained.count)
        while low < high {
            let middle = (low + high) / 2
            if unexplained[middle].upperBound <= index { low = middle + 1 } else { high = middle }
        }
        guard low < unexplained.count, unexplained[low].contains(index) else { return }
        let range = unexplained[low]
        let rest = [range.lowerBound..<index, index + 1..<range.upperBound].filter { !$0.isEmpty }
        unexplained.replaceSubrange(low...low, with: rest)
        erasedCount += 1
    }
}
