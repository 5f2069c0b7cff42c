// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import Hummingbird
import Testing

@testable import LogServer

@Suite("The interface's description")
struct OpenAPITests {
    private static let file = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "spec/openapi.yaml")

    /// With `EVIDENT_WRITE_SPEC` set the file is written instead of compared.
    @Test("spec/openapi.yaml is what the server serves")
    func file() async throws {
        let fixture = try await ServerFixture { $0.adminSocket = "/tmp/evident-unused.sock" }
        let served = try await fixture.send(.get, "/openapi.yaml").text
        if ProcessInfo.processInfo.environment["EVIDENT_WRITE_SPEC"] != nil {
            try served.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: Self.file, encoding: .utf8) == served)
    }

    @Test("Every mounted route is described, and nothing else is")
    func routes() async throws {
        let fixture = try await ServerFixture { $0.adminSocket = "/tmp/evident-unused.sock" }
        let admin = try fixture.server.adminApplication.unwrap()
        let mounted = fixture.server.publicApplication.responder.routes + admin.responder.routes
        let expected = mounted.flatMap { route in
            (route.operation.paths ?? [route.path]).map { "\(route.method) \($0)" }
        }
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        var found: [String] = []
        var path = ""
        let lines = document.split(separator: "\n", omittingEmptySubsequences: false)
            .drop { $0 != "paths:" }.dropFirst().prefix { $0.hasPrefix("  ") }
        for line in lines {
            if line.hasPrefix("  \"/") { path = String(line.dropFirst(3).dropLast(2)) }
            if let match = line.wholeMatch(of: #/    (get|post|delete|put):/#) {
                found.append("\(match.1.uppercased()) \(path)")
            }
        }
        #expect(Set(found) == Set(expected))
        // What both listeners have is described once.
        #expect(found.count == Set(expected).count)
    }

    @Test("Every code and status of the table is described", arguments: ProblemCode.allCases)
    func codes(_ code: ProblemCode) throws {
        let document = try String(contentsOf: Self.file, encoding: .utf8)
        let row = code.row
        #expect(document.contains("\(row.status) `\(row.code)`"))
        #expect((400...599).contains(row.status))
        #expect(row.detail.hasSuffix(".") && !row.title.hasSuffix("."))
        #expect([429, 503, 507].contains(row.status) == (row.retryAfter != nil))
    }

    @Test("No two rows of the table have one code")
    func uniqueCodes() {
        let codes = ProblemCode.allCases.map(\.row.code)
        #expect(Set(codes).count == codes.count)
        #expect(Set(ProblemCode.allCases).count == ProblemCode.allCases.count)
    }

    @Test("Numbers and odd words are quoted in YAML")
    func quoting() {
        let yaml: YAML = ["a": "no", "b": "1", "404": .list([1, true, "x y"]), "c": .map([])]
        #expect(yaml.document == "a: \"no\"\nb: \"1\"\n\"404\": [1, true, \"x y\"]\nc: {}\n")
    }
}
