// SPDX-License-Identifier: Apache-2.0

/// Finds intents that have no outcome, and outcomes that nobody announced.
///
/// It is fed the ends of a range of records in index order. A range cuts pairs: an outcome whose
/// intent lies before the range, and an intent whose outcome comes after it, look alone.
///
/// Memory: at most ``capacity`` open intents. When there are more, the oldest is given up: it is
/// returned as open, and its outcome, should it come, as unannounced.
public struct PairReport: Sendable {
    /// What was found.
    public enum Finding: Hashable, Sendable {
        /// An intent without an outcome so far.
        case open(PairEnd.Key, index: UInt64)
        /// An intent that was given up for want of memory before an outcome came.
        case givenUp(PairEnd.Key, index: UInt64)
        /// An outcome without an intent before it.
        case unannounced(PairEnd.Key, index: UInt64)
        /// A second intent with the key of one that is still open, at `first`.
        case repeated(PairEnd.Key, index: UInt64, first: UInt64)
        /// An end that carries nothing to pair it by.
        case unnamed(PairEnd.Side, PairKind, index: UInt64)
    }

    /// Open intents that are kept at most.
    public let capacity: Int
    /// Pairs of which both ends were seen.
    public private(set) var pairs: UInt64 = 0
    /// Intents that were seen.
    public private(set) var intents: UInt64 = 0
    /// Outcomes that were seen.
    public private(set) var outcomes: UInt64 = 0

    private var open: [PairEnd.Key: UInt64] = [:]
    /// The keys of ``open`` in index order, and keys that are no longer in it.
    private var order: [(key: PairEnd.Key, index: UInt64)] = []
    private var oldest = 0

    /// - Parameter capacity: At least 1; an open intent takes some 200 bytes.
    public init(capacity: Int = 100_000) {
        precondition(capacity > 0, "a report that keeps nothing finds nothing")
        self.capacity = capacity
    }

    /// Takes the next record's end, and returns what it shows.
    public mutating func add(_ end: PairEnd, index: UInt64) -> Finding? {
        switch end.side {
        case .intent: intents += 1
        case .outcome: outcomes += 1
        }
        guard let key = end.key else { return .unnamed(end.side, end.kind, index: index) }
        switch end.side {
        case .intent: return begin(key, index: index)
        case .outcome:
            guard open.removeValue(forKey: key) != nil else {
                return .unannounced(key, index: index)
            }
            pairs += 1
            return nil
        }
    }

    /// Ends the range: the intents that are still open, in index order.
    public mutating func finish() -> [Finding] {
        let left = order[oldest...].filter { open[$0.key] == $0.index }
        open = [:]
        order = []
        oldest = 0
        return left.map { .open($0.key, index: $0.index) }
    }

    private mutating func begin(_ key: PairEnd.Key, index: UInt64) -> Finding? {
        if let first = open[key] { return .repeated(key, index: index, first: first) }
        open[key] = index
        order.append((key, index))
        guard open.count > capacity else {
            forgetClosed()
            return nil
        }
        return giveUpOldest()
    }

    private mutating func giveUpOldest() -> Finding? {
        while oldest < order.count {
            let (key, index) = order[oldest]
            oldest += 1
            guard open[key] == index else { continue }
            open[key] = nil
            forgetClosed()
            return .givenUp(key, index: index)
        }
        return nil
    }

    /// Keeps the order at most four times as long as what is open.
    private mutating func forgetClosed() {
        guard order.count > 4 * max(open.count, 256) else { return }
        order = order[oldest...].filter { open[$0.key] == $0.index }
        oldest = 0
    }
}
