// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import HummingbirdTesting
import LogStorage
import LogTesting
import TransparencyLog

@testable import LogServer

/// One record of an answer.
struct Shown: Equatable {
    let index: UInt64
    let type: String
    let tenant: String
}

/// A page of `GET /v1/audit` in JSON.
struct ShownPage {
    let records: [Shown]
    let cursor: String?
    let treeSize: UInt64

    var indexes: [UInt64] { records.map(\.index) }
}

extension ServerFixture {
    /// Fetches one page; the query begins with a question mark, or is empty.
    func page(_ query: String, as asker: Asker = .auditor) async throws -> ShownPage {
        let answer = try await send(.get, "/v1/audit\(query)", as: asker)
        guard answer.status == .ok else { throw UnexpectedAnswer(text: answer.text) }
        let json = try answer.json()
        let records = try (json["records"] as? [[String: Any]]).unwrap().map { item in
            let record = try (item["record"] as? [String: Any]).unwrap()
            return Shown(
                index: try (item["index"] as? UInt64).unwrap(),
                type: try (record["type"] as? String).unwrap(),
                tenant: try (record["tenant"] as? String).unwrap())
        }
        let cursor = json["next_cursor"] as? String
        guard (cursor != nil) == (json["has_more"] as? Bool),
            answer.headers[.nextCursor] == cursor
        else { throw UnexpectedAnswer(text: "has_more and the cursors disagree") }
        return ShownPage(
            records: records, cursor: cursor,
            treeSize: try (json["pinned_tree_size"] as? UInt64).unwrap())
    }

    /// Walks to the end; `between` runs after each page.
    func walk(
        _ query: String, as asker: Asker = .auditor,
        between: () async throws -> Void = {}
    ) async throws -> [UInt64] {
        var page = try await page(query, as: asker)
        var indexes = page.indexes
        while let cursor = page.cursor {
            try await between()
            let next = query.isEmpty ? "?cursor=\(cursor)" : "\(query)&cursor=\(cursor)"
            page = try await self.page(next, as: asker)
            indexes += page.indexes
        }
        return indexes
    }

    /// All records that the log holds, parsed.
    func allRecords() async throws -> [[String: Any]] {
        var records: [[String: Any]] = []
        for index in 0..<size {
            let bytes = try await log.content(at: index).unwrap().record
            let object = try JSONSerialization.jsonObject(with: Data(bytes))
            records.append(try (object as? [String: Any]).unwrap())
        }
        return records
    }

    /// What the log has recorded of those who read it, in order.
    func accessRecords() async throws -> [[String: Any]] {
        try await allRecords().filter { ($0["type"] as? String)?.hasPrefix("audit.") == true }
            .map { try ($0["details"] as? [String: Any]).unwrap() }
    }

    /// Submits one record of its tenant's producer.
    func submit(_ record: RandomRecord) async throws {
        let answer = try await submit(
            record.text, as: record.tenant == "acme" ? .producer : .foreignProducer)
        guard answer.status == .created else { throw UnexpectedAnswer(text: answer.text) }
    }
}

struct UnexpectedAnswer: Error {
    let text: String
}

/// A record with members drawn from small sets, so that filters find some of each.
struct RandomRecord {
    static let types = ["tool.call", "tool.result", "x.a.b", "x.a.c", "toolbox.open"]
    static let actors = ["alice", "bob", "agent-7"]
    static let outcomes = ["success", "denied", "failure"]

    let tenant: String
    let text: String

    init(_ random: inout SeededGenerator) {
        tenant = Bool.random(using: &random) ? "acme" : "globex"
        let pick = { (values: [String], random: inout SeededGenerator) in
            values[Int.random(in: values.indices, using: &random)]
        }
        let type = pick(["x.a.b", "x.a.c", "x.ab.c"], &random)
        let minute = Int.random(in: 0..<60, using: &random)
        let members = [
            "\"type\":\"\(type)\"",
            "\"actor\":{\"id\":\"\(pick(Self.actors, &random))\",\"type\":\"agent\"}",
            "\"outcome\":\"\(pick(Self.outcomes, &random))\"",
            "\"time\":\"2026-06-01T08:\(minute < 10 ? "0" : "")\(minute):00Z\"",
            "\"severity\":\(Int.random(in: 1...6, using: &random))",
        ]
        text = "{\(members.joined(separator: ","))}"
    }
}

/// A filter as parameters, and as an independent reading of what they mean.
struct RandomFilter {
    var query: [String] = []
    private var checks: [@Sendable ([String: Any]) -> Bool] = []

    init(_ random: inout SeededGenerator) {
        let actors = Array(RandomRecord.actors.shuffled(using: &random).prefix(2))
        let outcome = RandomRecord.outcomes.randomElement(using: &random) ?? ""
        let severity = Int.random(in: 1...6, using: &random)
        let (from, length) = (
            Int.random(in: 0..<50, using: &random), Int.random(in: 1...30, using: &random)
        )
        if Bool.random(using: &random) {
            add(actors.map { "actor=\($0)" }) {
                actors.contains(($0["actor"] as? [String: Any])?["id"] as? String ?? "")
            }
        }
        if Bool.random(using: &random) {
            add(["outcome=\(outcome)"]) { $0["outcome"] as? String == outcome }
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            add(["type=x.a.*"]) { ($0["type"] as? String)?.hasPrefix("x.a.") == true }
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            add(["severity_min=\(severity)"]) { $0["severity"] as? Int ?? 0 >= severity }
        }
        if Int.random(in: 0..<3, using: &random) == 0 {
            let (since, until) = (Self.time(from), Self.time(min(59, from + length)))
            add(["since=\(since)", "until=\(until)"]) {
                // One form of all stored times: they compare as texts do.
                let time = $0["time"] as? String ?? ""
                return time >= since.dropLast() + ".000000Z" && time < until.dropLast() + ".000000Z"
            }
        }
    }

    private mutating func add(
        _ parameters: [String], _ check: @escaping @Sendable ([String: Any]) -> Bool
    ) {
        query += parameters
        checks.append(check)
    }

    private static func time(_ minute: Int) -> String {
        "2026-06-01T08:\(minute < 10 ? "0" : "")\(minute):00Z"
    }

    func matches(_ record: [String: Any]) -> Bool { checks.allSatisfy { $0(record) } }
}
