// SPDX-License-Identifier: Apache-2.0

import LogStorage
import LogTesting
import StorageTesting
import Synchronization
import Testing

@testable import SQLiteStorage

@Suite struct LookupIndexTests {
    @Test("Random operations give what reading all records gives", arguments: 1...16)
    func randomOperations(seed: Int) throws {
        var source = LookupKeySource(seed: UInt64(seed))
        let (folder, records) = (LookupTestFolder(), LookupRecords())
        var index = try openLookups(folder, records)
        for step in 0..<120 {
            switch source.random.next() % 12 {
            case 0:
                index.flush()
            case 1:
                index.close()
                index = try openLookups(folder, records)
                #expect(index.status.problemCount == 0, "seed \(seed), step \(step)")
            case 2...6:
                let batch = source.records(Int(source.random.next() % 40))
                records.add(batch)
                index.append(firstIndex: records.size - UInt64(batch.count), keys: batch)
            default:
                for _ in 0..<10 {
                    try compare(index, records, &source, "seed \(seed), step \(step)")
                }
            }
        }
        index.close()
    }

    private func compare(
        _ index: LookupIndex, _ records: LookupRecords, _ source: inout LookupKeySource,
        _ place: String
    ) throws {
        let absent = source.unique(.submissionKey)
        let known = records.randomKey(using: &source.random) ?? absent
        let key = source.random.next() % 8 == 0 ? absent : known
        let size = records.size
        let low = source.random.next() % (size + 1)
        let range = low..<low + source.random.next() % (size + 20)
        let whole = source.random.next() % 3 == 0
        let limit = [0, 1, 2, 5, 50, 10_000].randomElement(using: &source.random) ?? 1
        let descending = source.random.next() % 2 == 0
        let wanted = whole ? 0..<size + 5 : range
        let found = try index.candidates(key, in: wanted, descending: descending, limit: limit)
        let want = records.answer(key, in: wanted, descending: descending, limit: limit)
        #expect(found == want, "\(place): \(key) in \(wanted), \(descending), \(limit)")
    }

    @Test("Readers meet no gap while runs are written and merged")
    func concurrentReaders() async throws {
        let (folder, records) = (LookupTestFolder(), LookupRecords())
        let index = try openLookups(folder, records)
        let tenant = SampleLog.hasher.key(.tenant, "t")
        await withTaskGroup(of: Void.self) { group in
            for reader in 0..<2 {
                group.addTask {
                    for _ in 0..<400 {
                        let size = index.status.size
                        let found = try? index.candidates(
                            tenant, in: 0..<size, descending: reader == 0, limit: .max)
                        #expect(found == (reader == 0 ? (0..<size).reversed() : Array(0..<size)))
                        await Task.yield()
                    }
                }
            }
            group.addTask {
                for _ in 0..<400 {
                    index.append(
                        firstIndex: index.status.size, keys: Array(repeating: [tenant], count: 7))
                    await Task.yield()
                }
            }
        }
        index.close()
    }

    @Test("A disk that refuses leaves the index complete, and it catches up later")
    func refusingDisk() throws {
        var source = LookupKeySource(seed: 7)
        let (folder, aside) = (LookupTestFolder(), LookupTestFolder())
        let records = LookupRecords()
        let index = try openLookups(folder, records)
        try folder.move(to: aside)
        for _ in 0..<30 {
            let batch = source.records(16)
            records.add(batch)
            index.append(firstIndex: records.size - 16, keys: batch)
        }
        index.flush()
        #expect(index.status.lastProblem != nil)
        #expect(index.status.unwrittenRecordCount == records.size)
        try expectComplete(index, records)
        try aside.move(to: folder)
        // An attempt that began before may still be refused.
        for _ in 0..<100 where index.status.unwrittenRecordCount > 0 { index.flush() }
        #expect(index.status.unwrittenRecordCount == 0)
        try expectComplete(index, records)
        index.close()
    }

    @Test("What was flushed at closing is not read again")
    func reopenReadsLittle() throws {
        var source = LookupKeySource(seed: 8)
        let (folder, records) = (LookupTestFolder(), LookupRecords())
        records.add(source.records(500))
        try openLookups(folder, records).close()
        records.readCount.withLock { $0 = 0 }
        let index = try openLookups(folder, records)
        #expect(index.status.unwrittenRecordCount == 0)
        // One record of each run is compared with the log.
        #expect(records.readCount.withLock { $0 } == index.status.runCount)
        index.close()
        #expect(throws: StoreError.self) {
            try index.candidates(records.allKeys[0], in: 0..<9, descending: false, limit: 1)
        }
    }

    @Test("A record without keys, and an empty log, are no special case")
    func emptyRecords() throws {
        let (folder, records) = (LookupTestFolder(), LookupRecords())
        try openLookups(folder, records).close()
        #expect(folder.names.isEmpty)
        records.add(Array(repeating: [], count: 40))
        try openLookups(folder, records).close()
        let index = try openLookups(folder, records)
        let key = SampleLog.hasher.key(.type, "absent")
        #expect(try index.candidates(key, in: 0..<40, descending: true, limit: 9) == [])
        #expect(index.status.problemCount == 0)
        index.close()
    }
}

/// Compares every key, both ways.
func expectComplete(
    _ index: LookupIndex, _ records: LookupRecords, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) throws {
    for key in records.allKeys {
        for descending in [false, true] {
            let all = 0..<records.size
            let found = try index.candidates(key, in: all, descending: descending, limit: .max)
            let want = records.answer(key, in: all, descending: descending, limit: .max)
            #expect(found == want, comment, sourceLocation: sourceLocation)
        }
    }
}
