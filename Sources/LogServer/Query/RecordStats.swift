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
    private var types = TextCounts(limit: valueLimit)
    private var outcomes = TextCounts(limit: valueLimit)
    private var actors = TextCounts(limit: valueLimit)
    /// By days since 1970.
    private var days: [Int64: UInt64] = [:]
    /// The categories of types that are not counted one by one.
    private var otherCategories: [String: UInt64] = [:]
    private var others: [Dimension: UInt64] = [:]

    /// Counts one record; the day is that of the clock given.
    mutating func add(_ terms: RecordTerms, basis: RecordFilter.TimeBasis) {
        total += 1
        terms.forEachText { field, text in
            switch field {
            case .type where !types.add(text):
                others[.type, default: 0] += 1
                let type = String(decoding: text, as: UTF8.self)
                otherCategories[RecordType.category(of: type), default: 0] += 1
            case .outcome where !outcomes.add(text): others[.outcome, default: 0] += 1
            case .actor where !actors.add(text): others[.actor, default: 0] += 1
            default: break
            }
        }
        let time = basis == .time ? terms.time ?? terms.received : terms.received
        if let time { add(time) }
    }

    private static let dayMicroseconds: Int64 = 86_400_000_000

    private mutating func add(_ time: Timestamp) {
        let day = time.microseconds.flooredQuotient(by: Self.dayMicroseconds)
        if days[day] == nil, days.count >= Self.valueLimit {
            others[.day, default: 0] += 1
        } else {
            days[day, default: 0] += 1
        }
    }

    /// The values of a dimension, the most frequent first, days in their order; and how many
    /// records bear a value that is not among them.
    func values(of dimension: Dimension) -> (shown: [(value: String, count: UInt64)], other: UInt64)
    {
        let all = counts(of: dimension).sorted {
            if dimension == .day { return $0.value > $1.value }
            return $0.count == $1.count ? $0.value < $1.value : $0.count > $1.count
        }
        let shown = all.prefix(Self.shownLimit)
        let rest = all.dropFirst(Self.shownLimit).reduce(0) { $0 + $1.count }
        return (
            dimension == .day ? shown.reversed() : Array(shown), rest + (others[dimension] ?? 0)
        )
    }

    private func counts(of dimension: Dimension) -> [(value: String, count: UInt64)] {
        switch dimension {
        case .type: return types.all.map { ($0.text, $0.count) }
        case .outcome: return outcomes.all.map { ($0.text, $0.count) }
        case .actor: return actors.all.map { ($0.text, $0.count) }
        case .category:
            var categories = otherCategories
            for (type, count) in types.all {
                categories[RecordType.category(of: type), default: 0] += count
            }
            return categories.map { ($0.key, $0.value) }
        case .day:
            return days.compactMap { day, count in
                let time = Timestamp(microseconds: day * Self.dayMicroseconds)
                return time.map { (String($0.description.prefix(10)), count) }
            }
        }
    }
}

extension Int64 {
    /// The quotient, rounded down; the divisor is above zero.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
