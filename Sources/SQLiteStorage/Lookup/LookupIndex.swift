// SPDX-License-Identifier: Apache-2.0

package import LogStorage
import Synchronization

/// Finds records by key, without slowing the commits that it follows.
///
/// New keys go to memory; full tails are sorted and written behind the commit as immutable runs,
/// and runs of one size are merged. Everything is derived from the records: a run that is missing
/// or damaged is rebuilt from them, and a crash at any point leaves a folder that opens. It is
/// complete up to the newest record appended, whatever the disk does.
///
/// Disk: about 8 bytes for each unique key and 1 for each common value. Memory: about 2.5 MB a
/// million records for the runs, and 2 to 24 bytes a key in each of at most six tails
/// (`LookupStatus.memoryByteCount` has the sum). A commit never waits for the disk, except when
/// `mostWaitingTails` tails are unwritten and the disk works. While it refuses, tails pile up.
///
/// One process at a time may have a folder open; its store's lock sees to that.
package final class LookupIndex: Sendable {
    let rebuild: LookupRebuild
    let state: Mutex<LookupState>
    /// Wakes the background thread.
    let wake: LookupSignal
    private let thread: Mutex<LookupThread?>

    private init(rebuild: LookupRebuild, state: LookupState) throws(StoreError) {
        self.rebuild = rebuild
        self.state = Mutex(state)
        wake = try LookupSignal()
        thread = Mutex(nil)
    }

    /// Opens, or makes, the folder of look-ups for a log of `committedSize` records.
    ///
    /// `readEntries` gives the keys of committed records, for what the folder lacks; it is called
    /// from here and from the background thread, and must not wait for a caller of this index.
    /// Throws if the folder cannot be made or listed, or `readEntries` throws.
    package static func open(
        directory: String, committedSize: UInt64,
        readEntries: @escaping @Sendable (Range<UInt64>) throws -> [[LookupKey]]
    ) throws(StoreError) -> LookupIndex {
        try open(
            directory: directory, committedSize: committedSize, settings: LookupSettings(),
            readEntries: readEntries)
    }

    static func open(
        directory: String, committedSize: UInt64, settings: LookupSettings,
        readEntries: @escaping @Sendable (Range<UInt64>) throws -> [[LookupKey]]
    ) throws(StoreError) -> LookupIndex {
        let rebuild = LookupRebuild(
            folder: try LookupFolder(creating: directory), settings: settings,
            readEntries: readEntries)
        var recovery = LookupRecovery(rebuild: rebuild, committedSize: committedSize)
        let index = try LookupIndex(rebuild: rebuild, state: try recovery.recover())
        let thread = try LookupThread(niceness: settings.niceness) { index.runInBackground() }
        index.thread.withLock { $0 = thread }
        return index
    }

    /// Adds the keys of the records from `firstIndex` on, which must be the next ones.
    ///
    /// Called after their commit, before anyone is told of it. Cost: about 0.3 µs a record.
    package func append(firstIndex: UInt64, keys: [[LookupKey]]) {
        let (frozen, behind) = state.withLock { state in
            precondition(firstIndex == state.size, "records are appended in order, each once")
            var frozen = false
            for recordKeys in keys where state.append(recordKeys) { frozen = true }
            return (frozen, isBehind(state))
        }
        if frozen { wake.raise() }
        if behind { waitForBackground { [self] in !isBehind($0) } }
    }

    /// Indexes in `range` that may bear `key`, rising or falling, at most `limit`.
    ///
    /// None that bears it is left out. A run that turns out damaged is rebuilt before this
    /// returns. Cost: about 10 µs for each run; an absent submission key 0.1 µs for each run.
    /// Throws `.closed`, or why a damaged run could not be rebuilt.
    package func candidates(
        _ key: LookupKey, in range: Range<UInt64>, descending: Bool, limit: Int
    ) throws(StoreError) -> [UInt64] {
        let query = LookupQuery(key: key, range: range, descending: descending, limit: limit)
        guard limit > 0, !range.isEmpty else { return [] }
        while true {
            do throws(LookupFailure) {
                return try answer(query)
            } catch {
                switch error {
                case .store(let error): throw error
                case .damage(let run, let reason): try awaitRepair(of: run, reason: reason)
                }
            }
        }
    }

    private func answer(_ query: LookupQuery) throws(LookupFailure) -> [UInt64] {
        while true {
            let (isClosed, newest, segments) = state.withLock {
                ($0.isClosed, query.descending ? $0.live.matches(query) : [], $0.segments)
            }
            if isClosed { throw .store(Self.closed) }
            var found = newest
            for place in segments.indices where found.count < query.limit {
                let segment = segments[query.descending ? segments.count - 1 - place : place]
                guard segment.mayHold(query.key) else { continue }
                found += try segment.matches(query.limited(to: query.limit - found.count))
            }
            if query.descending || found.count == query.limit { return found }
            // In a rising order the live tail comes last, and is seldom needed.
            let end = segments.last?.range.upperBound ?? 0
            let rest = query.limited(to: query.limit - found.count)
            let last = state.withLock { $0.live.first == end ? $0.live.matches(rest) : nil }
            if let last { return found + last }
        }
    }

    /// The parts of `range` that hold every record in `span`, rising.
    ///
    /// Cost: about 10 ns for each segment of 256 records.
    package func stretches(
        of span: LookupSpan, in range: Range<UInt64>
    ) throws(StoreError) -> [LookupStretch] {
        let (segments, last) = state.withLock { state -> ([LookupSegment]?, [LookupStretch]) in
            if state.isClosed { return (nil, []) }
            var last: [LookupStretch] = []
            state.live.spans.add(span, in: range.clamped(to: state.live.range), to: &last)
            return (state.segments, last)
        }
        guard let segments else { throw Self.closed }
        var found: [LookupStretch] = []
        for segment in segments {
            segment.spans.add(span, in: range.clamped(to: segment.range), to: &found)
        }
        for stretch in last { found.extend(by: stretch) }
        return found
    }

    private func awaitRepair(of run: LookupRun, reason: String) throws(StoreError) {
        state.withLock { $0.noteDamage(run, reason: reason) }
        wake.raise()
        waitForBackground { $0.isClosed || !$0.isDamaged(run) || $0.repairFailure(of: run) != nil }
        if let failure = state.withLock({ $0.repairFailure(of: run) }) { throw failure }
    }

    /// Writes all that is in memory, and returns when it is written and merged.
    ///
    /// It also returns when the disk has refused once. The index stays complete either way.
    package func flush() {
        let before = state.withLock { state in
            if !state.isClosed { state.freeze() }
            state.retryNow(.now)
            return state.problemCount
        }
        wake.raise()
        waitForBackground {
            $0.isSettled(now: .now) || ($0.isFailing && $0.problemCount > before)
        }
    }

    /// Makes the parts that hold these records again from what is left of them; `ranges` rise.
    ///
    /// Queries go on meanwhile. Throws if a part could not be made again: call it again then.
    package func forget(_ ranges: [Range<UInt64>]) throws(StoreError) {
        guard !ranges.isEmpty else { return }
        // What is in memory becomes runs first, so that there is one way to make a part again.
        flush()
        let (runs, isWritten) = state.withLock { $0.noteStale(ranges) }
        wake.raise()
        waitForBackground { state in
            state.isClosed || runs.allSatisfy { !state.isPending($0) || state.hasFailed($0) }
        }
        let isDone = state.withLock { state in runs.allSatisfy { !state.isPending($0) } }
        guard isWritten, isDone else {
            throw StoreError(
                .inputOutput,
                "look-ups by removed values could not be made again; free space on"
                    + " the volume and try again")
        }
    }

    /// Writes what is in memory, so that the next opening need not read it again, and stops.
    package func close() {
        flush()
        state.withLock { $0.isClosed = true }
        wake.raise()
        thread.withLock { $0.take() }?.join()
    }

    /// How the index stands now.
    package var status: LookupStatus { state.withLock { $0.status } }

    private static let closed = StoreError(.closed, "the look-ups are closed")

    /// A disk that refuses must not stop commits; a disk that is slow may.
    private func isBehind(_ state: LookupState) -> Bool {
        state.waitingTailCount > rebuild.settings.mostWaitingTails && !state.isFailing
            && !state.isClosed
    }

    /// Waits until the state is as wanted, looking at it after each background step.
    private func waitForBackground(until isDone: @Sendable (LookupState) -> Bool) {
        // Without a descriptor for a signal, there is nothing to wait with: go on.
        guard let signal = try? LookupSignal() else { return }
        while true {
            let done = state.withLock { state in
                if isDone(state) { return true }
                state.waiters.append(signal)
                return false
            }
            if done { return }
            signal.wait()
        }
    }
}
