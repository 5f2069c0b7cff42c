// SPDX-License-Identifier: Apache-2.0

extension [Range<UInt64>] {
    /// Of ranges of leaves that rise and do not overlap, the place of the first one that ends after an
    /// index; their count if none does.
    package func firstPlace(endingAfter index: UInt64) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].upperBound <= index {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
