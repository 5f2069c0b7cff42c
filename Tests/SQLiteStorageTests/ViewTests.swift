// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

@Suite struct ViewTests {
    @Test("A view beside a running store follows it, and takes nothing from it")
    func beside() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        var log = SampleLog()
        try store.commit(log.next(300))
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.reader.head() == log.head)
        try store.commit(log.next(300))
        #expect(try view.reader.head() == log.head)
        #expect(try view.integrityFindings().isEmpty)
        #expect(try view.reader.leaves(0..<600) == (0..<600).map(SampleLog.leaf))
    }

    @Test("A view of a store that nobody has open leaves no trace")
    func noTrace() throws {
        let fixture = try StoreFixture()
        let log = try fixture.fill([520])
        let before = try fixture.fileNames()
        let bytes = try Data(contentsOf: URL(filePath: fixture.folder.database))
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        #expect(try view.reader.head() == log.head)
        #expect(try fixture.fileNames() == before)
        view.close()
        #expect(try Data(contentsOf: URL(filePath: fixture.folder.database)) == bytes)
        #expect(!before.contains("log.sqlite-wal"))
    }

    @Test("A view of a closed store notices that a server has opened it")
    func disturbed() throws {
        let fixture = try StoreFixture()
        let log = try fixture.fill([5])
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(!view.isDisturbed)
        let store = try fixture.open()
        defer { store.close() }
        #expect(try store.reader.head() == log.head)
        #expect(view.isDisturbed)
    }

    @Test("What a killed server left in its log is seen, in place and in a copy")
    func killed() throws {
        let (fixture, copy) = (try StoreFixture(), try StoreFixture())
        let store = try fixture.open()
        var log = SampleLog()
        try store.commit(log.next(300))
        // A copy of both files, as a crash would leave them; the lock and index files are absent.
        try removeFiles(in: copy.path)
        for name in ["log.sqlite", "log.sqlite-wal"] {
            try FileManager.default.copyItem(
                atPath: "\(fixture.path)/\(name)", toPath: "\(copy.path)/\(name)")
        }
        store.close()
        let view = try SQLiteStore.openReadOnly(directory: copy.path)
        #expect(try view.reader.head() == log.head)
        view.close()
        let again = try copy.open()
        defer { again.close() }
        #expect(try again.reader.head() == log.head)
        try again.commit(log.next(300))
        for index in 0..<log.size {
            #expect(
                try again.reader.index(ofLeafHash: SampleLog.leaf(index).hash) == index)
        }
    }

    @Test("Look-ups in a view read the log, and say what they cannot know")
    func lookups() throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        let plain = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { plain.close() }
        #expect(try plain.reader.index(ofLeafHash: SampleLog.leaf(300).hash) == 300)
        #expect(try plain.reader.index(ofSubmissionKey: SampleLog.submission(519).key) == 519)
        let key = SampleLog.lookups(7)[0]
        #expect(
            storeErrorCode {
                _ = try plain.reader.indexes(of: key, in: 0..<520, descending: false, limit: 1)
            } == .settings)
        let full = try SQLiteStore.openReadOnly(
            directory: fixture.path, lookupKeys: SampleLog.recordKeys)
        defer { full.close() }
        #expect(
            try full.reader.indexes(of: key, in: 0..<520, descending: true, limit: 9) == [7])
    }

    @Test("Extents, tiles and raw rows tell what the tables hold")
    func extents() throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(
            try view.extents() == [
                StoredExtent(table: "content", rowCount: 520, keys: 0...519),
                StoredExtent(table: "open_entry", rowCount: 8, keys: 512...519),
                StoredExtent(table: "segment", rowCount: 2, keys: 0...1),
                StoredExtent(table: "credential", rowCount: 3, keys: 1...3),
            ])
        #expect(try view.tiles().map(\.level) == [1])
        #expect(try view.openEntries().map(\.index) == Array(512...519))
        let segment = try #require(try view.segment(1))
        #expect(segment.hashes == SampleLog.hashTile(level: 0, index: 1, size: 520))
        #expect(try view.segment(2) == nil)
    }

    @Test("An unusual folder name is no obstacle")
    func folderName() throws {
        let fixture = try StoreFixture()
        let path = fixture.path + "/a b%3f?c#ü"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true)
        try SQLiteStore.create(directory: path, origin: StoreFixture.origin)
        let view = try SQLiteStore.openReadOnly(directory: path)
        defer { view.close() }
        #expect(try view.reader.head() == nil)
    }
}
