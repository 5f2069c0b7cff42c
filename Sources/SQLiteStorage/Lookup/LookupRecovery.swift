// SPDX-License-Identifier: Apache-2.0

import LogStorage

/// Finds out what the folder holds and makes it complete.
///
/// Nothing in the folder is believed: a run counts if it is whole, lies within the committed
/// records and holds the keys of its last record. That record's leaf commits to all before it, so
/// a run of another log, or of a history that a restored backup undid, does not pass.
struct LookupRecovery {
    let rebuild: LookupRebuild
    let committedSize: UInt64
    private(set) var problems: [String] = []
    private(set) var rebuiltRecords = 0

    init(rebuild: LookupRebuild, committedSize: UInt64) {
        self.rebuild = rebuild
        self.committedSize = committedSize
    }

    /// The state to start from; throws only if the folder or the records cannot be read.
    mutating func recover() throws(StoreError) -> LookupState {
        var segments: [LookupSegment] = []
        var covered: UInt64 = 0
        for run in try usableRuns() {
            try fill(covered..<run.range.lowerBound, &segments)
            segments.append(.run(run))
            covered = run.range.upperBound
        }
        // What is less than a tail at the end goes to memory, as it was before the restart.
        let perTail = UInt64(rebuild.settings.recordsPerTail)
        let full = (committedSize - covered) / perTail * perTail
        try fill(covered..<covered + full, &segments)
        let live = try rebuild.tail(covered + full..<committedSize)
        var state = LookupState(settings: rebuild.settings, segments: segments, live: live)
        for problem in problems { state.noteProblem(problem) }
        state.noteRebuilt(rebuiltRecords)
        return state
    }

    private mutating func fill(
        _ gap: Range<UInt64>, _ segments: inout [LookupSegment]
    ) throws(StoreError) {
        if gap.isEmpty { return }
        var refusal: StoreError?
        segments += try rebuild.segments(gap) { refusal = $0 }
        if let refusal { problems.append(refusal.debugDescription) }
        rebuiltRecords += gap.count
    }

    /// Runs that do not overlap, in order; all other files of ours are removed.
    private mutating func usableRuns() throws(StoreError) -> [LookupRun] {
        var runs: [LookupRun] = []
        for name in try rebuild.folder.names().sorted() {
            if name.hasSuffix(LookupRunWriter.temporarySuffix) {
                rebuild.folder.remove(name)
            } else if name.hasSuffix(".run"), let run = try usableRun(name) {
                runs.append(run)
            }
        }
        runs.sort {
            ($0.range.lowerBound, $1.range.upperBound) < ($1.range.lowerBound, $0.range.upperBound)
        }
        var chosen: [LookupRun] = []
        for run in runs {
            if run.range.lowerBound >= chosen.last?.range.upperBound ?? 0 {
                chosen.append(run)
            } else {
                // A merge was finished, and its sources not yet removed.
                rebuild.folder.remove(run.name)
            }
        }
        return chosen
    }

    private mutating func usableRun(_ name: String) throws(StoreError) -> LookupRun? {
        let run: LookupRun
        do throws(StoreError) {
            run = try LookupRun(name: name, in: rebuild.folder)
        } catch {
            drop(name, error.debugDescription)
            return nil
        }
        guard run.range.upperBound <= committedSize else {
            drop(name, "the look-up run \(name) goes beyond the committed records")
            return nil
        }
        let last = run.range.upperBound - 1
        for key in try rebuild.keys(last..<last + 1)[0] {
            guard Self.holds(run, key, at: last) else {
                drop(name, "the look-up run \(name) does not match the records")
                return nil
            }
        }
        return run
    }

    private static func holds(_ run: LookupRun, _ key: LookupKey, at index: UInt64) -> Bool {
        if key.isTime { return run.index.spans.holds(key, at: index) }
        let query = LookupQuery(key: key, range: index..<index + 1, descending: true, limit: 1)
        return (try? run.matches(query)) == [index]
    }

    private mutating func drop(_ name: String, _ problem: String) {
        problems.append(problem)
        rebuild.folder.remove(name)
    }
}
