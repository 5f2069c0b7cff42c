// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// One query on its way: candidates are taken from the streams, read, and handed on.
///
/// A value that a thread advances by a slice of work at a time, so that queries take turns.
struct QueryRun<Terms: Sendable>: Sendable {
    /// Records that are read by one call of the store.
    private static var mostRead: Int { 256 }

    private let query: RecordQuery<Terms>
    private let reader: any LogReader
    private var candidates: CandidateStream
    /// How many candidates are read next: more while they are refused.
    private var width: Int
    private(set) var isDone = false
    /// Where to go on; nil if there is nothing more.
    private(set) var next: UInt64?

    /// - Parameter width: records that are likely to be wanted at first.
    init(
        _ query: RecordQuery<Terms>, size: UInt64, hasher: LookupHasher, reader: any LogReader,
        width: Int
    ) {
        self.query = query
        self.reader = reader
        candidates = CandidateStream(query, size: size, hasher: hasher, reader: reader)
        self.width = min(max(width, 1), Self.mostRead)
    }

    /// Takes `slice` of work, in records read, and hands each record that matches to `body`, in
    /// order, until it answers false.
    mutating func advance(
        slice: Int, _ body: (FoundRecord<Terms>) -> Bool
    ) throws {
        let end = limit(slice)
        while !isDone, candidates.work < end {
            let indexes = try taken(width, end).map(\.index)
            width = min(width * 2, Self.mostRead)
            for found in try read(indexes) {
                guard let record = try matching(found), !body(record) else { continue }
                // What was read behind the last one is read again by the next page.
                next = try following(found.index, indexes)
                isDone = true
                return
            }
            finishStep()
        }
    }

    /// Counts for a slice of work; what a key and a whole segment decide is not read.
    mutating func count(slice: Int, verified: Bool) throws -> UInt64 {
        let end = limit(slice)
        var count: UInt64 = 0
        while !isDone, candidates.work < end {
            var unsure: [UInt64] = []
            for (index, isInside) in try taken(Self.mostRead, end) {
                if isInside && !verified { count += 1 } else { unsure.append(index) }
            }
            for found in try read(unsure) where try matching(found) != nil { count += 1 }
            finishStep()
        }
        return count
    }

    private func limit(_ slice: Int) -> Int {
        min(max(1, query.budget), slice > .max - candidates.work ? .max : candidates.work + slice)
    }

    private mutating func taken(
        _ most: Int, _ end: Int
    ) throws(StoreError) -> [(index: UInt64, isInside: Bool)] {
        var taken: [(index: UInt64, isInside: Bool)] = []
        while taken.count < most, let found = try candidates.next(limit: end) {
            taken.append(found)
        }
        return taken
    }

    /// Ends the run where the streams or the budget end.
    private mutating func finishStep() {
        next = candidates.position
        isDone = next == nil || candidates.work >= query.budget
    }

    private mutating func read(_ indexes: [UInt64]) throws(StoreError) -> [IndexedContent] {
        if indexes.isEmpty { return [] }
        candidates.charge(indexes.count)
        return try reader.contents(at: indexes)
    }

    /// The record, if it is in the scope and matches.
    private func matching(_ found: IndexedContent) throws(LogError) -> FoundRecord<Terms>? {
        guard let terms = query.read(found.content.record) else {
            throw LogError(.corrupt, "the record at index \(found.index) is none; run evident fsck")
        }
        if case .only(let tenant) = query.scope,
            !query.tenant(terms).utf8.elementsEqual(tenant.utf8)
        {
            return nil
        }
        guard query.matches(terms) else { return nil }
        return FoundRecord(index: found.index, content: found.content, terms: terms)
    }

    /// The candidate behind the one at which a page ended; nil if there is none.
    private mutating func following(
        _ last: UInt64, _ indexes: [UInt64]
    ) throws(StoreError) -> UInt64? {
        if let place = indexes.firstIndex(of: last), place + 1 < indexes.count {
            return indexes[place + 1]
        }
        let found = try candidates.next(limit: query.budget)
        return found?.index ?? candidates.position
    }
}
