// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogStorage
import Merkle
import Synchronization

extension StoreConformance {
    static let concurrencyChecks = [
        StoreConformance("Readers see a prefix at each moment, and never hold the writer up") {
            store in
            try store.use { store in
                let watchers = Watchers()
                for seed in UInt64(1)...3 {
                    startThread("test") {
                        do {
                            try watch(store.reader, seed, watchers)
                        } catch {
                            watchers.failure.withLock { $0 = $0 ?? "\(error)" }
                        }
                        watchers.running.subtract(1, ordering: .sequentiallyConsistent)
                    }
                }
                let slowest = try commitBatches(store)
                watchers.isDone.store(true, ordering: .sequentiallyConsistent)
                while watchers.running.load(ordering: .sequentiallyConsistent) > 0 {
                    usleep(1000)
                }
                if let text = watchers.failure.withLock({ $0 }) {
                    throw ConformanceFailure(description: text)
                }
                let reads = watchers.reads.load(ordering: .relaxed)
                try expect(reads > 0, "no reader came to its turn")
                try expect(slowest < 20, "a commit took \(slowest) s beside readers")
            }
        }
    ]

    private final class Watchers: Sendable {
        let failure = Mutex<String?>(nil)
        let isDone = Atomic(false)
        let running = Atomic(3)
        let reads = Atomic(0)
    }

    /// Commits 60 batches of mixed sizes.
    ///
    /// Returns the seconds that the slowest took.
    private static func commitBatches(_ store: any LogStore) throws -> Double {
        var log = SampleLog()
        var slowest = 0.0
        for count in 1...60 {
            let batch = log.next(1 + count * 37 % 300)
            let start = ContinuousClock.now
            try store.commit(batch)
            let took = (ContinuousClock.now - start) / Duration.seconds(1)
            slowest = max(slowest, took)
        }
        return slowest
    }

    /// Reads at random, and checks each answer against the newest head seen before it.
    private static func watch(
        _ reader: any LogReader, _ seed: UInt64, _ watchers: Watchers
    ) throws {
        var (state, newest) = (seed, UInt64(0))
        while !watchers.isDone.load(ordering: .relaxed) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            guard let size = try reader.head()?.treeHead.size else { continue }
            try expect(size >= newest, "the head went back from \(newest) to \(size)")
            newest = size
            let index = (state >> 20) % size
            try expectEqual(
                try reader.content(at: index), SampleLog.content(index), "content \(index)")
            let range = index..<min(index + 300, size)
            try expectEqual(
                try reader.leaves(range), range.map(SampleLog.leaf), "leaves \(range)")
            let tile = try reader.hashTile(level: 0, index: (size - 1) / 256) ?? []
            let want = SampleLog.hashTile(level: 0, index: (size - 1) / 256, size: size) ?? []
            try expect(tile.starts(with: want), "the tile at the end of \(size) is too narrow")
            try expectEqual(
                try reader.index(ofLeafHash: SampleLog.leaf(size - 1).hash), size - 1,
                "the look-up of the newest entry")
            try expectEqual(
                try reader.index(ofSubmissionKey: SampleLog.submission(index).key), index,
                "the look-up of \(index)")
            let type = SampleLog.lookups(size - 1)[0]
            try expectEqual(
                try reader.indexes(of: type, in: 0..<size, descending: true, limit: 1),
                [size - 1], "the look-up by id of the newest entry")
            watchers.reads.add(1, ordering: .relaxed)
        }
    }
}
