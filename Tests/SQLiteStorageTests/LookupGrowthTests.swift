// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogStorage
import LogTesting
import Testing

@testable import SQLiteStorage

@Suite(.serialized) struct LookupGrowthTests {
    @Test("300,000 records stay cheap in time, disk and memory", arguments: Keys.allCases)
    func growth(_ kind: Keys) throws {
        let folder = LookupTestFolder()
        let count = 300_000
        let index = try LookupIndex.open(directory: folder.path, committedSize: 0) { range in
            range.map { kind.keys(of: $0) }
        }
        var (appending, asking, wronglyFound) = (Duration.zero, Duration.zero, 0)
        let spent = Self.spent(CLOCK_PROCESS_CPUTIME_ID)
        var making = Duration.zero
        for first in stride(from: 0, to: UInt64(count), by: 1_000) {
            let (batch, cost) = Self.made { (first..<first + 1_000).map { kind.keys(of: $0) } }
            making += cost
            let absent = LookupKey(rawValue: 2 << 48 | first &* 0x9E37_79B9 & 0xFFFF_FFFF_FFFF)
            asking += try Self.processorTime {
                for number in 0..<UInt64(1_000) {
                    let key = LookupKey(rawValue: absent.rawValue ^ number << 20)
                    wronglyFound += try index.candidates(
                        key, in: 0..<first, descending: true, limit: 2
                    ).count
                }
            }
            appending += Self.processorTime { index.append(firstIndex: first, keys: batch) }
        }
        index.flush()
        let all = Self.spent(CLOCK_PROCESS_CPUTIME_ID) - spent - making - asking
        let lookups = try Self.time(count: 2_000, size: UInt64(count), kind, index)
        let status = index.status
        index.close()
        let diskBytes = Double(status.runByteCount) / Double(count)
        let memoryBytes = Double(status.memoryByteCount) / Double(count)
        print(
            """
            \(kind) of \(count) records: append \(appending / count), with what is behind it \
            \(all / count), absent submission key \(asking / count); \(status.runCount) runs, \
            \(diskBytes) bytes a record on disk, \(memoryBytes) in memory; \(lookups)
            """)
        #expect(wronglyFound == 0)
        #expect(diskBytes < 100)
        #expect(status.problemCount == 0)
        #expect(status.size == UInt64(count))
    }

    /// What a record has keys of.
    enum Keys: String, CaseIterable {
        /// Leaf hash, submission key, id.
        case unique
        /// What audit records are filtered by.
        case filters
        case all

        func keys(of index: UInt64) -> [LookupKey] {
            switch self {
            case .unique: uniqueKeys(of: index)
            case .filters: filterKeys(of: index)
            case .all: uniqueKeys(of: index) + filterKeys(of: index)
            }
        }

        private func uniqueKeys(of index: UInt64) -> [LookupKey] {
            var random = SeededGenerator(seed: index)
            return [.leafHash, .submissionKey, .recordID].map { key($0, random.next()) }
        }

        private func filterKeys(of index: UInt64) -> [LookupKey] {
            var random = SeededGenerator(seed: ~index)
            var keys: [LookupKey] = []
            // How many values there are, and how many records in 100 bear one.
            for (field, values, share) in [
                (.actor, 5_000, 100), (.tenant, 20, 100), (.type, 50, 100), (.typePrefix, 12, 100),
                (.category, 8, 100), (.action, 30, 100), (.outcome, 4, 90), (.reason, 20, 10),
                (.actorType, 4, 100), (.agent, 40, 80), (.model, 8, 30), (.tool, 60, 60),
                (.approvalStatus, 4, 5), (.rule, 50, 10), (.target, 100_000, 50),
                (.targetType, 8, 50), (.sourceIP, 500, 60), (.parentID, 1 << 60, 50),
                (.dataClass, 5, 20), (.producer, 12, 100), (.severity, 5, 100),
            ] as [(LookupField, UInt64, UInt64)] where random.next() % 100 < share {
                keys.append(key(field, (random.next() % values) &* 0x9E37_79B9_7F4A_7C15))
            }
            // One session of 40 records, a run of 20, a trace of 8: several go on at a time.
            for (field, length) in [
                (.sessionID, 40), (.runID, 20), (.traceID, 8),
            ] as [(LookupField, UInt64)] {
                let group = index / (length * 50) * 50 + random.next() % 50
                keys.append(key(field, (group + 1) &* 0x9E37_79B9_7F4A_7C15))
            }
            keys.append(LookupKey(.time, milliseconds: Int64(index * 3 + random.next() % 500)))
            keys.append(LookupKey(.received, milliseconds: Int64(index * 3)))
            return keys
        }

        private func key(_ field: LookupField, _ value: UInt64) -> LookupKey {
            LookupKey(rawValue: UInt64(field.rawValue) << 48 | value >> 16)
        }
    }

    private static func made(_ body: () -> [[LookupKey]]) -> ([[LookupKey]], Duration) {
        var made: [[LookupKey]] = []
        let cost = processorTime { made = body() }
        return (made, cost)
    }

    private static func spent(_ clock: clockid_t) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// What this thread spent, so that a busy machine changes little.
    private static func processorTime<Failure: Error>(
        _ body: () throws(Failure) -> Void
    ) throws(Failure) -> Duration {
        let start = spent(CLOCK_THREAD_CPUTIME_ID)
        try body()
        return spent(CLOCK_THREAD_CPUTIME_ID) - start
    }

    private static func time(
        count: Int, size: UInt64, _ kind: Keys, _ index: LookupIndex
    ) throws -> String {
        let clock = ContinuousClock()
        var (unique, pages): ([Duration], [Duration]) = ([], [])
        var random = SeededGenerator(seed: 1)
        for _ in 0..<count {
            let place = random.next() % size
            let keys = kind.keys(of: place)
            var found: [UInt64] = []
            unique.append(
                try clock.measure {
                    found = try index.candidates(
                        keys[0], in: 0..<size, descending: true, limit: 2)
                })
            #expect(kind == .filters || found == [place])
            guard let actor = keys.first(where: { $0.field == .actor }) else { continue }
            pages.append(
                try clock.measure {
                    found = try index.candidates(
                        actor, in: 0..<size, descending: true, limit: 50)
                })
            #expect(found.count > 1)
        }
        unique.sort()
        pages.sort()
        func quantiles(_ times: [Duration]) -> String {
            guard !times.isEmpty else { return "none" }
            return "p50 \(times[times.count / 2]) p99 \(times[times.count * 99 / 100])"
        }
        return "first key \(quantiles(unique)), 50 of an actor \(quantiles(pages))"
    }
}
