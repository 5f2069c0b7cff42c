// SPDX-License-Identifier: Apache-2.0

/// The lists of several runs in order, one block of each in memory.
struct LookupMerge {
    private struct Cursor {
        let run: LookupRun
        var nextBlock = 0
        var lists = LookupBlock.Lists()
        var place = 0
    }

    private var cursors: [Cursor]
    /// The key that each cursor stands at; keys have 56 bits, so the highest number ends it.
    private var keys: [UInt64]

    /// The runs are adjacent and in order: of equal keys, the earlier run's has the lower indexes.
    init(_ runs: [LookupRun]) throws(LookupFailure) {
        cursors = runs.map { Cursor(run: $0) }
        keys = [UInt64](repeating: .max, count: runs.count)
        for number in cursors.indices { try refill(number) }
    }

    /// The next list, or the next part of one.
    mutating func next() throws(LookupFailure) -> (key: UInt64, indexes: ArraySlice<UInt64>)? {
        var (least, key) = (0, keys[0])
        for number in 1..<keys.count where keys[number] < key {
            (least, key) = (number, keys[number])
        }
        if key == .max { return nil }
        let place = cursors[least].place
        let indexes = cursors[least].lists.indexes(of: place)
        if place + 1 < cursors[least].lists.keys.count {
            cursors[least].place = place + 1
            keys[least] = cursors[least].lists.keys[place + 1]
        } else {
            try refill(least)
        }
        return (key, indexes)
    }

    private mutating func refill(_ number: Int) throws(LookupFailure) {
        let block = cursors[number].nextBlock
        guard block < cursors[number].run.index.firstEntries.count else {
            keys[number] = .max
            return
        }
        cursors[number].lists = try cursors[number].run.lists(block: block)
        cursors[number].nextBlock = block + 1
        cursors[number].place = 0
        keys[number] = cursors[number].lists.keys[0]
    }
}
