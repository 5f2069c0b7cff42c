// SPDX-License-Identifier: Apache-2.0

extension Log {
    /// How many records of a range were announced for erasure as a whole, by the ledger; nil in a log
    /// that is only looked at, whose ledger was not read.
    ///
    /// Cost: the ledger's entries are gone through and sorted.
    package func erasedCount(in range: Range<UInt64>) -> UInt64? {
        guard evidence == nil else { return nil }
        let removed = eraser.ledger.entries.lazy.flatMap(\.removals)
            .filter(\.names.isEmpty)
            .map { $0.range.clamped(to: range) }
        var (count, end) = (UInt64(0), range.lowerBound)
        for part in removed.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            // What two of them name is counted once.
            let start = max(part.lowerBound, end)
            guard start < part.upperBound else { continue }
            count += part.upperBound - start
            end = part.upperBound
        }
        return count
    }
}
