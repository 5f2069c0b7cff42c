// SPDX-License-Identifier: Apache-2.0

/// Finds what producers counted and the log does not hold.
///
/// It is fed the positions of a range of records in index order. A producer numbers its records by
/// one each, from 0 or 1, and begins anew with each epoch; so numbers that are missing are records
/// that were made and never came. Nothing shows what was lost after a producer's last record that
/// did come, nor what a producer never numbered.
///
/// Records of one producer may come out of order: a number that is late fills its gap, as long as
/// the gap is among the newest of its producer.
///
/// Memory: O(producers), whatever the range.
public struct GapReport: Sendable {
    /// What was found; numbers are a producer's own.
    public enum Finding: Hashable, Sendable {
        /// No record of the range has these numbers, which lie between those of two records.
        case missing(ClosedRange<UInt64>, epoch: UInt64?, before: UInt64)
        /// A number that an earlier record has had.
        case repeated(UInt64, epoch: UInt64?, index: UInt64)
        /// The producer began to count anew.
        case restarted(from: UInt64?, to: UInt64?, index: UInt64)
        /// A number of an epoch that a later one had ended; whether it was missing is not known.
        case late(UInt64, epoch: UInt64, index: UInt64)
    }

    /// A finding and whose it is.
    public struct Entry: Hashable, Sendable {
        /// Who counted.
        public let producer: ProducerPosition.Producer
        /// What was found.
        public let finding: Finding
    }

    /// Sums of one producer.
    public struct Summary: Hashable, Sendable {
        /// Records of the range.
        public internal(set) var records: UInt64 = 0
        /// The index of the first of them.
        public internal(set) var firstIndex: UInt64
        /// The index of the last of them.
        public internal(set) var lastIndex: UInt64
        /// The epoch of the last of them.
        public internal(set) var epoch: UInt64?
        /// The highest number of that epoch.
        public internal(set) var lastSeq: UInt64
        /// Numbers that are missing, those of ``GapReport/finish()`` included.
        public internal(set) var missing: UInt64 = 0
        /// Numbers that came more than once.
        public internal(set) var repeats: UInt64 = 0
        /// Epochs that began within the range.
        public internal(set) var restarts: UInt64 = 0
        /// Numbers that came after their epoch had ended.
        public internal(set) var late: UInt64 = 0
    }

    private var states: [ProducerPosition.Producer: ProducerCount] = [:]
    private let isFromStart: Bool

    /// - Parameter isFromStart: The range begins with the log's first record, so that a producer's
    ///   first number should be 0 or 1.
    public init(isFromStart: Bool) {
        self.isFromStart = isFromStart
    }

    /// Takes the next record's position, and returns what it shows.
    ///
    /// A gap is returned once it can no longer be filled.
    public mutating func add(_ position: ProducerPosition, index: UInt64) -> [Entry] {
        let findings =
            states[position.producer]?.add(position, index: index)
            ?? begin(position, index: index)
        return findings.map { Entry(producer: position.producer, finding: $0) }
    }

    /// Ends the range: the gaps that are still open, by producer.
    public mutating func finish() -> [Entry] {
        var entries: [Entry] = []
        for producer in producers {
            let findings = states[producer]?.closeAll() ?? []
            entries += findings.map { Entry(producer: producer, finding: $0) }
        }
        return entries
    }

    /// All producers of the range, by tenant and id.
    public var producers: [ProducerPosition.Producer] {
        states.keys.sorted { ($0.tenant, $0.id) < ($1.tenant, $1.id) }
    }

    /// The sums of a producer; nil if the range has no record of it.
    public func summary(of producer: ProducerPosition.Producer) -> Summary? {
        states[producer]?.summary
    }

    private mutating func begin(_ position: ProducerPosition, index: UInt64) -> [Finding] {
        var count = ProducerCount(position, index: index)
        if isFromStart { count.expectStart(before: index) }
        states[position.producer] = count
        return []
    }
}

/// One producer's count.
struct ProducerCount: Sendable {
    /// Numbers that did not come yet.
    private struct Gap {
        var range: ClosedRange<UInt64>
        /// The index of the record that showed it.
        let before: UInt64
    }

    /// Gaps that can still be filled: the newest ones.
    static let openGapLimit = 32

    private(set) var summary: GapReport.Summary
    private var gaps: [Gap] = []

    init(_ position: ProducerPosition, index: UInt64) {
        summary = GapReport.Summary(
            records: 1, firstIndex: index, lastIndex: index, epoch: position.epoch,
            lastSeq: position.seq)
    }

    /// Counts what is missing before an epoch's first record: numbering begins at 0 or 1.
    mutating func expectStart(before index: UInt64) {
        guard summary.lastSeq > 1 else { return }
        gaps.append(Gap(range: 1...summary.lastSeq - 1, before: index))
    }

    mutating func add(_ position: ProducerPosition, index: UInt64) -> [GapReport.Finding] {
        summary.records += 1
        summary.lastIndex = index
        if let epoch = position.epoch, let current = summary.epoch, epoch < current {
            summary.late += 1
            return [.late(position.seq, epoch: epoch, index: index)]
        }
        guard !isRestart(position) else { return restart(position, index: index) }
        if position.seq > summary.lastSeq {
            if position.seq - summary.lastSeq > 1 {
                gaps.append(Gap(range: summary.lastSeq + 1...position.seq - 1, before: index))
            }
            summary.lastSeq = position.seq
            return gaps.count > Self.openGapLimit ? [close(gaps.removeFirst())] : []
        }
        guard let place = gaps.firstIndex(where: { $0.range.contains(position.seq) }) else {
            summary.repeats += 1
            return [.repeated(position.seq, epoch: position.epoch, index: index)]
        }
        fill(place, position.seq)
        return gaps.count > Self.openGapLimit ? [close(gaps.removeFirst())] : []
    }

    /// Ends the epoch: no gap of it is filled any more.
    mutating func closeAll() -> [GapReport.Finding] {
        let findings = gaps.map { close($0) }
        gaps = []
        return findings
    }

    /// An epoch of its own says so; a count without epochs begins anew when it is back at its
    /// beginning.
    private func isRestart(_ position: ProducerPosition) -> Bool {
        guard position.epoch == summary.epoch else { return true }
        let isOpen = gaps.contains { $0.range.contains(position.seq) }
        return position.epoch == nil && position.seq <= 1 && summary.lastSeq > 1 && !isOpen
    }

    private mutating func restart(
        _ position: ProducerPosition, index: UInt64
    ) -> [GapReport.Finding] {
        let findings = closeAll()
        let restarted = GapReport.Finding.restarted(
            from: summary.epoch, to: position.epoch, index: index)
        summary.restarts += 1
        summary.epoch = position.epoch
        summary.lastSeq = position.seq
        expectStart(before: index)
        return findings + [restarted]
    }

    private mutating func close(_ gap: Gap) -> GapReport.Finding {
        summary.missing += gap.range.upperBound - gap.range.lowerBound + 1
        return .missing(gap.range, epoch: summary.epoch, before: gap.before)
    }

    private mutating func fill(_ place: Int, _ seq: UInt64) {
        let gap = gaps.remove(at: place)
        if seq < gap.range.upperBound {
            gaps.insert(Gap(range: seq + 1...gap.range.upperBound, before: gap.before), at: place)
        }
        if seq > gap.range.lowerBound {
            gaps.insert(Gap(range: gap.range.lowerBound...seq - 1, before: gap.before), at: place)
        }
    }
}
