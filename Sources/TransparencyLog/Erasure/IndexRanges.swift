// SPDX-License-Identifier: Apache-2.0

extension [Range<UInt64>] {
    /// The same indexes, as few ranges, rising.
    package var merged: [Range<UInt64>] {
        var merged: [Range<UInt64>] = []
        for range in sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] =
                    last.lowerBound..<Swift.max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        return merged
    }

    /// What is left of these, which rise and do not overlap, without `others`, which do so too.
    package func subtracting(_ others: [Range<UInt64>]) -> [Range<UInt64>] {
        var rest: [Range<UInt64>] = []
        var next = 0
        for range in self {
            while next < others.count, others[next].upperBound <= range.lowerBound { next += 1 }
            var (start, place) = (range.lowerBound, next)
            while place < others.count, others[place].lowerBound < range.upperBound {
                if start < others[place].lowerBound {
                    rest.append(start..<others[place].lowerBound)
                }
                start = Swift.max(start, others[place].upperBound)
                place += 1
            }
            if start < range.upperBound { rest.append(start..<range.upperBound) }
        }
        return rest
    }

    /// How many indexes there are.
    package var indexCount: UInt64 { reduce(0) { $0 + UInt64($1.count) } }

    /// The same in their order, in groups of at most `count` indexes and `ranges` ranges.
    func grouped(_ count: UInt64, ranges limit: Int) -> [[Range<UInt64>]] {
        var groups: [[Range<UInt64>]] = []
        var (group, left) = ([Range<UInt64>](), count)
        for range in self {
            var rest = range
            while !rest.isEmpty {
                let end = Swift.min(rest.upperBound, rest.lowerBound + left)
                group.append(rest.lowerBound..<end)
                left -= end - rest.lowerBound
                rest = end..<rest.upperBound
                guard left == 0 || group.count == limit else { continue }
                groups.append(group)
                (group, left) = ([], count)
            }
        }
        if !group.isEmpty { groups.append(group) }
        return groups
    }
}
