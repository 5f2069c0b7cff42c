// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The keys of the newest records, in memory, until they are written as a run.
///
/// At most 65,536 records. For each field, 24 bytes a value and 2 to 4 a record.
struct LookupTail: Sendable {
    /// An offset takes 16 bits.
    static let mostRecords = 65_536

    let first: UInt64
    let capacity: Int
    private(set) var count = 0
    private(set) var spans: LookupSpans
    private var columns: [LookupColumn] = []
    /// Each new record asks every tail for its submission key, so its absence must cost little.
    private var bloom: LookupBloom
    /// The column of each field number; 255 where there is none yet.
    private var columnOfField = [UInt8](repeating: 255, count: 256)

    init(first: UInt64, capacity: Int) {
        precondition((1...Self.mostRecords).contains(capacity))
        self.first = first
        self.capacity = capacity
        spans = LookupSpans(from: first)
        bloom = LookupBloom(keys: UInt64(capacity))
    }

    var range: Range<UInt64> { first..<first + UInt64(count) }
    var isFull: Bool { count == capacity }

    /// Bytes of memory that it holds now.
    var byteCount: Int { columns.reduce(bloom.byteCount) { $0 + $1.byteCount } }

    /// Adds the next record's keys.
    mutating func append(_ keys: [LookupKey]) {
        precondition(!isFull, "a full tail is replaced before the next record")
        let index = first + UInt64(count)
        spans.insert(nil, at: index)
        for key in keys {
            if key.isTime {
                spans.insert(key, at: index)
                continue
            }
            let column = column(of: key.fieldNumber)
            columns[column].append(key.hashBits, offset: UInt16(truncatingIfNeeded: count))
            if key.isSubmissionKey { bloom.insert(key.rawValue) }
        }
        count += 1
    }

    private mutating func column(of field: UInt8) -> Int {
        if columnOfField[Int(field)] == 255 {
            columnOfField[Int(field)] = UInt8(columns.count)
            // The first numbers are fields that every record has a value of its own of.
            columns.append(LookupColumn(field: field, values: field < 16 ? capacity : 0))
        }
        return Int(columnOfField[Int(field)])
    }

    /// False if the key is certainly absent.
    func mayHold(_ key: LookupKey) -> Bool {
        !key.isSubmissionKey || bloom.mayContain(key.rawValue)
    }

    /// The indexes of the query's key in its range, in its order.
    func matches(_ query: LookupQuery) -> [UInt64] {
        guard mayHold(query.key) else { return [] }
        let column = columnOfField[Int(query.key.fieldNumber)]
        let wanted = query.range.clamped(to: range)
        guard column != 255, !wanted.isEmpty, query.limit > 0 else { return [] }
        let offsets = columns[Int(column)].offsets(
            of: query.key.hashBits,
            in: Int(wanted.lowerBound - first)...Int(wanted.upperBound - 1 - first),
            descending: query.descending, limit: query.limit)
        return offsets.map { first + UInt64($0) }
    }

    /// How many different keys of a field there are.
    func keyCount(of field: LookupField) -> Int {
        columns.first { $0.field == field.rawValue }?.valueCount ?? 0
    }

    /// Hands every key to `body`, in order, with the indexes that bear it, rising.
    func forEachList<Failure: Error>(
        _ body: (_ key: UInt64, _ indexes: [UInt64]) throws(Failure) -> Void
    ) throws(Failure) {
        for column in columns.sorted(by: { $0.field < $1.field }) {
            let field = UInt64(column.field) << 48
            var indexes: [UInt64] = []
            try column.forEachSorted { (hash, offsets) throws(Failure) in
                indexes.removeAll(keepingCapacity: true)
                for offset in offsets { indexes.append(first + UInt64(offset)) }
                try body(field | hash, indexes)
            }
        }
    }
}

/// A tail that takes no more records and waits to be written.
final class LookupFrozenTail: Sendable {
    let tail: LookupTail
    init(_ tail: LookupTail) { self.tail = tail }
}
