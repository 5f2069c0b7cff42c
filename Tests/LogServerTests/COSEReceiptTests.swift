// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import HummingbirdTesting
import LogClient
import LogCrypto
import Merkle
import NIOCore
import SignedNote
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Receipts in COSE")
struct COSEReceiptTests {
    private static func fixture(records: Int) async throws -> ServerFixture {
        let fixture = try await ServerFixture()
        let lines = (0..<records).map { ServerFixture.record("\($0)") }
        _ = try await fixture.submit(
            lines.joined(separator: "\n"), type: "application/x-ndjson")
        return fixture
    }

    @Test("A receipt is signed under the newest published head, for each record")
    func receipts() async throws {
        let fixture = try await Self.fixture(records: 6)
        let keys = fixture.log.keys
        let pinned = try PinnedLog(keys: [keys.signer.verifierKey])
        for index in 1...6 as ClosedRange<UInt64> {
            let answer = try await fixture.send(
                .get, "/v1/audit/\(index)/receipt?format=cose", as: .producer)
            #expect(answer.headers[.contentType] == "application/cose")
            #expect(answer.headers[.vary] == "Accept")
            #expect(answer.headers[.cacheControl] == "no-store")
            let receipt = try COSEReceipt(parsing: Array(answer.body.readableBytesView))
            let verified = try receipt.verify(by: pinned, key: keys.receiptSigner.key)
            #expect(verified.index == index && verified.head == fixture.log.published.head)
            let json = try await fixture.send(.get, "/v1/audit/\(index)/receipt", as: .producer)
            #expect(
                try Receipt(parsing: Array(json.body.readableBytesView)).leaf == verified.leaf)
        }
    }

    @Test(
        "The Accept field chooses, and format is stronger",
        arguments: [
            ("", "", "application/json"), ("*/*", "", "application/json"),
            ("application/cose", "", "application/cose"),
            ("application/cose; cose-type=\"cose-sign1\"", "", "application/cose"),
            ("application/json;q=0.5, application/cose", "", "application/cose"),
            ("application/scitt-receipt+cose", "", "application/scitt-receipt+cose"),
            ("APPLICATION/COSE", "", "application/cose"),
            ("text/html, */*;q=0.1", "", "application/json"),
            ("application/cose", "?format=json", "application/json"),
            ("text/html", "?format=cose", "application/cose"),
        ])
    func choice(accept: String, query: String, type: String) async throws {
        let fixture = try await Self.fixture(records: 1)
        let answer = try await fixture.send(
            .get, "/v1/audit/1/receipt\(query)", as: .reader,
            headers: accept.isEmpty ? [:] : [.accept: accept])
        #expect(answer.status == .ok)
        #expect(answer.headers[.contentType] == type)
    }

    @Test("No other form, and nobody else's record")
    func refused() async throws {
        let fixture = try await Self.fixture(records: 1)
        let html = try await fixture.send(
            .get, "/v1/audit/1/receipt", as: .reader, headers: [.accept: "text/html"])
        #expect(html.status == .notAcceptable)
        let form = try await fixture.send(.get, "/v1/audit/1/receipt?format=xml", as: .reader)
        #expect(form.status == .badRequest)
        for (asker, status) in [
            (ServerFixture.Asker.nobody, HTTPResponse.Status.unauthorized),
            (.foreignReader, .notFound), (.otherProducer, .notFound),
        ] {
            let answer = try await fixture.send(
                .get, "/v1/audit/1/receipt?format=cose", as: asker)
            #expect(answer.status == status)
        }
    }

    @Test("The key stands where SCITT's verifiers look for it")
    func keySet() async throws {
        let fixture = try await Self.fixture(records: 1)
        let answer = try await fixture.send(.get, "/.well-known/scitt-keys")
        #expect(answer.headers[.contentType] == "application/cbor")
        let key = fixture.log.keys.receiptSigner.key
        #expect(Array(answer.body.readableBytesView) == key.keySet)
    }
}
