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
}
