// SPDX-License-Identifier: Apache-2.0

package import LogStorage

extension SQLiteView {
    /// What was submitted in `range`, by index and in order; what is not there is left out.
    ///
    /// One statement for all of it: a check that reads everything takes this rather than the
    /// reader, which reads one at a time.
    package func contents(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [(index: UInt64, content: StoredContent)] {
        var found: [(index: UInt64, content: StoredContent)] = []
        found.reserveCapacity(range.count)
        try pool.snapshot { (tables) throws(StoreError) in
            try tables.contents(range) { found.append(($0, $1)) }
        }
        return found
    }

    /// Who submitted the entries of `range`, which the head covers, in order.
    package func submissions(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [StoredSubmission] {
        try pool.snapshot { (tables) throws(StoreError) in try tables.submissions(range) }
    }
}
