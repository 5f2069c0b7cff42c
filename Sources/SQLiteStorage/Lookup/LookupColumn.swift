// SPDX-License-Identifier: Apache-2.0

/// The keys of one field in a tail: for each value, the offsets of the records that bear it.
///
/// A value's first offset lies beside its hash, so a value that nobody else bears costs 16 bytes
/// and its place in the table. Further ones lie in blocks that double up to 512, two bytes each:
/// adding takes some nanoseconds, and a query goes from block to block.
struct LookupColumn: Sendable {
    let field: UInt8
    /// Open addressing by hash: the number of a value, counted from 1; 0 is free.
    private var table: [UInt32]
    private var values: [Value] = []
    private var blocks: [Block] = []
    /// The blocks' offsets.
    private var offsets: [UInt16] = []

    private struct Value {
        let hash: UInt64
        let first: UInt16
        /// Its newest block, or -1.
        var block: Int32 = -1

        init(hash: UInt64, first: UInt16) {
            self.hash = hash
            self.first = first
        }
    }

    private struct Block {
        let start: Int32
        /// The block before it, or -1.
        let older: Int32
        let capacity: UInt16
        var count: UInt16 = 0
    }

    private static let mostInBlock: UInt16 = 512

    /// - Parameter values: how many different ones are likely.
    init(field: UInt8, values: Int) {
        self.field = field
        table = [UInt32](repeating: 0, count: 64)
        while table.count < 2 * values { table = [UInt32](repeating: 0, count: table.count * 2) }
    }

    var valueCount: Int { values.count }
    var byteCount: Int {
        table.capacity * 4 + values.capacity * 16 + blocks.capacity * 12 + offsets.capacity * 2
    }

    // MARK: Adding

    /// Adds an offset that is not below any before it; of equal ones of a value, one is kept.
    mutating func append(_ hash: UInt64, offset: UInt16) {
        let slot = slot(of: hash)
        guard table[slot] != 0 else {
            values.append(Value(hash: hash, first: offset))
            table[slot] = UInt32(truncatingIfNeeded: values.count)
            if values.count * 2 > table.count { grow() }
            return
        }
        let number = Int(table[slot]) - 1
        let newest = values[number].block
        if newest < 0 {
            if values[number].first == offset { return }
            values[number].block = open(older: -1, capacity: 4)
        } else {
            let block = blocks[Int(newest)]
            if offsets[Int(block.start) + Int(block.count) - 1] == offset { return }
            if block.count == block.capacity {
                values[number].block = open(
                    older: newest, capacity: min(block.capacity * 2, Self.mostInBlock))
            }
        }
        let place = Int(values[number].block)
        offsets[Int(blocks[place].start) + Int(blocks[place].count)] = offset
        blocks[place].count += 1
    }

    private mutating func open(older: Int32, capacity: UInt16) -> Int32 {
        blocks.append(
            Block(
                start: Int32(truncatingIfNeeded: offsets.count), older: older, capacity: capacity))
        offsets.append(contentsOf: repeatElement(0, count: Int(capacity)))
        return Int32(truncatingIfNeeded: blocks.count - 1)
    }

    /// The hash's slot, or the free one where it belongs.
    private func slot(of hash: UInt64) -> Int {
        let mask = table.count - 1
        // The hash has 48 uniform bits.
        var slot = Int(truncatingIfNeeded: hash) & mask
        while table[slot] != 0, values[Int(table[slot]) - 1].hash != hash {
            slot = (slot + 1) & mask
        }
        return slot
    }

    private mutating func grow() {
        table = [UInt32](repeating: 0, count: table.count * 4)
        for number in values.indices {
            table[slot(of: values[number].hash)] = UInt32(truncatingIfNeeded: number + 1)
        }
    }

    // MARK: Reading

    /// The offsets in `wanted` of a value's records, rising or falling, at most `limit`.
    func offsets(
        of hash: UInt64, in wanted: ClosedRange<Int>, descending: Bool, limit: Int
    ) -> [Int] {
        let number = Int(table[slot(of: hash)]) - 1
        guard number >= 0 else { return [] }
        let value = values[number]
        var found: [Int] = []
        if descending {
            var next = value.block
            while next >= 0, found.count < limit {
                let block = blocks[Int(next)]
                next = block.older
                for place in places(of: block, below: wanted.upperBound + 1).reversed() {
                    let offset = Int(offsets[place])
                    if offset < wanted.lowerBound || found.count == limit { return found }
                    found.append(offset)
                }
            }
            if found.count < limit, wanted ~= Int(value.first) { found.append(Int(value.first)) }
            return found
        }
        if wanted ~= Int(value.first) { found.append(Int(value.first)) }
        for block in blocksRising(of: value, from: wanted.lowerBound) {
            let skipped = places(of: block, below: wanted.lowerBound).count
            for place in Int(block.start) + skipped..<Int(block.start) + Int(block.count) {
                let offset = Int(offsets[place])
                if offset > wanted.upperBound || found.count >= limit { return found }
                found.append(offset)
            }
        }
        return found
    }

    /// A value's blocks, oldest first, from the one that may hold `offset` on.
    private func blocksRising(of value: Value, from offset: Int) -> [Block] {
        var rising: [Block] = []
        var next = value.block
        while next >= 0 {
            let block = blocks[Int(next)]
            rising.append(block)
            next = Int(offsets[Int(block.start)]) <= offset ? -1 : block.older
        }
        return rising.reversed()
    }

    /// Where in `offsets` a block's offsets below a bound lie.
    private func places(of block: Block, below bound: Int) -> Range<Int> {
        var (low, high) = (Int(block.start), Int(block.start) + Int(block.count))
        while low < high {
            let middle = (low + high) / 2
            if Int(offsets[middle]) < bound { low = middle + 1 } else { high = middle }
        }
        return Int(block.start)..<low
    }

    /// Hands every value to `body`, by hash, with its offsets rising.
    func forEachSorted<Failure: Error>(
        _ body: (_ hash: UInt64, _ offsets: [UInt16]) throws(Failure) -> Void
    ) throws(Failure) {
        var all: [UInt16] = []
        for number in sortedValues() {
            let value = values[number]
            all.removeAll(keepingCapacity: true)
            all.append(value.first)
            for block in blocksRising(of: value, from: -1) {
                all += offsets[Int(block.start)..<Int(block.start) + Int(block.count)]
            }
            try body(value.hash, all)
        }
    }

    /// The values' numbers, by hash: sorted a byte at a time where they fit 16 bits beside it.
    private func sortedValues() -> [Int] {
        guard 1_000...65_536 ~= values.count else {
            return values.indices.sorted { values[$0].hash < values[$1].hash }
        }
        var from = values.indices.map { values[$0].hash << 16 | UInt64($0) }
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
        return from.map { Int($0 & 0xFFFF) }
    }
}
