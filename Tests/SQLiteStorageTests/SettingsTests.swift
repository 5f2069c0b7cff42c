// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

@Suite struct SettingsTests {
    @Test(
        "Each setting of the writer and of a reader is what durability needs",
        arguments: [
            ("journal_mode", "wal", "wal"), ("synchronous", "2", "2"), ("mmap_size", "0", "0"),
            ("trusted_schema", "0", "0"), ("cell_size_check", "1", "1"), ("foreign_keys", "1", "1"),
            ("wal_autocheckpoint", "0", "0"), ("busy_timeout", "5000", "5000"),
            ("query_only", "0", "1"), ("page_size", "16384", "16384"), ("auto_vacuum", "0", "0"),
        ])
    func readBack(_ name: String, _ writing: String, _ reading: String) throws {
        let fixture = try StoreFixture()
        let writer = try Connection(path: fixture.folder.database, .write)
        try ConnectionSettings.writer.apply(to: writer)
        let reader = try Connection(path: fixture.folder.database, .read)
        try ConnectionSettings.reader.apply(to: reader)
        for (connection, want) in [(writer, writing), (reader, reading)] {
            let got = try connection.rows("PRAGMA \(name)") { (row) throws(StoreError) in
                row.text(0)
            }
            #expect(got == [want])
            connection.close()
        }
    }

    @Test("A setting that does not stay set is refused by name")
    func refusedSetting() throws {
        let fixture = try StoreFixture()
        let connection = try fixture.foreignConnection()
        defer { connection.close() }
        for pragma in [("synchronous", "7"), ("no_such_pragma", "1")] {
            let settings = ConnectionSettings(pragmas: [pragma], options: [])
            let error = storeError { try settings.apply(to: connection) }
            #expect(error?.code == .settings)
            #expect(error?.message.contains(pragma.0) == true)
        }
    }

    @Test("A reader cannot write, and does not checkpoint when it is the last to close")
    func readerNeverWrites() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        var log = SampleLog()
        try store.commit(log.next(5))
        let reader = try Connection(path: fixture.folder.database, .read)
        try ConnectionSettings.reader.apply(to: reader)
        #expect(throws: StoreError.self) { try reader.execute("DELETE FROM open_entry") }
        #expect(throws: StoreError.self) { _ = try reader.checkpoint(truncating: false) }
        #expect(reader.option(1006) == true, "NO_CKPT_ON_CLOSE")
        reader.close()
        store.close()
    }

    @Test(
        "The WAL-reset defect is known by version",
        arguments: [
            (3_040_001, true, "3.40.1"), (3_051_002, true, "3.51.2"), (3_051_003, false, "3.51.3"),
            (3_052_000, false, "3.52.0"),
        ])
    func version(_ number: Int, _ isDefective: Bool, _ text: String) {
        let version = SQLiteVersion(number: number)
        #expect(version.hasWALResetDefect == isDefective)
        #expect(version.description == text)
        #expect(SQLiteVersion.current >= SQLiteVersion.minimum)
    }

    @Test("A second opening is refused, and the lock outlives no store")
    func twoOpenings() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        #expect(storeErrorCode { _ = try fixture.open() } == .locked)
        store.close()
        try fixture.open().close()
        #expect(try fixture.fileNames().contains("log.sqlite.lock"))
    }

    @Test("A store of another log, of none, or made twice is refused")
    func mismatch() throws {
        let fixture = try StoreFixture()
        #expect(
            storeErrorCode {
                _ = try SQLiteStore.open(
                    directory: fixture.path, origin: "log.example.com/other",
                    lookupKeys: SampleLog.recordKeys)
            } == .mismatch)
        #expect(
            storeErrorCode {
                try SQLiteStore.create(directory: fixture.path, origin: StoreFixture.origin)
            } == .mismatch)
        #expect(
            storeErrorCode {
                _ = try SQLiteStore.open(
                    directory: fixture.path + "/none", lookupKeys: SampleLog.recordKeys)
            } == .mismatch)
    }

    @Test("An origin with quotes in it is kept as it is")
    func originText() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "evident-origin-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try SQLiteStore.create(directory: path, origin: #"a'b"c"#)
        let view = try SQLiteStore.openReadOnly(directory: path)
        defer { view.close() }
        #expect(view.origin == #"a'b"c"#)
    }

    @Test(
        "A database with a table, a rule or a view more, or a rule less, is refused",
        arguments: [
            "CREATE TRIGGER own AFTER INSERT ON content BEGIN SELECT 1; END",
            "CREATE VIEW own AS SELECT 1",
            "CREATE TABLE own (a)",
            "CREATE INDEX own ON content (form)",
            "DROP TRIGGER content_update",
            "PRAGMA user_version = 1",
            "PRAGMA application_id = 0",
        ])
    func foreignSchema(_ statement: String) throws {
        let fixture = try StoreFixture()
        let foreign = try fixture.foreignConnection()
        try foreign.execute(statement)
        foreign.close()
        #expect(storeErrorCode { _ = try fixture.open() } == .mismatch)
        #expect(
            storeErrorCode { _ = try SQLiteStore.openReadOnly(directory: fixture.path) }
                == .mismatch)
    }

    @Test("A making that was cut short is made whole by the next one")
    func interruptedMaking() throws {
        let path = FileManager.default.temporaryDirectory
            .appending(path: "evident-cut-\(UUID().uuidString)").path(percentEncoded: false)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try StoreFolder(path: path).makeDatabaseFile()
        #expect(
            storeErrorCode {
                _ = try SQLiteStore.open(directory: path, lookupKeys: SampleLog.recordKeys)
            } == .mismatch)
        try SQLiteStore.create(directory: path, origin: StoreFixture.origin)
        try SQLiteStore.open(directory: path, lookupKeys: SampleLog.recordKeys).close()
    }
}
