// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Synchronization

extension LookupIndex {
    /// The background thread: takes one step after another until the index is closed.
    func runInBackground() {
        while true {
            switch state.withLock({ $0.nextStep(now: .now) }) {
            case .stop:
                finishStep()
                return
            case .wait(let milliseconds):
                wake.wait(atMostMS: milliseconds)
                continue
            case .flush(let tail):
                replace([.tail(tail)]) { () throws(LookupFailure) in
                    try LookupRun.write(tail.tail, in: rebuild.folder)
                }
            case .merge(let runs):
                replace(runs.map { .run($0) }) { () throws(LookupFailure) in
                    try LookupRun.merge(runs, in: rebuild.folder)
                }
            case .repair(let run):
                repair(run)
            }
            finishStep()
        }
    }

    private func finishStep() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.raise() }
    }

    /// Makes a run in the place of segments, then removes the files that it replaces.
    private func replace(
        _ old: [LookupSegment], by make: () throws(LookupFailure) -> LookupRun
    ) {
        do throws(LookupFailure) {
            let run = try make()
            state.withLock { $0.replace(old, by: [.run(run)]) }
            for case .run(let run) in old { rebuild.folder.remove(run.name) }
        } catch {
            state.withLock {
                switch error {
                case .damage(let run, let reason): $0.noteDamage(run, reason: reason)
                case .store(let error): $0.noteFailure(error, now: .now)
                }
            }
        }
    }

    /// Builds a damaged run's range again from the records.
    ///
    /// Its file goes first, because a new run may bear its name; a crash here leaves a gap, which
    /// the next opening fills.
    private func repair(_ run: LookupRun) {
        rebuild.folder.remove(run.name)
        do throws(StoreError) {
            var refusal: StoreError?
            let segments = try rebuild.segments(run.range) { refusal = $0 }
            state.withLock {
                $0.replace([.run(run)], by: segments)
                $0.noteRebuilt(run.range.count)
                if let refusal { $0.noteFailure(refusal, now: .now) }
            }
        } catch {
            state.withLock { $0.noteFailedRepair(of: run, error, now: .now) }
        }
    }
}
