// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Merkle

/// Sizes and limits of a look-up index.
struct LookupSettings: Sendable {
    /// Records in memory before a run is written; about 100 bytes each with six keys.
    var recordsPerTail = LookupTail.mostRecords
    /// Runs of one size that are merged into one of the next.
    var fanOut = 4
    /// Full tails that may wait for the disk before `append` waits too.
    var mostWaitingTails = 4
    var niceness: Int32 = 5
    /// The first pause after a failed write; it doubles up to 30 s.
    var firstPauseMS: Int64 = 200
}

/// A part of the index: written, or still in memory.
enum LookupSegment: Sendable {
    case run(LookupRun)
    case tail(LookupFrozenTail)

    var range: Range<UInt64> {
        switch self {
        case .run(let run): run.range
        case .tail(let tail): tail.tail.range
        }
    }

    /// False if the key is certainly absent; costs no read.
    func mayHold(_ key: LookupKey) -> Bool {
        switch self {
        case .run(let run): run.mayHold(key)
        case .tail(let tail): tail.tail.mayHold(key)
        }
    }

    func matches(_ query: LookupQuery) throws(LookupFailure) -> [UInt64] {
        switch self {
        case .run(let run): try run.matches(query)
        case .tail(let tail): tail.tail.matches(query)
        }
    }

    /// Where in time the records of each segment lie.
    var spans: LookupSpans {
        switch self {
        case .run(let run): run.index.spans
        case .tail(let tail): tail.tail.spans
        }
    }

    fileprivate func isSame(as other: LookupSegment) -> Bool {
        switch (self, other) {
        case (.run(let left), .run(let right)): left === right
        case (.tail(let left), .tail(let right)): left === right
        default: false
        }
    }
}

/// What the background thread does next.
enum LookupStep: Sendable {
    /// Build the run's range again from the records.
    case repair(LookupRun)
    case flush(LookupFrozenTail)
    case merge([LookupRun])
    /// Wait to be woken; with a time, at most that long.
    case wait(atMostMS: Int32?)
    case stop
}

/// All that changes in a look-up index: a value that decides; others carry out.
struct LookupState: Sendable {
    private let settings: LookupSettings
    /// They tile the records from 0 to the live tail, in order.
    ///
    /// Appending adds at the end; all else is changed by the background thread alone.
    private(set) var segments: [LookupSegment]
    private(set) var live: LookupTail
    var isClosed = false
    /// Runs that no query may use, and why the last attempt to rebuild one failed.
    private(set) var damaged: [(run: LookupRun, failure: StoreError?)] = []
    /// Runs that hold values of removed records: in use until they are made again.
    private(set) var stale: [LookupRun] = []
    /// Raised, and forgotten, when the background thread has done a step.
    var waiters: [LookupSignal] = []

    private(set) var problemCount = 0
    private(set) var lastProblem: String?
    private(set) var rebuiltRecords: UInt64 = 0
    /// The last step failed; the next is not before this.
    private var retryAt: ContinuousClock.Instant?
    private var pauseMS: Int64

    init(settings: LookupSettings, segments: [LookupSegment], live: LookupTail) {
        self.settings = settings
        self.segments = segments
        self.live = live
        pauseMS = settings.firstPauseMS
    }

    var size: UInt64 { live.range.upperBound }
    var isFailing: Bool { retryAt != nil }
    var waitingTailCount: Int {
        segments.reduce(0) { count, segment in
            if case .tail = segment { count + 1 } else { count }
        }
    }

    /// Adds the next record's keys; true if a full tail now waits to be written.
    mutating func append(_ keys: [LookupKey]) -> Bool {
        live.append(keys)
        guard live.isFull else { return false }
        freeze()
        return true
    }

    /// Hands the live tail over, however few records it has.
    mutating func freeze() {
        guard live.count > 0 else { return }
        segments.append(.tail(LookupFrozenTail(live)))
        live = LookupTail(first: live.range.upperBound, capacity: settings.recordsPerTail)
    }

    // MARK: what to do next

