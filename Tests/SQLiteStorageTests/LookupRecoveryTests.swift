// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import LogTesting
import StorageTesting
import Synchronization
import Testing

@testable import SQLiteStorage

@Suite struct LookupRecoveryTests {
    private let folder = LookupTestFolder()
    private let records = LookupRecords()

    /// A closed index of `count` records.
    private func fill(_ count: Int, seed: UInt64 = 1) throws {
        var source = LookupKeySource(seed: seed)
        records.add(source.records(count))
        try openLookups(folder, records).close()
    }

    @Test("A run cut at any length is dropped and rebuilt")
    func truncated() throws {
        try fill(40)
        let name = try #require(folder.runNames.first)
        let whole = try folder.bytes(name)
        let lengths = Array(0..<200) + [4095, 4096, 4097, whole.count - 25, whole.count - 1]
        for length in lengths where length < whole.count {
            try folder.overwrite(name, with: Array(whole[..<length]))
            let index = try openLookups(folder, records)
            #expect(index.status.problemCount == 1, "cut to \(length)")
            #expect(index.status.rebuiltRecordCount > 0, "cut to \(length)")
            try expectComplete(index, records, "cut to \(length)")
            index.close()
        }
    }

    @Test("A run made of other fields than this program's is rebuilt")
    func otherFields() throws {
        try fill(40)
        let name = try #require(folder.runNames.first)
        var bytes = try folder.bytes(name)
        // The trailer ends with the version and the digest of all behind the blocks.
        let version = bytes.count - 40
        #expect(bytes[version] == UInt8(LookupField.version))
        bytes[version] -= 1
        let blocks = bytes.count / LookupBlock.byteCount
        let digest = SHA256.hash(bytes[blocks * LookupBlock.byteCount..<bytes.count - 32])
        try folder.overwrite(name, with: bytes.dropLast(32) + digest.bytes)
        let index = try openLookups(folder, records)
        #expect(index.status.problemCount == 1 && index.status.rebuiltRecordCount > 0)
        try expectComplete(index, records)
        index.close()
        try expectReopensClean()
    }

    @Test("Any changed byte of a run is noticed, and the run rebuilt")
    func changedByte() throws {
        try fill(16)
        let name = try #require(folder.runNames.first)
        let whole = try folder.bytes(name)
        let key = records.allKeys[0]
        for place in whole.indices where place < 900 || place > 4000 || place % 50 == 0 {
            var changed = whole
            changed[place] &+= 1
            try folder.overwrite(name, with: changed)
            let index = try openLookups(folder, records)
            let found = try index.candidates(key, in: 0..<16, descending: true, limit: 99)
            #expect(found == records.answer(key, in: 0..<16, descending: true, limit: 99))
            #expect(index.status.problemCount == 1, "byte \(place)")
            #expect(index.status.rebuiltRecordCount == 16, "byte \(place)")
            index.close()
            #expect(try folder.bytes(name) == whole, "byte \(place)")
        }
    }

    @Test("Damage to an open run is met by a query or a merge, and repaired")
    func damageWhileOpen() throws {
        try fill(2 * 48)
        let index = try openLookups(folder, records)
        for name in folder.runNames {
            var bytes = try folder.bytes(name)
            bytes[100] ^= 1
            try folder.overwrite(name, with: bytes)
        }
        try expectComplete(index, records)
        #expect(index.status.problemCount == 2)
        for name in folder.runNames {
            var bytes = try folder.bytes(name)
            bytes[100] ^= 1
            try folder.overwrite(name, with: bytes)
        }
        var source = LookupKeySource(seed: 2)
        for _ in 0..<30 {
            let batch = source.records(16)
            records.add(batch)
            index.append(firstIndex: records.size - 16, keys: batch)
        }
        index.flush()
        try expectComplete(index, records)
        #expect(index.status.problemCount > 2)
        index.close()
        try expectReopensClean()
    }

