// SPDX-License-Identifier: Apache-2.0

import AuditChain
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Who may do what")
struct AccessTests {
    /// Written by hand: a route that is added must be added here too, with a decision.
    private static let expected: [String: Access] = [
        "GET /checkpoint": .anyone, "GET /tile/**": .anyone, "GET /v1/log": .anyone,
        "GET /v1/proof/inclusion": .anyone, "GET /v1/proof/consistency": .anyone,
        "GET /witnessed/checkpoint": .anyone, "GET /witnessed/tile/**": .anyone,
        "GET /v1/checkpoints": .anyone,
        "GET /ct/v1/get-sth": .anyone, "GET /ct/v1/get-sth-consistency": .anyone,
        "GET /ct/v1/get-proof-by-hash": .anyone, "GET /ct/v1/get-entries": .anyone,
        "GET /ct/v1/get-entry-and-proof": .anyone, "GET /ct/v1/get-roots": .anyone,
        "GET /.well-known/scitt-keys": .anyone,
        "GET /healthz": .anyone, "GET /readyz": .anyone, "GET /openapi.yaml": .anyone,
        "GET /v1/schemas": .anyone, "GET /v1/schemas/{type}": .anyone,
        "GET /": .anyone, "GET /explorer/{file}": .anyone,
        "POST /v1/audit": .roles([.producer]),
        "GET /v1/audit": .roles([.reader, .auditor]),
        "GET /v1/audit/stats": .roles([.reader, .auditor]),
        "GET /v1/audit/gaps": .roles([.reader, .auditor]),
        "POST /v1/redaction/preview": .roles([.auditor]),
        "POST /v1/audit/verify": .roles([.auditor]),
        "GET /v1/audit/stream": .roles([.reader, .auditor]),
        "GET /v1/audit/{record}": .roles([.reader, .auditor]),
        "GET /v1/audit/{record}/receipt": .roles([.producer, .reader, .auditor]),
        "GET /v1/audit/{record}/proof": .roles([.producer, .reader, .auditor]),
        "GET /v1/audit/{record}/bundle": .roles([.reader, .auditor]),
        "GET /v1/audit/bundles": .roles([.reader, .auditor]),
        "POST /v1/audit/exports": .roles([.auditor]),
        "GET /v1/audit/exports/{export}": .roles([.auditor]),
        "GET /v1/audit/exports/{export}/manifest": .roles([.auditor]),
        "POST /v1/fork-evidence": .anyone,
        "POST /v1/admin/erasures": .roles([.operator]),
        "GET /v1/admin/holds": .roles([.operator]),
        "POST /v1/admin/holds": .roles([.operator]),
        "POST /v1/admin/holds/{hold}/release": .roles([.operator]),
        "GET /v1/admin/retention": .roles([.operator]),
        "POST /v1/admin/retention": .roles([.operator]),
        "POST /v1/admin/prune": .roles([.operator]),
        "GET /v1/admin/approvals": .roles([.operator]),
        "GET /v1/admin/approvals/{approval}": .roles([.operator]),
        "POST /v1/admin/approvals/{approval}": .roles([.operator]),
    ]

    private static func role(of asker: ServerFixture.Asker) -> Role? {
        switch asker {
        case .nobody, .stranger: nil
        case .producer, .otherProducer, .foreignProducer, .manyProducer: .producer
        case .reader, .foreignReader: .reader
        case .auditor: .auditor
        case .operator: .operator
        }
    }

    @Test("The routes are those that are known, with the access that was decided")
    func closedList() async throws {
        let fixture = try await ServerFixture()
        let routes = fixture.server.publicApplication.responder.routes
        let found = Dictionary(
            uniqueKeysWithValues: routes.map { ("\($0.method) \($0.path)", $0.access) })
        #expect(found == Self.expected)
    }

    @Test(
        "Every route answers every asker as its access says",
        arguments: ServerFixture.Asker.allCases)
    func matrix(_ asker: ServerFixture.Asker) async throws {
        let fixture = try await ServerFixture()
        for route in fixture.server.publicApplication.responder.routes {
            let uri = route.path.replacing("{record}", with: "1").replacing("**", with: "0/000.p/1")
            let response = try await fixture.send(
                route.method, uri, as: asker, headers: [.contentType: "application/json"],
                body: route.method == .post ? ServerFixture.record() : nil)
            let status = response.status.code
            switch (route.access, Self.role(of: asker)) {
            case (.anyone, _): #expect(![401, 403].contains(status), "\(uri)")
            case (.roles, nil): #expect(status == 401, "\(uri)")
            case (.roles(let roles), let role?) where !roles.contains(role):
                #expect(status == 403, "\(uri)")
            case (.roles, _): #expect(![401, 403].contains(status) || asker == .manyProducer)
            case (.socket, _): Issue.record("a route of the socket on the public listener")
            }
        }
    }

