// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import HTTPTypes
import HummingbirdTesting
import LogTesting
import Testing

@testable import LogServer

@Suite("Counts of records")
struct StatsTests {
    @Test("Counts are those of the records that match", arguments: 0..<3 as Range<UInt64>)
    func counts(_ seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let fixture = try await ServerFixture()
        for _ in 0..<50 { try await fixture.submit(RandomRecord(&random)) }
        for _ in 0..<6 {
            let filter = RandomFilter(&random)
            let all = try await fixture.allRecords().filter(filter.matches)
            let query = filter.query.isEmpty ? "" : "?" + filter.query.joined(separator: "&")
            let answer = try await fixture.send(.get, "/v1/audit/stats\(query)", as: .auditor)
            let stats = try answer.json()
            #expect(stats["complete"] as? Bool == true)
            #expect(stats["total"] as? Int == all.count, "\(query)")
            let expected = Dictionary(grouping: all) { $0["outcome"] as? String ?? "" }
                .mapValues(\.count).filter { $0.key != "" }
            #expect(try Self.counts(stats, "by_outcome") == expected, "\(query)")
            let types = Dictionary(grouping: all) { $0["type"] as? String ?? "" }
                .mapValues(\.count)
            #expect(try Self.counts(stats, "by_type") == types, "\(query)")
        }
    }

    private static func counts(
        _ stats: [String: Any], _ name: String
    ) throws -> [String: Int] {
        let counts = try (stats[name] as? [String: Any]).unwrap()
        #expect(counts["other"] as? Int == 0)
        let values = try (counts["values"] as? [[String: Any]]).unwrap()
        var found: [String: Int] = [:]
        for value in values {
            found[try (value["value"] as? String).unwrap()] = value["count"] as? Int
        }
        return found
    }

    @Test("However many values there are, an answer names a hundred and counts the rest")
    func bounded() throws {
        var stats = RecordStats()
        let count = RecordStats.valueLimit + 300
        for number in 0..<count {
            let text =
                #"{"actor":{"id":"a\#(number)","type":"agent"},"id":"","tenant":"acme","type":"x.y.z"}"#
            stats.add(try RecordTerms.read(canonical: Array(text.utf8)), basis: .time)
        }
        let actors = stats.values(of: .actor)
        #expect(actors.shown.count == RecordStats.shownLimit)
        #expect(actors.other == UInt64(count - RecordStats.shownLimit))
        #expect(stats.values(of: .type).shown.map(\.count) == [UInt64(count)])
    }

    @Test("A category counts all of its types, also those that are not counted one by one")
    func categories() throws {
        var stats = RecordStats()
        for number in 0..<RecordStats.valueLimit + 7 {
            for type in ["x.vendor.t\(number)", "tool.call"] {
                let text = #"{"actor":{"id":"a","type":"agent"},"id":"","type":"\#(type)"}"#
                stats.add(try RecordTerms.read(canonical: Array(text.utf8)), basis: .time)
            }
        }
        let expected = ["x.vendor.t", "tool.call"].map { RecordType.category(of: $0) }
        let found = stats.values(of: .category).shown
        #expect(Set(found.map(\.value)) == Set(expected))
        #expect(found.reduce(0) { $0 + $1.count } == stats.total)
        #expect(stats.values(of: .type).shown.first?.count == UInt64(RecordStats.valueLimit + 7))
    }

    @Test("Days are those of UTC, on both sides of 1970")
    func days() throws {
        var stats = RecordStats()
        let times = [
            "1969-12-31T23:59:59.999999Z", "1970-01-01T00:00:00Z", "2026-06-01T23:59:59+02:00",
            "2026-06-01T23:59:59-02:00", "1970-01-01T23:59:59Z", "0001-01-01T00:00:00Z",
        ]
        for time in times {
            let text = #"{"id":"","time":"\#(time)","type":"x.y.z"}"#
            stats.add(try RecordTerms.read(canonical: Array(text.utf8)), basis: .time)
        }
        let found = stats.values(of: .day).shown.map { "\($0.value) \($0.count)" }
        #expect(
            found == [
                "0001-01-01 1", "1969-12-31 1", "1970-01-01 2", "2026-06-01 1", "2026-06-02 1",
            ])
    }
}
