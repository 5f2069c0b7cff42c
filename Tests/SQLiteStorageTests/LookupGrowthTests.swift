// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage
import LogTesting
import Testing

@testable import SQLiteStorage

@Suite(.serialized) struct LookupGrowthTests {
    @Test("300,000 records stay cheap in time, disk and memory")
    func growth() throws {
        let folder = LookupTestFolder()
        let count = 300_000
        let index = try LookupIndex.open(directory: folder.path, committedSize: 0) { range in
            range.map { Self.keys(of: $0) }
        }
        var (appending, asking, wronglyFound) = (Duration.zero, Duration.zero, 0)
        for first in stride(from: 0, to: UInt64(count), by: 1_000) {
            let batch = (first..<first + 1_000).map { Self.keys(of: $0) }
            asking += try Self.processorTime {
                for keys in batch {
                    wronglyFound += try index.candidates(
                        keys[1], in: 0..<first, descending: true, limit: 2
                    ).count
                }
            }
            appending += Self.processorTime { index.append(firstIndex: first, keys: batch) }
        }
        let settling = ContinuousClock().measure { index.flush() }
        let lookups = try Self.time(count: 2_000, size: UInt64(count), index)
        let status = index.status
        index.close()
        let diskBytes = Double(status.runByteCount) / Double(count)
        let memoryBytes = Double(status.memoryByteCount) / Double(count)
        print(
            """
            look-ups of \(count) records: append \(appending / count), absent submission key \
            \(asking / count), flush at the end \(settling); \(status.runCount) runs, \
            \(diskBytes) bytes a record on disk, \(memoryBytes) in memory; \(lookups)
            """)
        #expect(wronglyFound == 0)
        #expect(diskBytes < 60)
        #expect(status.problemCount == 0)
        #expect(status.size == UInt64(count))
    }

    /// What this thread spent, so that a busy machine changes little.
    private static func processorTime<Failure: Error>(
        _ body: () throws(Failure) -> Void
    ) throws(Failure) -> Duration {
        func now() -> Duration {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
        }
        let start = now()
        try body()
        return now() - start
    }

    private static func keys(of index: UInt64) -> [LookupKey] {
        var random = SeededGenerator(seed: index)
        func key(_ field: LookupField, _ value: UInt64) -> LookupKey {
            LookupKey(rawValue: UInt64(field.rawValue) << 48 | value >> 16)
        }
        func common(_ field: LookupField, _ value: UInt64) -> LookupKey {
            key(field, value &* 0x9E37_79B9_7F4A_7C15)
        }
        return [
            key(.leafHash, random.next()), key(.submissionKey, random.next()),
            key(.recordID, random.next()), common(.tenant, random.next() % 20),
            common(.type, random.next() % 50), common(.actor, random.next() % 5_000),
        ]
    }

    private static func time(count: Int, size: UInt64, _ index: LookupIndex) throws -> String {
        let clock = ContinuousClock()
        var (unique, pages): ([Duration], [Duration]) = ([], [])
        var random = SeededGenerator(seed: 1)
        for _ in 0..<count {
            let place = random.next() % size
            let keys = keys(of: place)
            var found: [UInt64] = []
            unique.append(
                try clock.measure {
                    found = try index.candidates(
                        keys[0], in: 0..<size, descending: true, limit: 2)
                })
            #expect(found == [place])
            pages.append(
                try clock.measure {
                    found = try index.candidates(
                        keys[5], in: 0..<size, descending: true, limit: 50)
                })
            #expect(found.count > 1)
        }
        unique.sort()
        pages.sort()
        return """
            leaf hash p50 \(unique[count / 2]) p99 \(unique[count * 99 / 100]), 50 of an actor \
            p50 \(pages[count / 2]) p99 \(pages[count * 99 / 100])
            """
    }
}
