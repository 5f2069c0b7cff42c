// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogStorage
import Merkle
import SQLiteStorage
import Synchronization
import Testing

@testable import TransparencyLog

@Suite("Copies of a log")
struct LogCopyTests {
    @Test("A copy ends with the published head; while it is made, nothing is erased")
    func copy() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open()
        _ = try await log.submit((0..<600).map { fixture.submission("k\($0)") })
        let target = fixture.folder.path + "/copy"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let (during, refused) = (Counter(), Counter())
        let copy = try await log.copy(to: target) { _, _ in
            let group = DispatchGroup()
            group.enter()
            Task {
                defer { group.leave() }
                do {
                    _ = try await log.erase(
                        [Removal(index: 3)], announcement: fixture.submission("request"),
                        records: TestRecords(keys: fixture.keys))
                } catch let error as LogError where error.code == .backupRunning {
                    refused.add()
                }
                _ = try await log.submit([fixture.submission("during")])
                during.add()
            }
            group.wait()
        }
        #expect(refused.count == 1 && during.count == 1)
        #expect(copy.head.size == 601 && log.published.head.size == 602)
        #expect(copy.note.contains("\n601\n"))
        #expect(copy.ledger.isEmpty)
        let view = try SQLiteStore.openReadOnly(directory: target)
        #expect(try view.reader.head()?.treeHead == copy.head)
        view.close()
        // Nothing was announced by the one that was refused.
        _ = try await log.erase(
            [Removal(index: 3)], announcement: fixture.submission("request"),
            records: TestRecords(keys: fixture.keys))
        #expect(try await log.content(at: 3) == nil)
        await log.shutDown()
    }

    @Test("A store without a folder has none")
    func none() async throws {
        let fixture = try Fixture()
        let log = try await fixture.open(store: NullStore())
        await #expect(throws: StoreError.self) {
            _ = try await log.copy(to: fixture.folder.path + "/copy") { _, _ in }
        }
        await log.shutDown()
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    func add() { value.withLock { $0 += 1 } }
    var count: Int { value.withLock { $0 } }
}