    @Test("401 and 403 have the same body, and 404 is one for foreign and unknown")
    func indistinguishable() async throws {
        let fixture = try await ServerFixture()
        #expect(try await fixture.submit(ServerFixture.record()).status == .created)
        let unauthenticated = try await fixture.send(.get, "/v1/audit/1", as: .stranger)
        let forbidden = try await fixture.send(.get, "/v1/audit/1", as: .operator)
        #expect(unauthenticated.status.code == 401 && forbidden.status.code == 403)
        #expect(unauthenticated.text == forbidden.text)
        #expect(unauthenticated.headers[.wwwAuthenticate] == "Bearer realm=\"evident\"")
        let foreign = try await fixture.send(.get, "/v1/audit/1", as: .foreignReader)
        let unknown = try await fixture.send(.get, "/v1/audit/99", as: .foreignReader)
        #expect(foreign.status == .notFound && unknown.status == .notFound)
        #expect(foreign.text == unknown.text)
    }

    @Test("Content, receipt and proof go to whom they belong and to auditors")
    func ownRecords() async throws {
        let fixture = try await ServerFixture()
        let id = "018f0000-0000-7000-8000-000000000001"
        #expect(try await fixture.submit(ServerFixture.record(id: id)).status == .created)
        let content: [ServerFixture.Asker: Int] = [
            .reader: 200, .auditor: 200, .foreignReader: 404, .producer: 403,
            .otherProducer: 403, .operator: 403, .nobody: 401, .stranger: 401,
        ]
        let evidence: [ServerFixture.Asker: Int] = [
            .producer: 200, .reader: 200, .auditor: 200, .otherProducer: 404,
            .foreignProducer: 404, .manyProducer: 404, .foreignReader: 404, .operator: 403,
        ]
        for name in ["1", id] {
            for (asker, status) in content {
                let answer = try await fixture.send(.get, "/v1/audit/\(name)", as: asker)
                #expect(answer.status.code == status, "\(asker)")
            }
            for (asker, status) in evidence {
                for end in ["receipt", "proof"] {
                    let answer = try await fixture.send(
                        .get, "/v1/audit/\(name)/\(end)", as: asker)
                    #expect(answer.status.code == status, "\(asker)")
                }
            }
        }
    }

    @Test("The log's own records are for auditors alone")
    func governanceRecords() async throws {
        let fixture = try await ServerFixture()
        for asker in [ServerFixture.Asker.reader, .auditor, .producer, .manyProducer] {
            let receipt = try await fixture.send(.get, "/v1/audit/0/receipt", as: asker)
            #expect(receipt.status.code == (asker == .auditor ? 200 : 404))
        }
        let record = try await fixture.send(.get, "/v1/audit/0", as: .auditor)
        #expect(try record.json()["type"] as? String == "log.created")
    }

    @Test(
        "Odd Authorization fields are as good as none",
        arguments: ["Basic x", "Bearer", "Bearer ", "bearer  x", "evt_x", ""])
    func oddAuthorization(_ field: String) async throws {
        let fixture = try await ServerFixture()
        let response = try await fixture.send(
            .get, "/v1/audit/0", headers: [.authorization: field])
        #expect(response.status == .unauthorized)
    }

    @Test("A revoked token ends at once, and its name lives on with the next")
    func revocation() async throws {
        let fixture = try await ServerFixture()
        let record = ServerFixture.record(id: "018f0000-0000-7000-8000-000000000002")
        #expect(try await fixture.submit(record).status == .created)
        let entry = try fixture.tokens.list.first { $0.credential.name == "producer" }.unwrap()
        try fixture.tokens.revoke(prefix: entry.prefix)
        #expect(try await fixture.submit(record).status == .unauthorized)
        let next = try fixture.tokens.create(
            name: "producer", role: .producer, tenant: .only("acme"),
            now: LogServerConfiguration().now())
        let again = try await fixture.send(
            .post, "/v1/audit",
            headers: [
                .authorization: "Bearer \(next.text)", .contentType: "application/json",
            ], body: record)
        #expect(again.status == .ok)
    }
}
