// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle
import Testing

@testable import TransparencyLog

/// A committed head is signed only as it was read back.
struct ReadBackTests {
    @Test(
        "A head that cannot be read back for a moment is waited for, and nobody notices",
        arguments: [StoreError.Code.inputOutput, .locked, .full])
    func moment(code: StoreError.Code) async throws {
        let fixture = try Fixture()
        let store = FaultyStore(try fixture.openStore())
        let log = try await fixture.open(store: store)
        store.heads.next(.fails(code), count: 3)
        let outcome = try await log.submit([fixture.submission("a")])[0]
        guard case .accepted(let record) = outcome else {
            Issue.record("not accepted")
            return
        }
        #expect(record.index == 1 && log.published.head.size == 2 && log.health.isReady)
        #expect(store.heads.reads == 4)
        _ = try await log.submit([fixture.submission("b")])
        #expect(log.published.head.size == 3)
        await log.shutDown()
    }

    /// The reads that are made before the log gives up.
    @Test(
        "A head that cannot be read back, or is another one, is never signed, and stops the log",
        arguments: [
            (HeadFaults.Fault.fails(.inputOutput), 51), (.fails(.corrupt), 1),
            (.fails(.closed), 1), (.missing, 1),
        ])
    func stops(fault: HeadFaults.Fault, reads: Int) async throws {
        let fixture = try Fixture()
        let store = FaultyStore(try fixture.openStore())
        let log = try await fixture.open(store: store)
        let before = log.published.head
        store.heads.next(fault)
        let error = await #expect(throws: LogError.self) {
            try await log.submit([fixture.submission("a")])
        }
        #expect(error?.code == .notPublished, "a retry after the restart settles it")
        #expect(store.heads.reads == reads)
        let after = await #expect(throws: LogError.self) {
            try await log.submit([fixture.submission("b")])
        }
        #expect(after?.code == .sequencingStopped)
        #expect(log.published.head == before && !log.health.isReady)
        await log.shutDown()

        let again = try await fixture.open()
        #expect(again.published.head.size == 2, "what was committed is published by recovery")
        let outcome = try await again.submit([fixture.submission("a")])[0]
        guard case .replayed(let record, false) = outcome else {
            Issue.record("the retry did not find its record")
            return
        }
        #expect(record.index == 1)
        await again.shutDown()
    }
}
