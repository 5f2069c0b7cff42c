// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

/// One flipped bit of what no tree covers is found by the read itself; what a tree or commitment
/// covers is given back as it is, for whoever recomputes it.
@Suite struct DamageTests {
    @Test("A damaged submission of a sealed entry is named")
    func sealedSubmission() throws {
        try expectNamed(300, "segment", "submissions", at: (300 - 256) * 40, "number = 1") {
            _ = try $0.submission(at: 300)
        }
    }

    @Test("A damaged submission of an open entry is named", arguments: [0, 31, 33, 37])
    func openSubmission(_ byte: Int) throws {
        try expectNamed(515, "open_entry", "submission", at: byte, "idx = 515") {
            _ = try $0.submission(at: 515)
        }
    }

    @Test("A damaged form digest is named", arguments: [0, 31, 32, 35])
    func form(_ byte: Int) throws {
        try expectNamed(77, "content", "form", at: byte, "idx = 77") {
            _ = try $0.content(at: 77)
        }
    }

    @Test(
        "A damaged head is found",
        arguments: [
            "size = 519", "size = 521", "root = zeroblob(32)", "commit_number = 9",
            "last_leaf_ms = last_leaf_ms + 1", "last_mac = zeroblob(32)",
            "committed_at_ms = committed_at_ms + 1", "checksum = checksum + 1", "size = -1",
            "root = zeroblob(31)",
        ])
    func head(_ change: String) throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        try fixture.tamper("UPDATE head SET \(change)")
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(storeErrorCode { _ = try view.reader.head() } == .corrupt)
        #expect(storeErrorCode { _ = try fixture.open() } == .corrupt)
    }

    @Test("A damaged credential is found", arguments: ["name = 'z'", "tenant = 'u'"])
    func credential(_ change: String) throws {
        let fixture = try StoreFixture()
        try fixture.fill([5])
        try fixture.tamper("UPDATE credential SET \(change) WHERE number = 2")
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        #expect(try view.reader.credential(1) != nil)
        #expect(storeErrorCode { _ = try view.reader.credential(2) } == .corrupt)
    }

    @Test("A changed leaf, hash, seed, record or tile is given back as it is stored")
    func covered() throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        for (table, column, byte, row) in [
            ("segment", "leaves", (300 - 256) * 70 + 9, "number = 1"),
            ("segment", "hashes", 40, "number = 0"), ("open_entry", "leaf", 50, "idx = 517"),
            ("content", "seed", 31, "idx = 2"), ("content", "record", 20, "idx = 3"),
            ("tile", "hashes", 63, "level = 1"),
        ] { try damage(fixture, table, column, at: byte, row) }
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        let leaves = try view.reader.leaves(0..<520)
        let changed = (0..<520).filter { leaves[$0] != SampleLog.leaf(UInt64($0)) }
        #expect(changed == [300, 517])
        let tile = SampleLog.hashTile(level: 0, index: 0, size: 520)
        #expect(try view.segment(0)?.hashes != tile)
        #expect(try view.reader.hashTile(level: 0, index: 0) != tile)
        #expect(
            try view.reader.hashTile(level: 1, index: 0)
                != SampleLog.hashTile(level: 1, index: 0, size: 520))
        #expect(try view.reader.content(at: 2)?.seed != SampleLog.content(2).seed)
        #expect(try view.reader.content(at: 3)?.record != SampleLog.content(3).record)
        #expect(try view.integrityFindings().isEmpty)
    }

    @Test(
        "A missing entry is named",
        arguments: [
            ("DELETE FROM open_entry WHERE idx = 514", 514),
            ("DELETE FROM segment WHERE number = 1", 256),
            ("DELETE FROM segment WHERE number = 0", 0),
            ("UPDATE open_entry SET idx = 530 WHERE idx = 519", 519),
            ("UPDATE open_entry SET leaf = zeroblob(69) WHERE idx = 513", 513),
            ("UPDATE segment SET leaves = zeroblob(17919) WHERE number = 0", 255),
        ])
    func missing(_ change: String, _ index: UInt64) throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        try fixture.tamper(change)
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        let error = storeError { _ = try view.reader.leaves(0..<520) }
        #expect(error?.code == .corrupt)
        #expect(error?.firstBadIndex == index)
    }

    /// Flips a bit, and expects a read to name the index.
    private func expectNamed(
        _ index: UInt64, _ table: String, _ column: String, at byte: Int, _ row: String,
        _ read: (any LogReader) throws -> Void
    ) throws {
        let fixture = try StoreFixture()
        try fixture.fill([520])
        try damage(fixture, table, column, at: byte, row)
        let view = try SQLiteStore.openReadOnly(directory: fixture.path)
        defer { view.close() }
        let error = storeError { try read(view.reader) }
        #expect(error?.code == .corrupt)
        #expect(error?.firstBadIndex == index)
    }

    /// Flips the lowest bit of one byte of a stored blob.
    private func damage(
        _ fixture: StoreFixture, _ table: String, _ column: String, at byte: Int, _ row: String
    ) throws {
        let view = try fixture.foreignConnection()
        let blobs = try view.rows("SELECT \(column) FROM \(table) WHERE \(row)") {
            (row) throws(StoreError) in [UInt8](row.bytes(0))
        }
        view.close()
        var blob = try #require(blobs.first)
        blob[byte] ^= 1
        let hex = blob.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        try fixture.tamper("UPDATE \(table) SET \(column) = X'\(hex)' WHERE \(row)")
    }
}
