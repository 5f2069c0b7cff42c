// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The keys of the newest records, in memory, until they are written as a run.
///
/// Each field has a hash table with chains, newest entry first: adding a key takes some
/// nanoseconds, and a query walks one chain. At most 65,536 records; 16 bytes a key, and 4 to 8
/// bytes a field and record of capacity for the tables.
struct LookupTail: Sendable {
    /// A run's index offsets take 16 bits beside 48 hash bits.
    static let mostRecords = 65_536

    let first: UInt64
    let capacity: Int
    private(set) var count = 0
    private var columns: [Column] = []
    /// Each new record asks every tail for its submission key, so its absence must cost little.
    private var bloom: LookupBloom
    /// The column of each field number; 255 where there is none yet.
    private var columnOfField = [UInt8](repeating: 255, count: 256)

    init(first: UInt64, capacity: Int) {
        precondition((1...Self.mostRecords).contains(capacity))
        self.first = first
        self.capacity = capacity
        bloom = LookupBloom(keys: UInt64(capacity))
    }

    var range: Range<UInt64> { first..<first + UInt64(count) }
    var isFull: Bool { count == capacity }

    /// Bytes of memory that it holds now.
    var byteCount: Int { columns.reduce(bloom.byteCount) { $0 + $1.byteCount } }

    /// Adds the next record's keys.
    mutating func append(_ keys: [LookupKey]) {
        precondition(!isFull, "a full tail is replaced before the next record")
        for key in keys {
            let field = Int(key.fieldNumber)
            if columnOfField[field] == 255 {
                columnOfField[field] = UInt8(columns.count)
                columns.append(Column(field: key.fieldNumber, capacity: capacity))
            }
            columns[Int(columnOfField[field])].append(key.hashBits, offset: count)
            if key.isSubmissionKey { bloom.insert(key.rawValue) }
        }
        count += 1
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
        guard column != 255, !wanted.isEmpty else { return [] }
        let offsets = Int(wanted.lowerBound - first)..<Int(wanted.upperBound - first)
        // The chain runs newest first: a rising order needs all of it.
        var found = columns[Int(column)].newestFirst(
            query.key.hashBits, in: offsets, limit: query.descending ? query.limit : .max)
        if !query.descending { found = found.suffix(query.limit).reversed() }
        return found.map { first + UInt64($0) }
    }

    /// How many entries bear keys of a field.
    func entryCount(of field: LookupField) -> Int {
        columns.first { $0.field == field.rawValue }?.packed.count ?? 0
    }

    /// Hands every entry to `body`, by key and then by index.
    func forEachSorted<Failure: Error>(
        _ body: (LookupEntry) throws(Failure) -> Void
    ) throws(Failure) {
        for column in columns.sorted(by: { $0.field < $1.field }) {
            let field = UInt64(column.field) << 48
            for value in Self.sorted(column.packed) {
                try body(LookupEntry(key: field | value >> 16, index: first + value & 0xFFFF))
            }
        }
    }

    /// Sorts by the upper 48 bits, a byte at a time.
    ///
    /// The lower 16 are in order already, and each pass keeps the order of equals.
    private static func sorted(_ values: [UInt64]) -> [UInt64] {
        if values.count < 1_000 { return values.sorted() }
        var from = values
        var to = [UInt64](repeating: 0, count: values.count)
        for shift in stride(from: UInt64(16), to: 64, by: 8) {
            var starts = [Int](repeating: 0, count: 257)
            for value in from { starts[Int(value >> shift & 255) + 1] += 1 }
            for digit in 1..<257 { starts[digit] += starts[digit - 1] }
            for value in from {
                let digit = Int(value >> shift & 255)
                to[starts[digit]] = value
                starts[digit] += 1
            }
            swap(&from, &to)
        }
        return from
    }
}

/// The keys of one field: hash bits above, the record's offset in the low 16 bits.
private struct Column: Sendable {
    let field: UInt8
    private(set) var packed: [UInt64] = []
    /// The entry before this one in its chain, or -1.
    private var older: [Int32] = []
    /// The newest entry of each chain, or -1.
    private var newest: [Int32]
    private let shift: UInt64

    init(field: UInt8, capacity: Int) {
        self.field = field
        let bits = Int.bitWidth - max(1, capacity - 1).leadingZeroBitCount
        shift = UInt64(48 - bits)
        newest = [Int32](repeating: -1, count: 1 << bits)
        packed.reserveCapacity(capacity)
        older.reserveCapacity(capacity)
    }

    var byteCount: Int { packed.capacity * 8 + older.capacity * 4 + newest.count * 4 }

    mutating func append(_ hash: UInt64, offset: Int) {
        let chain = Int(hash >> shift)
        older.append(newest[chain])
        newest[chain] = Int32(truncatingIfNeeded: packed.count)
        packed.append(hash << 16 | UInt64(truncatingIfNeeded: offset))
    }

    /// Offsets within `offsets` that bear `hash`, each once, falling.
    func newestFirst(_ hash: UInt64, in offsets: Range<Int>, limit: Int) -> [Int] {
        var found: [Int] = []
        var entry = newest[Int(hash >> shift)]
        while entry >= 0 && found.count < limit {
            let value = packed[Int(entry)]
            let offset = Int(value & 0xFFFF)
            if offset < offsets.lowerBound { break }
            if value >> 16 == hash && offset < offsets.upperBound && found.last != offset {
                found.append(offset)
            }
            entry = older[Int(entry)]
        }
        return found
    }
}

/// A tail that takes no more records and waits to be written.
final class LookupFrozenTail: Sendable {
    let tail: LookupTail
    init(_ tail: LookupTail) { self.tail = tail }
}
