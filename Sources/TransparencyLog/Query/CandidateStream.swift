// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// The indexes that bear a key of each set and may lie in the span: the intersection of streams,
/// by leaps from one to the next.
struct CandidateStream: Sendable {
    private let reader: any LogReader
    private let range: Range<UInt64>
    private let isDescending: Bool
    private var unions: [KeyUnion]
    /// One if there is a span.
    private var stretches: [StretchStream]
    private var isSorted = false
    /// The next index that may be one; nil behind the last.
    private(set) var position: UInt64?
    /// What was done so far, in records read.
    private(set) var work = 0

    init<Terms>(
        _ query: RecordQuery<Terms>, size: UInt64, hasher: LookupHasher, reader: any LogReader
    ) {
        self.reader = reader
        range = query.range.clamped(to: 0..<size)
        isDescending = query.order == .descending
        var sets = query.keys
        if case .only(let tenant) = query.scope { sets.append([RecordKey(.tenant, tenant)]) }
        let (range, order) = (range, query.order)
        unions = sets.map { set in
            KeyUnion(set.map { hasher.key($0.field, $0.text) }, in: range, order)
        }
        stretches = query.span.map { [StretchStream($0, in: range, order)] } ?? []
        if !range.isEmpty, !query.isEmpty {
            let (first, last) = (range.lowerBound, range.upperBound - 1)
            let from = query.from ?? (isDescending ? last : first)
            // Before the range is its beginning, behind it is nothing.
            if isDescending {
                position = from < first ? nil : min(from, last)
            } else {
                position = from > last ? nil : max(from, first)
            }
        }
    }

    /// Counts work that was done with candidates.
    mutating func charge(_ amount: Int) { work += amount }

    /// The next candidate; nil when there is none, or when `limit` of work has been done: then
    /// `position` says where to go on.
    mutating func next(limit: Int) throws(StoreError) -> (index: UInt64, isInside: Bool)? {
        while let start = position, work < limit {
            guard let found = try agreed(from: start, limit) else {
                position = nil
                return nil
            }
            guard found.isAgreed else {
                position = found.index
                return nil
            }
            position = after(found.index)
            return (found.index, stretches.first?.isInside ?? true)
        }
        return nil
    }

    private func after(_ index: UInt64) -> UInt64? {
        if isDescending { return index > range.lowerBound ? index - 1 : nil }
        return index + 1 < range.upperBound ? index + 1 : nil
    }

    /// The first index from `start` on that every stream has, or how far it got; nil if there is
    /// none.
    private mutating func agreed(
        from start: UInt64, _ limit: Int
    ) throws(StoreError) -> (index: UInt64, isAgreed: Bool)? {
        var candidate = start
        var leaps = 0
        repeat {
            let before = candidate
            for number in stretches.indices {
                guard let index = try stretches[number].seek(candidate, reader, &work) else {
                    return nil
                }
                candidate = index
            }
            for number in unions.indices {
                guard let index = try unions[number].seek(candidate, reader, &work) else {
                    return nil
                }
                candidate = index
            }
            sortOnce()
            if candidate == before { return (candidate, true) }
            leaps += 1
            if leaps % 16 == 0 { work += 1 }
        } while work < limit
        return (candidate, false)
    }

    /// Puts the stream with the fewest indexes first, judged by where each one begins.
    private mutating func sortOnce() {
        if isSorted { return }
        isSorted = true
        unions.sort { $0.distance > $1.distance }
    }
}
