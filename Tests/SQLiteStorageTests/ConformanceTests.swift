// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
import Testing

@testable import SQLiteStorage

@Suite struct ConformanceTests {
    @Test("SQLite does what a store must", arguments: StoreConformance.checks)
    func conformance(_ check: StoreConformance) throws {
        let fixture = try StoreFixture()
        try check.run(StoreUnderTest(outlivesItsProcess: true) { try fixture.open() })
    }

    @Test("One read connection is enough for all of it", arguments: StoreConformance.checks)
    func oneReader(_ check: StoreConformance) throws {
        let fixture = try StoreFixture()
        var options = SQLiteOptions()
        options.readers = 1
        options.checkpointBytes = 1
        try check.run(
            StoreUnderTest(outlivesItsProcess: true) { [options] in try fixture.open(options) })
    }

    @Test("A store without its look-ups finds everything again")
    func rebuild() throws {
        let fixture = try StoreFixture()
        let log = try fixture.fill([700, 1, 300])
        try removeFiles(in: fixture.folder.lookups)
        let store = try fixture.open()
        defer { store.close() }
        for index in 0..<log.size {
            let entry = SampleLog.entry(index)
            #expect(try store.reader.index(ofLeafHash: entry.leafHash) == index)
            #expect(try store.reader.index(ofSubmissionKey: entry.submission.key) == index)
            #expect(
                try store.reader.indexes(
                    of: entry.lookups[0], in: 0..<log.size, descending: false, limit: 2) == [index]
            )
        }
    }

    @Test("It says that a commit is durable")
    func durability() throws {
        let fixture = try StoreFixture()
        let store = try fixture.open()
        defer { store.close() }
        #expect(store.durability == .durable)
        #expect(store.origin == StoreFixture.origin)
    }
}
