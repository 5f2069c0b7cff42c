// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

@Suite struct FaultTests {
    @Test("A full database is said to be full, nothing is kept, and it goes on with room")
    func full() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        var log = SampleLog()
        try store.commit(log.next(300))
        let kept = log
        try setPageLimit("(SELECT 5 + page_count FROM pragma_page_count)", in: store)
        let lost = log.next(1000)
        #expect(storeErrorCode { try store.commit(lost) } == .full)
        #expect(try store.reader.head() == kept.head)
        log = kept
        try setPageLimit("1000000", in: store)
        try store.commit(log.next(1000))
        #expect(try store.reader.leaves(0..<1300) == (0..<1300).map(SampleLog.leaf))
    }

    private func setPageLimit(_ limit: String, in store: SQLiteStore) throws {
        try store.transaction { transaction in
            let connection = try #require(transaction as? SQLiteTransaction).connection
            let number =
                limit.hasPrefix("(")
                ? try connection.rows("SELECT \(limit)") { (row) throws(StoreError) in
                    row.integer(0)
                }[0] : Int64(limit) ?? 0
            try connection.execute("PRAGMA max_page_count = \(number)")
        }
    }

    @Test("A COMMIT that fails has an unknown outcome, and nothing is written after it")
    func failedCommit() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        var log = SampleLog()
        try store.commit(log.next(10))
        let kept = log.head
        let error = storeError {
            try store.transaction { transaction in
                try transaction.append(log.next(300))
                try breakCommit(of: transaction)
            }
        }
        #expect(error?.code == .outcomeUnknown)
        #expect(storeErrorCode { try store.transaction { _ in } } == .outcomeUnknown)
        #expect(try store.reader.head() == kept, "this one did not happen")
        #expect(try store.reader.index(ofLeafHash: SampleLog.leaf(9).hash) == 9)
        #expect(try store.reader.index(ofLeafHash: SampleLog.leaf(10).hash) == nil)
        store.close()
        let again = try fixture.open()
        defer { again.close() }
        #expect(try again.reader.head() == kept)
        var fresh = SampleLog(batches: [10])
        try again.commit(fresh.next(300))
    }

    /// Leaves a deferred foreign key broken: SQLite refuses it at COMMIT and not before.
    private func breakCommit(of transaction: any LogTransaction) throws {
        let connection = try #require(transaction as? SQLiteTransaction).connection
        try connection.execute("CREATE TEMP TABLE parent (a INTEGER PRIMARY KEY)")
        try connection.execute(
            "CREATE TEMP TABLE child (a REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
        try connection.execute("INSERT INTO child VALUES (1)")
    }

    @Test("A transaction that SQLite itself gave up is not committed")
    func givenUp() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        var log = SampleLog()
        let batch = log.next(10)
        #expect(
            storeErrorCode {
                try store.transaction { transaction in
                    try transaction.append(batch)
                    try #require(transaction as? SQLiteTransaction).connection
                        .execute("ROLLBACK")
                }
            } == .inputOutput)
        #expect(try store.reader.head() == nil)
        try store.commit(batch)
        #expect(try store.reader.head() == log.head)
    }

    @Test("A time that does not fit is refused, not cut")
    func time() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        var log = SampleLog()
        let (batch, entry) = (log.next(1), SampleLog.entry(0))
        let late = Leaf(timestampMS: 1 << 48, commitment: .zero, mac: .zero)
        let entries = [
            SequencedEntry(
                leaf: late, leafHash: entry.leafHash, submission: entry.submission,
                content: entry.content, lookups: [])
        ]
        let wrong = SequencedBatch(
            firstIndex: 0, entries: entries, growth: batch.growth, head: batch.head)
        #expect(storeErrorCode { try store.commit(wrong) } == .constraint)
        try store.commit(batch)
    }

    @Test("Another writer's lock is reported, and no transaction begins")
    func foreignLock() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        let foreign = try fixture.foreignConnection()
        try foreign.beginWriting()
        #expect(storeErrorCode { try store.transaction { _ in } } == .locked)
        try foreign.rollback()
        foreign.close()
        var log = SampleLog()
        try store.commit(log.next(1))
    }

    @Test("The log file stays small, and is empty after the close")
    func checkpoints() throws {
        let fixture = try StoreFixture()
        var options = SQLiteOptions()
        options.checkpointBytes = 256 << 10
        let store = try fixture.open(options)
        var log = SampleLog()
        for _ in 0..<40 { try store.commit(log.next(300)) }
        let size = fixture.byteCount(fixture.folder.log)
        #expect(size > 0)
        #expect(size < 4 << 20, "the write-ahead log has \(size) bytes")
        store.close()
        #expect(fixture.byteCount(fixture.folder.log) == 0)
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.reader.head() == log.head)
    }

    @Test("A reader that stays holds the log back, and the writer goes on all the same")
    func longReader() throws {
        let fixture = try StoreFixture()
        var options = SQLiteOptions()
        options.checkpointBytes = 64 << 10
        let store = try fixture.open(options)
        defer { store.close() }
        var log = SampleLog()
        try store.commit(log.next(300))
        let reader = try Connection(path: fixture.folder.database, .read)
        try ConnectionSettings.reader.apply(to: reader)
        try reader.snapshot { () throws(StoreError) in
            let tables = StoredTables(connection: reader)
            #expect(try tables.head()?.commit == 1)
            for _ in 0..<20 {
                let batch = log.next(100)
                #expect(throws: Never.self) { try store.commit(batch) }
            }
            #expect(try tables.head()?.commit == 1, "a snapshot moved")
        }
        reader.close()
        for _ in 0..<3 { try store.commit(log.next(1000)) }
        #expect(fixture.byteCount(fixture.folder.log) < 8 << 20)
        #expect(try store.reader.head() == log.head)
    }

    @Test("A database that was damaged as a file is reported as damaged")
    func damagedFile() throws {
        let fixture = try StoreFixture()
        try fixture.fill([2000])
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: fixture.folder.database)))
        let page = Int(Schema.pageSize)
        for place in stride(from: 3 * page, to: bytes.count, by: page) { bytes[place] = 0xFF }
        try Data(bytes).write(to: URL(filePath: fixture.folder.database))
        let error = storeError {
            let view = try SQLiteStore.openReadOnly(directory: fixture.path)
            defer { view.close() }
            #expect(try !view.integrityFindings().isEmpty)
            _ = try view.reader.leaves(0..<2000)
        }
        #expect(error?.code == .corrupt)
    }

    @Test("A file that is no database is refused")
    func noDatabase() throws {
        let fixture = try StoreFixture()
        try Data(repeating: 0x41, count: 20_000)
            .write(to: URL(filePath: fixture.folder.database))
        #expect(storeErrorCode { _ = try fixture.open() } == .corrupt)
    }
}

/// Removes every file of a folder.
func removeFiles(in folder: String) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
}
