// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import HummingbirdTesting
import Testing

@testable import LogServer

@Suite("The schema, served")
struct SchemaRouteTests {
    @Test("The index lists the types and holds the schema of any record")
    func index() async throws {
        let response = try await ServerFixture().send(.get, "/v1/schemas")
        #expect(response.status == .ok && response.headers[.contentType] == "application/json")
        #expect(response.headers[.accessControlAllowOrigin] == "*")
        let index = try response.json()
        let types = try (index["types"] as? [[String: Any]]).unwrap()
        #expect(types.contains { $0["schema"] as? String == "tool.call@1" })
        #expect(index["v"] as? String == "1" && index["record"] is [String: Any])
    }

    @Test(
        "One type's schema, by its name, its number, or as a member of a family",
        arguments: [
            ("tool.call", "tool.call@1"), ("tool.call@1", "tool.call@1"),
            ("agent.skill.learned", "agent.skill.*@1"), ("agent.skill.*", "agent.skill.*@1"),
            ("x.acme.reactor", "x.*@1"), ("record", "record"),
        ])
    func type(name: String, id: String) async throws {
        let response = try await ServerFixture().send(.get, "/v1/schemas/\(name)")
        #expect(response.status == .ok)
        #expect(response.headers[.contentType] == "application/schema+json")
        #expect(try response.json()["$id"] as? String == "urn:evident:schema:v1:\(id)")
    }

    @Test(
        "A type or version that is not known has no schema",
        arguments: ["tool.calls", "tool.call@2", "tool.call@", "tool.call@1@1", "@1", "Tool.call"])
    func unknown(name: String) async throws {
        let response = try await ServerFixture().send(.get, "/v1/schemas/\(name)")
        #expect(response.status == .notFound)
    }
}