    func nextStep(now: ContinuousClock.Instant) -> LookupStep {
        if isClosed { return .stop }
        // A query waits for a repair, so the first attempt comes before all else.
        if let fresh = damaged.first(where: { $0.failure == nil }) { return .repair(fresh.run) }
        if let retryAt, now < retryAt {
            let (seconds, attoseconds) = (retryAt - now).components
            return .wait(atMostMS: Int32(seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
        }
        if let failed = damaged.first { return .repair(failed.run) }
        if let run = stale.first { return .repair(run) }
        for case .tail(let tail) in segments { return .flush(tail) }
        let runs = segments.compactMap { segment in
            if case .run(let run) = segment { run } else { nil }
        }
        guard let group = Self.mergeable(runs.map { tier(of: $0) }, fanOut: settings.fanOut) else {
            return .wait(atMostMS: nil)
        }
        return .merge(Array(runs[group]))
    }

    /// Nothing waits to be written, merged or rebuilt.
    func isSettled(now: ContinuousClock.Instant) -> Bool {
        switch nextStep(now: now) {
        case .stop, .wait(atMostMS: nil): true
        default: false
        }
    }

    /// 0 below `fanOut` full tails, 1 below `fanOut` times that, and so on.
    private func tier(of run: LookupRun) -> Int {
        var (tier, least) = (0, settings.recordsPerTail * settings.fanOut)
        while run.range.count >= least {
            tier += 1
            (least, _) = least.multipliedReportingOverflow(by: settings.fanOut)
        }
        return tier
    }

    /// The adjacent runs to merge: `fanOut` of one tier, or smaller ones stuck before a larger one.
    ///
    /// So the tiers fall from the first run to the last, with fewer than `fanOut` runs in each,
    /// and each record is written once for each tier.
    static func mergeable(_ tiers: [Int], fanOut: Int) -> Range<Int>? {
        var start = 0
        for place in tiers.indices {
            if tiers[place] != tiers[start] { start = place }
            if place - start + 1 == fanOut { return start..<place + 1 }
        }
        guard let large = tiers.indices.dropFirst().first(where: { tiers[$0 - 1] < tiers[$0] })
        else { return nil }
        var first = large - 1
        while first > 0 && tiers[first - 1] < tiers[large] { first -= 1 }
        return large - first == 1 ? first..<large + 1 : first..<large
    }

    // MARK: what was done

    /// Puts what a step made in the place of what it was made from.
    mutating func replace(_ old: [LookupSegment], by new: [LookupSegment]) {
        guard let first = segments.firstIndex(where: { $0.isSame(as: old[0]) }) else {
            preconditionFailure("only the background thread replaces segments")
        }
        segments.replaceSubrange(first..<first + old.count, with: new)
        damaged.removeAll { entry in old.contains { $0.isSame(as: .run(entry.run)) } }
        stale.removeAll { run in old.contains { $0.isSame(as: .run(run)) } }
        retryAt = nil
        pauseMS = settings.firstPauseMS
    }

    mutating func noteRebuilt(_ records: Int) { rebuiltRecords += UInt64(records) }

    mutating func noteProblem(_ text: String) {
        problemCount += 1
        lastProblem = text
    }

    /// A step failed: note it and pause before the next.
    mutating func noteFailure(_ error: StoreError, now: ContinuousClock.Instant) {
        noteProblem(error.debugDescription)
        retryAt = now + .milliseconds(pauseMS)
        pauseMS = min(pauseMS * 2, 30_000)
    }

    /// Ends the pause after a failure.
    mutating func retryNow(_ now: ContinuousClock.Instant) {
        if retryAt != nil { retryAt = now }
    }

    mutating func noteFailedRepair(
        of run: LookupRun, _ error: StoreError, now: ContinuousClock.Instant
    ) {
        noteFailure(error, now: now)
        // Its file is gone, so it can be of use to nobody.
        stale.removeAll { $0 === run }
        if !isDamaged(run) { damaged.append((run, error)) }
        for place in damaged.indices where damaged[place].run === run {
            damaged[place].failure = error
        }
    }

    /// Takes a run out of use until it is rebuilt, unless it has been replaced already.
    mutating func noteDamage(_ run: LookupRun, reason: String) {
        guard segments.contains(where: { $0.isSame(as: .run(run)) }) else { return }
        guard !damaged.contains(where: { $0.run === run }) else { return }
        damaged.append((run, nil))
        noteProblem("the look-up run \(run.name) is damaged and is being rebuilt: \(reason)")
    }

    /// Why a damaged run could not be rebuilt; nil while it has not failed.
    func repairFailure(of run: LookupRun) -> StoreError? {
        damaged.first { $0.run === run }?.failure
    }

    func isDamaged(_ run: LookupRun) -> Bool { damaged.contains { $0.run === run } }

    /// Has the runs that hold any of these records made again; `ranges` rise.
    ///
    /// Returns them, and whether every one of the records is in a run.
    mutating func noteStale(
        _ ranges: [Range<UInt64>]
    ) -> (runs: [LookupRun], isWritten: Bool) {
        var found: [LookupRun] = []
        var isWritten = true
        for segment in segments where ranges.touch(segment.range) {
            switch segment {
            case .run(let run): found.append(run)
            case .tail: isWritten = false
            }
        }
        if ranges.touch(live.range) { isWritten = false }
        stale += found.filter { run in !stale.contains { $0 === run } }
        return (found, isWritten)
    }

    /// Whether a run still waits to be made again.
    func isPending(_ run: LookupRun) -> Bool {
        stale.contains { $0 === run } || isDamaged(run)
    }

    func hasFailed(_ run: LookupRun) -> Bool { repairFailure(of: run) != nil }
}

extension [Range<UInt64>] {
    /// Whether any of these, which rise and do not overlap, has an index in common with another one.
    fileprivate func touch(_ other: Range<UInt64>) -> Bool {
        let place = firstPlace(endingAfter: other.lowerBound)
        return place < count && self[place].overlaps(other)
    }
}
