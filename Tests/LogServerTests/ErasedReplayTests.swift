// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import HummingbirdTesting
import LogClient
import NIOCore
import Testing
import TransparencyLog

@testable import LogServer

@Suite("After an erasure")
struct ErasedReplayTests {
    @Test(
        "A key still answers, with the receipt and the word that the content is erased",
        arguments: [[], ["actor"]])
    func replay(fields: [String]) async throws {
        let fixture = try await ServerFixture()
        let first = try await fixture.submit(ServerFixture.record("a"), key: "k")
        #expect(first.status == .created)
        let receipt = try Receipt(parsing: Array(first.body.readableBytesView))
        let removal = Removal(index: receipt.index, names: fields)
        _ = try await fixture.log.erase(
            [removal],
            announcement: fixture.settings.governance(
                of: .erasureRequest(
                    erased: [removal.json], reason: "test", tenant: "acme", credential: "test")),
            records: fixture.settings.governance)
        let again = try await fixture.submit(ServerFixture.record("other"), key: "k")
        #expect(again.status == .ok)
        let second = try Receipt(parsing: Array(again.body.readableBytesView))
        #expect(second.isErased)
        #expect(second.leaf == receipt.leaf)
    }
}
