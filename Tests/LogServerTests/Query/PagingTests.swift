// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import HummingbirdTesting
import LogStorage
import LogTesting
import Testing
import TransparencyLog

@testable import LogServer

@Suite("Pages of records")
struct PagingTests {
    @Test(
        "Walking through any filter, by any limit, gives the list that reading all would",
        arguments: 0..<4 as Range<UInt64>)
    func everyWalk(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try await ServerFixture()
        for _ in 0..<60 { try await fixture.submit(RandomRecord(&random)) }
        for round in 0..<12 {
            let filter = RandomFilter(&random)
            let limit = [1, 2, 3, 7, 50, 1_000].randomElement(using: &random) ?? 1
            let isDescending = Bool.random(using: &random)
            let asker: ServerFixture.Asker =
                [.auditor, .reader, .foreignReader].randomElement(using: &random) ?? .auditor
            let own = ["acme": asker == .reader, "globex": asker == .foreignReader]
            // Taken first: neither the walk's own record nor what comes meanwhile belongs to it.
            let all = try await fixture.allRecords()
            let expected = all.enumerated().filter { place, record in
                let tenant = record["tenant"] as? String ?? ""
                return (asker == .auditor || own[tenant] == true) && filter.matches(record)
            }.map { UInt64($0.offset) }
            let query =
                "?"
                + (filter.query + ["limit=\(limit)", "order=\(isDescending ? "desc" : "asc")"])
                .joined(separator: "&")
            let extra = RandomRecord(&random)
            let found = try await fixture.walk(query, as: asker) {
                try await fixture.submit(extra)
            }
            #expect(
                found == (isDescending ? expected.reversed() : expected),
                "seed \(seed), round \(round): \(query) as \(asker)")
        }
    }

    @Test("A range of indexes is half open")
    func indexRange() async throws {
        let fixture = try await ServerFixture()
        for _ in 0..<6 { _ = try await fixture.submit(ServerFixture.record()) }
        #expect(try await fixture.page("?from_index=2&to_index=5").indexes == [2, 3, 4])
        #expect(try await fixture.page("?from_index=2&to_index=2").indexes == [])
        #expect(try await fixture.page("?from_index=99").indexes == [])
        let newest = try await fixture.page("?from_index=5&to_index=7&order=desc")
        #expect(newest.indexes == [6, 5])
    }

    @Test("The records are the committed bytes, in JSON and in NDJSON")
    func exactBytes() async throws {
        let fixture = try await ServerFixture()
        let odd = ServerFixture.record("\\u00e9 \\\"=1+1\\\" \\n \u{1F600}")
        #expect(try await fixture.submit(odd).status == .created)
        let stored = try await fixture.log.content(at: 1).unwrap().record
        let text = String(decoding: stored, as: UTF8.self)
        let json = try await fixture.send(.get, "/v1/audit?from_index=1&to_index=2", as: .reader)
        #expect(json.text.contains("\"records\":[{\"index\":1,\"record\":\(text)}]"))
        let lines = try await fixture.send(
            .get, "/v1/audit?from_index=1&to_index=2", as: .reader,
            headers: [.accept: "application/x-ndjson"])
        #expect(lines.headers[.contentType] == "application/x-ndjson")
        let split = lines.text.split(separator: "\n")
        #expect(split.first == "{\"index\":1,\"record\":\(text)}")
        #expect(split.count == 2 && split[1].contains("\"has_more\":false"))
    }

    @Test("Receipts and proofs come along where they are asked for")
    func extras() async throws {
        let fixture = try await ServerFixture()
        #expect(try await fixture.submit(ServerFixture.record()).status == .created)
        let answer = try await fixture.send(
            .get, "/v1/audit?from_index=1&to_index=2&include=receipt&include=proof",
            as: .reader)
        let item = try (answer.json()["records"] as? [[String: Any]])?.first.unwrap()
        let receipt = try (item?["receipt"] as? [String: Any]).unwrap()
        #expect(receipt["receipt"] as? String == "evident/v1")
        #expect(receipt["index"] as? Int == 1)
        #expect((item?["proof"] as? String)?.hasPrefix("c2sp.org/tlog-proof@v1") == true)
        let table = try await fixture.send(
            .get, "/v1/audit?format=csv&include=receipt", as: .reader)
        #expect(table.status == .badRequest)
    }

    @Test(
        "A parameter that is unknown, doubled or wrong is refused by its name",
        arguments: [
            ("colour=red", "unknown_parameter", nil),
            ("limit=1&limit=2", "invalid_parameter", "limit"),
            ("limit=0", "invalid_parameter", "limit"),
            ("limit=1001", "invalid_parameter", "limit"),
            ("limit=05", "invalid_parameter", "limit"),
            ("since=2026-06-01T08:00:00", "invalid_parameter", "since"),
            ("until=yesterday", "invalid_parameter", "until"),
            ("since=2026-06-02T00:00:00Z&until=2026-06-01T00:00:00Z", "invalid_parameter", "until"),
            ("order=newest", "invalid_parameter", "order"),
            ("time_basis=leaf", "invalid_parameter", "time_basis"),
            ("severity_min=7", "invalid_parameter", "severity_min"),
            ("type=*", "invalid_parameter", "type"), ("type=to*l", "invalid_parameter", "type"),
            ("actor=", "invalid_parameter", "actor"),
            ("from_index=5&to_index=4", "invalid_parameter", "to_index"),
            ("include=payload", "invalid_parameter", "include"),
            ("include=proof&include=proof", "invalid_parameter", "include"),
            ("format=xml", "invalid_parameter", "format"), ("cursor=abc", "invalid_cursor", nil),
        ] as [(String, String, String?)])
    func refused(_ query: String, _ code: String, _ parameter: String?) async throws {
        let fixture = try await ServerFixture()
        let answer = try await fixture.send(.get, "/v1/audit?\(query)", as: .auditor)
        #expect(answer.status == .badRequest)
        let json = try answer.json()
        #expect(json["code"] as? String == code)
        #expect(json["parameter"] as? String == parameter)
        #expect(json["detail"] as? String != nil)
        #expect(try await fixture.accessRecords().isEmpty, "what is refused is no reading")
    }

    @Test(
        "The form of the answer is negotiated",
        arguments: [
            ("", .json), ("*/*", .json), ("text/csv", .csv), ("application/x-ndjson", .ndjson),
            ("text/csv;q=0.5, application/x-ndjson", .ndjson),
            ("text/html, text/*;q=0.2", .csv), ("image/png", nil), ("application/json;q=0", nil),
            ("application/x-ndjson, application/json", .ndjson),
        ] as [(String, AnswerFormat?)])
    func negotiation(_ accept: String, _ format: AnswerFormat?) {
        #expect(AnswerFormat.preferred(accept) == format)
    }

    @Test("No form that the client takes is 406, and format wins over Accept")
    func unacceptable() async throws {
        let fixture = try await ServerFixture()
        let refused = try await fixture.send(
            .get, "/v1/audit", as: .auditor, headers: [.accept: "image/png"])
        #expect(refused.status.code == 406)
        let table = try await fixture.send(
            .get, "/v1/audit?format=csv", as: .auditor, headers: [.accept: "image/png"])
        #expect(table.status == .ok)
        #expect(table.headers[.contentType] == "text/csv; charset=utf-8")
    }
}
