// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogCrypto
import NIOCore
import Testing

@testable import LogServer

@Suite("Redaction previews")
struct RedactionRouteTests {
    private func preview(
        _ body: String, as asker: ServerFixture.Asker = .auditor, query: String = "",
        type: String = "application/json"
    ) async throws -> TestResponse {
        var policy = RedactionPolicy.standard
        policy.tenants = ["eu-1": TenantRedaction(packs: [.eu])]
        var settings = LogSettings()
        settings.redactor = try Redactor(policy, tokenKey: SHA256.hash([1]))
        return try await ServerFixture(settings: settings).send(
            .post, "/v1/redaction/preview\(query)", as: asker, headers: [.contentType: type],
            body: body)
    }

    private static let record =
        #"{"type":"a.b","actor":{"id":"dora@example.org","type":"human"},"details":{"x":"12345678Z"}}"#

    @Test("An auditor sees rules and places, and nothing of what was found")
    func finds() async throws {
        let response = try await preview(Self.record)
        #expect(response.status == .ok)
        #expect(!response.text.contains("dora"))
        #expect(
            response.text.hasPrefix(
                #"{"changed":true,"findings":[{"path":"actor.id","rule":"email","count":1}],"#
                    + #""policy":{"id":"standard","version":1,"digest":""#))
        let nothing = try await preview(#"{"a":1}"#)
        #expect(nothing.text.hasPrefix(#"{"changed":false,"findings":[],"#))
    }

    @Test("A tenant's additions apply where it is named")
    func tenants() async throws {
        let response = try await preview(Self.record, query: "?tenant=eu-1")
        #expect(response.text.contains(#"{"path":"details.x","rule":"es_nif","count":1}"#))
        let bad = try await preview(Self.record, query: "?tenant=_log")
        #expect(bad.status == .badRequest)
    }

    @Test("Only auditors may ask", arguments: ServerFixture.Asker.allCases)
    func roles(_ asker: ServerFixture.Asker) async throws {
        let response = try await preview(Self.record, as: asker)
        let wanted: HTTPResponse.Status =
            switch asker {
            case .auditor: .ok
            case .nobody, .stranger: .unauthorized
            default: .forbidden
            }
        #expect(response.status == wanted)
    }

    @Test("What is no record is refused without an echo")
    func refusals() async throws {
        let broken = try await preview(#"{"geheim":"#)
        #expect(broken.status == .badRequest || broken.status == .unprocessableContent)
        #expect(!broken.text.contains("geheim"))
        let text = try await preview(Self.record, type: "text/plain")
        #expect(text.status == .unsupportedMediaType)
        let large = try await preview(#"{"a":""# + String(repeating: "x", count: 70_000) + "\"}")
        #expect(large.status == .contentTooLarge)
    }
}
