// SPDX-License-Identifier: Apache-2.0

import CSQLite
import LogStorage

extension Writer {
    /// Rows of the neighbourhood that SQLite may have moved to other pages when it removed some: it
    /// balances a page with those beside it, and each holds a hundred rows at most.
    private static let neighbours = 1_000
    /// Ranges that are not further apart are taken as one.
    private static let distance: UInt64 = 4_096

    /// The most indexes of one span, so that looking at it keeps commits waiting for no longer than
    /// some milliseconds.
    static let longest: UInt64 = 8_192

    /// The same indexes, and some between them, in spans that are each looked at by itself; the ranges
    /// rise.
    static func spans(of ranges: [Range<UInt64>]) -> [ClosedRange<UInt64>] {
        var joined: [Range<UInt64>] = []
        for range in ranges where !range.isEmpty {
            if let last = joined.last, range.lowerBound - last.upperBound <= distance {
                joined[joined.count - 1] = last.lowerBound..<range.upperBound
            } else {
                joined.append(range)
            }
        }
        return joined.flatMap { range in
            stride(from: range.lowerBound, to: range.upperBound, by: Int(longest)).map {
                $0...min($0 + longest, range.upperBound) - 1
            }
        }
    }

    /// Overwrites what is left of content in the parts of pages that no row uses, near these spans; the
    /// log of writes is empty.
    ///
    /// SQLite overwrites what it removes (`secure_delete`), but moves rows that stay from page to page
    /// meanwhile and leaves copies of them where it builds a page anew. These would outlast the rows.
    /// Cost: some milliseconds a span, in which nothing is committed.
    func zeroUnused(near spans: ArraySlice<ClosedRange<UInt64>>) throws(StoreError) {
        for (name, root) in try roots() {
            var last: ClosedRange<Int64>?
            for span in spans {
                let first = try edge(name, "idx < \(span.lowerBound)", "DESC") ?? 0
                let end = try edge(name, "idx > \(span.upperBound)", "ASC") ?? Int64.max
                // Where all of several spans is gone they have the same neighbours.
                guard last != first...end else { continue }
                try connection.zeroUnused(root: root, from: first, to: end)
                last = first...end
            }
        }
    }

    /// The tables that hold content, and where they begin.
    private func roots() throws(StoreError) -> [(name: String, root: UInt32)] {
        let sql = "SELECT name, rootpage FROM sqlite_schema WHERE name IN ('content', 'reduced')"
        return try connection.rows(sql) { (row) throws(StoreError) in
            (row.text(0), UInt32(clamping: row.integer(1)))
        }
    }

    /// The index of the farthest row of the neighbourhood; nil where there are not so many.
    private func edge(
        _ table: String, _ condition: String, _ order: String
    ) throws(StoreError) -> Int64? {
        let sql =
            "SELECT idx FROM \(table) WHERE \(condition) ORDER BY idx \(order)"
            + " LIMIT 1 OFFSET \(Self.neighbours)"
        return try connection.rows(sql) { (row) throws(StoreError) in row.integer(0) }.first
    }
}
