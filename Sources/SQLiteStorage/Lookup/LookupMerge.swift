// SPDX-License-Identifier: Apache-2.0

/// The entries of several runs in order, one block of each in memory.
struct LookupMerge {
    private struct Cursor {
        let run: LookupRun
        var nextBlock = 0
        var entries: [LookupEntry] = []
        var position = 0
    }

    private var cursors: [Cursor]
    /// The key that each cursor stands at; keys have 56 bits, so the highest number ends it.
    private var keys: [UInt64]

    /// The runs are adjacent and in order: of equal keys, the earlier run's has the lower index.
    init(_ runs: [LookupRun]) throws(LookupFailure) {
        cursors = runs.map { Cursor(run: $0) }
        keys = [UInt64](repeating: .max, count: runs.count)
        for number in cursors.indices { try refill(number) }
    }

    mutating func next() throws(LookupFailure) -> LookupEntry? {
        var (least, key) = (0, keys[0])
        for number in 1..<keys.count where keys[number] < key {
            (least, key) = (number, keys[number])
        }
        if key == .max { return nil }
        let position = cursors[least].position
        let entry = cursors[least].entries[position]
        if position + 1 < cursors[least].entries.count {
            cursors[least].position = position + 1
            keys[least] = cursors[least].entries[position + 1].key
        } else {
            try refill(least)
        }
        return entry
    }

    private mutating func refill(_ number: Int) throws(LookupFailure) {
        let block = cursors[number].nextBlock
        guard block < cursors[number].run.index.firstEntries.count else {
            keys[number] = .max
            return
        }
        cursors[number].entries = try cursors[number].run.entries(block: block)
        cursors[number].nextBlock = block + 1
        cursors[number].position = 0
        keys[number] = cursors[number].entries[0].key
    }
}
