// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import LogCrypto
import Testing

@testable import LogServer

@Suite("What a query selects")
struct SelectionTests {
    private static func selection(
        _ text: String, _ tenant: String, _ strategy: RedactionStrategy
    ) throws -> RecordSelection {
        let policy = RedactionPolicy(
            id: "test", packs: [.host], strategies: ["ipv4": strategy])
        let known = Set(QueryParameters.selection.map(\.name))
        let query = try Query(text, known: known, repeatable: known)
        let scope = try TenantScope(tenant).unwrap()
        let role: Role = scope == .all ? .auditor : .reader
        return try RecordSelection(
            query, of: Credential(name: "asker", role: role, tenant: scope).unwrap(),
            redactor: Redactor(policy, tokenKey: .zero))
    }

    @Test("An address is also found by its tenant's token")
    func tokens() throws {
        let query = "source_ip=192.0.2.7"
        let acme = try Self.selection(query, "acme", .token).filter.terms[.sourceIP]
        let globex = try Self.selection(query, "globex", .token).filter.terms[.sourceIP]
        #expect(acme?.count == 2 && acme?.first == "192.0.2.7")
        #expect(acme?.last?.hasPrefix("tok_") == true && acme?.last != globex?.last)
        let both = try Self.selection(query + "&tenant=globex&tenant=acme", "*", .token)
        #expect(both.filter.terms[.sourceIP]?.count == 3)
        #expect(Set(both.filter.terms[.sourceIP] ?? []).isSuperset(of: acme ?? ["none"]))
    }

    @Test("An address is also found by its network, and never by what stands for any address")
    func networks() throws {
        let query = "source_ip=192.0.2.7"
        let network = try Self.selection(query, "acme", .generalise)
        #expect(network.filter.terms[.sourceIP] == ["192.0.2.7", "192.0.2.0/24"])
        for strategy in [RedactionStrategy.replace, .mask] {
            let plain = try Self.selection(query, "acme", strategy)
            #expect(plain.filter.terms[.sourceIP] == ["192.0.2.7"])
        }
    }

    @Test("Whoever acts is also found by the token of the address", arguments: ["actor", "target"])
    func tokensOfPeople(field: String) throws {
        let redactor = try Redactor(.standard, tokenKey: .zero)
        let known = Set(QueryParameters.selection.map(\.name))
        let query = try Query(
            "\(field)=alice@example.com", known: known, repeatable: known)
        let reader = try Credential(
            name: "asker", role: .reader, tenant: TenantScope("acme").unwrap()
        ).unwrap()
        let selection = try RecordSelection(query, of: reader, redactor: redactor)
        let token = redactor.redact(
            text: "alice@example.com", at: "\(field).id", tenant: "acme")
        #expect(token.hasPrefix("tok_email_"))
        let terms = try selection.filter.terms[FilterField(name: field).unwrap()]
        #expect(terms == ["alice@example.com", token])
    }

    @Test("What a cursor is bound to does not depend on the order of values")
    func canonical() throws {
        let one = try Self.selection("actor=b&actor=a&severity_min=2", "acme", .replace)
        let other = try Self.selection("severity_min=2&actor=a&actor=b&actor=a", "acme", .replace)
        #expect(one.canonical == other.canonical)
        #expect(one.names == ["actor", "severity_min"])
    }
}
