// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

extension StoreConformance {
    /// Around each edge of a tile, one by one, and across several tiles.
    private static let sizes = [1, 1, 253, 1, 1, 255, 256, 257, 1000, 3, 510, 1, 2048, 700]

    static let growthChecks = [
        StoreConformance("A new store has no head, no entries and no tiles") { store in
            try store.use { store in
                try expectEqual(try store.reader.head(), nil, "the head")
                try expectEqual(try store.reader.leaves(0..<10), [], "the leaves")
                try expectEqual(try store.reader.hashTile(level: 0, index: 0), nil, "the tile")
                try expectEqual(try store.reader.content(at: 0), nil, "the content")
                try store.transaction { try expectEqual(try $0.head(), nil, "the head inside") }
            }
        },
        StoreConformance("Batches of any size are read back, during and after their commit") {
            store in
            try store.use { store in
                var log = SampleLog()
                for size in sizes {
                    let batch = log.next(size)
                    try store.transaction { transaction in
                        try transaction.append(batch)
                        try expectReread(batch, transaction)
                    }
                    try expectEqual(try store.reader.head(), log.head, "the head")
                }
                try expectWhole(log, store)
            }
        },
        StoreConformance("Every tile grows by what was there before") { store in
            try store.use { store in
                var log = SampleLog()
                var before: [UInt8] = []
                for size in Array(repeating: 100, count: 14) {
                    try store.commit(log.next(size))
                    let tile = try store.reader.hashTile(level: 1, index: 0) ?? []
                    try expect(tile.starts(with: before), "a tile was not extended")
                    before = tile
                }
                try expectEqual(before.count, 1400 / 256 * 32, "the width of the level-1 tile")
            }
        },
        StoreConformance("What was committed is there at the next opening") { store in
            guard store.outlivesItsProcess else { return }
            var log = SampleLog()
            for size in [1, 255, 300, 1, 1000] {
                try store.use { try $0.commit(log.next(size)) }
                try store.use { try expectEqual(try $0.reader.head(), log.head, "the head") }
            }
            try store.use { try expectWhole(log, $0) }
        },
    ]

    /// Compares what a transaction reads of its own batch.
    private static func expectReread(
        _ batch: SequencedBatch, _ transaction: any LogTransaction
    ) throws {
        let end = batch.head.treeHead.size
        let entries = try transaction.reread(batch.firstIndex..<end)
        let want = batch.entries.map {
            RereadEntry(leaf: $0.leaf, submission: $0.submission, content: $0.content)
        }
        try expectEqual(entries, want, "what was read again")
        try expectEqual(try transaction.head(), batch.head, "the head inside")
        let tiles =
            batch.growth.sealed.map { ($0.level, $0.index, $0.bytes) }
            + batch.growth.partials.map { ($0.level, $0.index, $0.bytes) }
        for (level, index, bytes) in tiles {
            try expectEqual(
                try transaction.hashTile(level: level, index: index), bytes,
                "tile \(level)/\(index) inside")
        }
    }

    /// Compares every entry and every tile with what the log says.
    static func expectWhole(_ log: SampleLog, _ store: any LogStore) throws {
        let (reader, size) = (store.reader, log.size)
        try expectEqual(
            try reader.leaves(0..<size), (0..<size).map(SampleLog.leaf), "the leaves")
        try expectEqual(
            try reader.leaves(size - 1..<size + 300), [SampleLog.leaf(size - 1)],
            "the leaves across the end")
        for index in 0..<size {
            try expectEqual(
                try reader.content(at: index), SampleLog.content(index), "content \(index)")
            try expectEqual(
                try reader.submission(at: index), SampleLog.submission(index),
                "submission \(index)")
        }
        for level in UInt8(0)..<2 {
            let count = (size >> (8 * UInt64(level))) / 256 + 2
            for index in 0..<count {
                try expectEqual(
                    try reader.hashTile(level: level, index: index),
                    SampleLog.hashTile(level: level, index: index, size: size),
                    "tile \(level)/\(index)")
            }
        }
    }
}