    @Test("While a damaged run's records cannot be read, queries of it fail, and only they")
    func unreadableRecords() throws {
        try fill(48)
        let index = try openLookups(folder, records)
        let name = try #require(folder.runNames.first)
        var bytes = try folder.bytes(name)
        bytes[100] ^= 1
        try folder.overwrite(name, with: bytes)
        records.isUnreadable.withLock { $0 = true }
        let key = records.allKeys[0]
        for _ in 0..<3 {
            #expect(throws: StoreError.self) {
                try index.candidates(key, in: 0..<48, descending: true, limit: 1)
            }
        }
        let absent = SampleLog.hasher.key(.submissionKey, "absent")
        #expect(try index.candidates(absent, in: 48..<99, descending: true, limit: 1) == [])
        records.isUnreadable.withLock { $0 = false }
        index.flush()
        try expectComplete(index, records)
        index.close()
    }

    @Test("Files that a kill leaves behind are removed, whatever they hold")
    func leftovers() throws {
        try fill(7 * 16)
        let runs = try folder.runNames.map { ($0, try folder.bytes($0)) }
        // Killed while writing: temporary files, empty or half written.
        try folder.overwrite("112-16.run.tmp", with: [])
        try folder.overwrite("0-112.run.tmp", with: Array(runs[0].1.prefix(5000)))
        try expectReopensClean()
        #expect(folder.names.allSatisfy { $0.hasSuffix(".run") })
        // Killed between the rename of a merged run and the removal of its sources.
        let sources = LookupTestFolder()
        let parts = try openLookups(
            sources, records, LookupSettings(recordsPerTail: 16, fanOut: 99))
        parts.close()
        for name in sources.runNames {
            try folder.overwrite(name, with: try sources.bytes(name))
        }
        try expectReopensClean()
        #expect(folder.runNames == runs.map(\.0))
    }

    @Test("A missing run is rebuilt, alone", arguments: 0..<7)
    func missing(place: Int) throws {
        var source = LookupKeySource(seed: 3)
        records.add(source.records(7 * 16))
        let settings = LookupSettings(recordsPerTail: 16, fanOut: 99)
        try openLookups(folder, records, settings).close()
        let name = folder.runNames[place]
        try folder.overwrite(name, with: [])
        let index = try openLookups(folder, records, settings)
        // The last tail is read back to memory, and nothing is rebuilt, if its run is gone.
        #expect(index.status.rebuiltRecordCount == 16)
        try expectComplete(index, records)
        index.close()
        try expectReopensClean(settings)
    }

    @Test("Runs beyond the committed records are dropped")
    func beyondCommitted() throws {
        try fill(100)
        let shorter = LookupRecords()
        shorter.add(try records.keys(0..<50))
        let index = try openLookups(folder, shorter)
        #expect(index.status.size == 50)
        #expect(index.status.problemCount > 0)
        try expectComplete(index, shorter)
        index.close()
    }

    @Test("Runs of another history of the same length are dropped")
    func otherHistory() throws {
        try fill(100)
        let other = LookupRecords()
        var source = LookupKeySource(seed: 99)
        other.add(source.records(100))
        let index = try openLookups(folder, other)
        #expect(index.status.problemCount > 0)
        try expectComplete(index, other)
        index.close()
    }

    @Test("A run under another's name is dropped")
    func renamed() throws {
        try fill(2 * 48)
        let bytes = try folder.runNames.map { try folder.bytes($0) }
        try folder.overwrite(folder.runNames[1], with: bytes[0])
        let index = try openLookups(folder, records)
        #expect(index.status.problemCount == 1)
        try expectComplete(index, records)
        index.close()
    }

    private func expectReopensClean(_ settings: LookupSettings = .tiny) throws {
        let index = try openLookups(folder, records, settings)
        #expect(index.status.problemCount == 0)
        #expect(index.status.rebuiltRecordCount == 0)
        try expectComplete(index, records)
        index.close()
    }
}
