// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords

/// Counts of records by what they say, in bounded memory.
struct RecordStats: Sendable {
    /// What the records are counted by.
    enum Dimension: String, Sendable, CaseIterable {
        case type, outcome, category, actor, day
    }

    /// Different values of one dimension that are counted; further ones are counted together.
    static let valueLimit = 5_000
    /// The most frequent values that an answer names.
    static let shownLimit = 100

    private(set) var total: UInt64 = 0
    private var counts: [Dimension: [String: UInt64]] = [:]
    private var others: [Dimension: UInt64] = [:]

    /// Counts one record; the day is that of the clock given.
    mutating func add(_ terms: RecordTerms, basis: RecordFilter.TimeBasis) {
        total += 1
        add(.type, terms.values(of: .type))
        add(.outcome, terms.values(of: .outcome))
        add(.category, terms.values(of: .category))
        add(.actor, terms.values(of: .actor))
        let time = basis == .time ? terms.time ?? terms.received : terms.received
        add(.day, time.map { [String($0.description.prefix(10))] } ?? [])
    }

    private mutating func add(_ dimension: Dimension, _ values: [String]) {
        for value in values {
            if counts[dimension]?[value] == nil,
                counts[dimension]?.count ?? 0 >= Self.valueLimit
            {
                others[dimension, default: 0] += 1
            } else {
                counts[dimension, default: [:]][value, default: 0] += 1
            }
        }
    }

    /// The values of a dimension, the most frequent first, days in their order; and how many
    /// records bear a value that is not among them.
    func values(of dimension: Dimension) -> (shown: [(value: String, count: UInt64)], other: UInt64)
    {
        let all = (counts[dimension] ?? [:]).sorted {
            if dimension == .day { return $0.key > $1.key }
            return $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value
        }
        let shown = all.prefix(Self.shownLimit).map { (value: $0.key, count: $0.value) }
        let rest = all.dropFirst(Self.shownLimit).reduce(0) { $0 + $1.value }
        return (
            dimension == .day ? shown.reversed() : shown, rest + (others[dimension] ?? 0)
        )
    }
}
