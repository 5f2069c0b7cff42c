// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Merkle
import StorageTesting
import Testing

@testable import SQLiteStorage

/// Copies of a store, made beside its writer, of the head that it had some commits ago.
@Suite struct CopyTests {
    private func empty() throws -> StoreFixture {
        let fixture = try StoreFixture()
        for name in try fixture.fileNames() {
            try FileManager.default.removeItem(atPath: "\(fixture.path)/\(name)")
        }
        return fixture
    }

    private func compare(_ reader: any LogReader, with log: SampleLog) throws {
        #expect(try reader.head()?.treeHead == log.head?.treeHead)
        #expect(try reader.head()?.lastMAC == log.head?.lastMAC)
        #expect(try reader.leaves(0..<log.size) == (0..<log.size).map(SampleLog.leaf))
        for level in UInt8(0)..<2 {
            for index in 0...log.size >> (8 * (UInt64(level) + 1)) {
                let width = Tile.width(of: level, index: index, treeSize: log.size)
                #expect(
                    try reader.hashTile(level: level, index: index)
                        .map { Array($0.prefix(width * 32)) }
                        ?? [] == SampleLog.hashTile(level: level, index: index, size: log.size)
                        ?? [])
            }
        }
        for index in stride(from: 0, to: log.size, by: 37) {
            #expect(try reader.content(at: index) == SampleLog.content(index))
            #expect(try reader.submission(at: index) == SampleLog.submission(index))
        }
    }

    @Test(
        "A copy is the store as it was, and goes on from there",
        arguments: [(1, 1), (255, 0), (255, 600), (256, 1), (257, 3_000), (5_000, 4_097)])
    func whole(size: Int, later: Int) throws {
        let (fixture, target) = (try StoreFixture(), try empty())
        let store = try fixture.open()
        defer { store.close() }
        var log = SampleLog()
        try store.transaction { transaction in
            for name in ["a", "b", "c"] {
                _ = try transaction.number(of: StoredCredential(tenant: "t", name: name))
            }
            try transaction.append(log.next(size))
        }
        var all = log
        if later > 0 { try store.commit(all.next(later)) }
        let head = try #require(log.head).treeHead
        var steps: [UInt64] = []
        try store.copy(head, to: target.path) { steps.append($0) }
        #expect(steps.last == UInt64(size) && steps == steps.sorted())
        #expect(try target.fileNames() == ["log.sqlite"])
        let view = try SQLiteStore.openReadOnly(directory: target.path)
        try compare(view.reader, with: log)
        #expect(try view.integrityFindings().isEmpty)
        view.close()
        let copy = try target.open()
        defer { copy.close() }
        #expect(try copy.reader.index(ofLeafHash: SampleLog.leaf(0).hash) == 0)
        // Commits are counted on from the newest one, which a sample log knows of its own alone.
        guard later == 0 else { return }
        try copy.commit(log.next(300))
        try compare(copy.reader, with: log)
    }

    @Test("What was erased before is erased in the copy, with who announced it")
    func erased() throws {
        let (fixture, target) = (try StoreFixture(), try empty())
        var log = SampleLog()
        let store = try fixture.open()
        defer { store.close() }
        try store.commit(log.next(700))
        try store.transaction { transaction in
            try transaction.remove(10..<400, by: 690)
            let left = try SampleLog.content(500).erasing(["labels"], by: 691)
            try transaction.reduce(500, to: left.fields(), by: 691)
        }
        try store.copy(try #require(log.head).treeHead, to: target.path) { _ in }
        let copy = try target.open()
        defer { copy.close() }
        #expect(try copy.reader.removal(at: 10) == 690 && copy.reader.removal(at: 399) == 690)
        #expect(try copy.reader.content(at: 399) == nil)
        #expect(try copy.reader.content(at: 500)?.erased.map(\.by) == [691])
        #expect(try copy.reader.content(at: 400) == SampleLog.content(400))
        try copy.commit(log.next(5))
    }

    @Test("Commits go on while it is made, and the log of writes does not grow for it")
    func beside() throws {
        let (fixture, target) = (try StoreFixture(), try empty())
        var options = SQLiteOptions()
        options.checkpointBytes = 1 << 20
        let store = try fixture.open(options)
        defer { store.close() }
        var log = SampleLog()
        try store.commit(log.next(20_000))
        var all = log
        try store.copy(try #require(log.head).treeHead, to: target.path) { _ in
            for _ in 0..<4 { try store.commit(all.next(500)) }
        }
        #expect(all.size == 30_000)
        // Four times what a checkpoint is made for; held back it would be ten times as much.
        #expect(fixture.byteCount(fixture.folder.log) < 8 << 20)
        let view = try SQLiteStore.openReadOnly(directory: target.path)
        defer { view.close() }
        try compare(view.reader, with: log)
    }

    @Test("A head that the store never had is refused, and a store is never replaced")
    func refused() throws {
        let (fixture, target) = (try StoreFixture(), try empty())
        var log = SampleLog()
        let store = try fixture.open()
        defer { store.close() }
        try store.commit(log.next(300))
        let head = try #require(log.head).treeHead
        let other = TreeHead(size: 300, root: SHA256.hash([1]))
        #expect(storeErrorCode { try store.copy(other, to: target.path) { _ in } } == .corrupt)
        #expect(storeErrorCode { try store.copy(head, to: target.path) { _ in } } == .mismatch)
        #expect(storeErrorCode { try store.copy(head, to: fixture.path) { _ in } } == .mismatch)
        #expect(try store.reader.head()?.treeHead == head)
    }

    @Test("What the progress throws ends it")
    func cancelled() throws {
        let (fixture, target) = (try StoreFixture(), try empty())
        var log = SampleLog()
        let store = try fixture.open()
        defer { store.close() }
        try store.commit(log.next(9_000))
        let head = try #require(log.head).treeHead
        #expect(throws: CancellationError.self) {
            try store.copy(head, to: target.path) { _ in throw CancellationError() }
        }
        // Half a copy has no rules yet, and is refused as a store.
        #expect(
            storeErrorCode {
                _ = try SQLiteStore.openReadOnly(directory: target.path)
            } == .mismatch)
    }
}
