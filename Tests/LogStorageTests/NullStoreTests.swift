// SPDX-License-Identifier: Apache-2.0

import LogStorage
import StorageTesting
import Testing

@Suite struct NullStoreTests {
    @Test("A store in memory does what a store must", arguments: StoreConformance.checks)
    func conformance(_ check: StoreConformance) throws {
        try check.run(StoreUnderTest(outlivesItsProcess: false) { NullStore() })
    }

    @Test("A store in memory says that it is not durable")
    func durability() {
        guard case .notDurable(let reason) = NullStore().durability else {
            Issue.record("it claims to be durable")
            return
        }
        #expect(!reason.isEmpty)
    }
}
