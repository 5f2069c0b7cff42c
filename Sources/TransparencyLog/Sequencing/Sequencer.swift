// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Glibc
import LogStorage
import Logging
import Merkle
import Synchronization

/// Puts submissions into the log: one thread that commits what waits, as long as something does.
///
/// It owns the tree's edge and the chain's tip. The decisions are ``Batcher``'s, ``ClockRule``'s
/// and ``CommitTransaction``'s; this runs them.
final class Sequencer: Sendable {
    /// Makes the record that says that sequencing went on after the clock had halted it.
    typealias ClockRecord = @Sendable (_ now: ClockReading) -> Submission

    private let store: any LogStore
    private let integrator: Integrator
    private let publisher: Publisher
    private let clock: @Sendable () -> ClockReading
    private let clockRecord: ClockRecord
    private let logger: Logger
    private let batcher: Monitor<Batcher<PendingUnit>>
    private let status: Mutex<Status>
    private let end = Mutex(End.ahead([]))

    /// What an operator wants to know.
    struct Status: Sendable {
        /// Set once, when nothing will be sequenced until a restart.
        var stopReason: String?
        /// It has stopped because someone holds a head that contradicts this log's.
        var isContradicted = false
        var lastCommitMS: UInt64 = 0
        /// Compares the clocks with what they were at the last commit.
        var clockRule: ClockRule
    }

    private enum End {
        /// Both threads run, or have yet to; these tasks wait for them.
        case ahead([CheckedContinuation<Void, Never>])
        /// All that was accepted is published or refused. Final.
        case reached
    }

    init(
        store: any LogStore, integrator: Integrator, publisher: Publisher,
        configuration: LogConfiguration, clock: @escaping @Sendable () -> ClockReading,
        clockRecord: @escaping ClockRecord, logger: Logger
    ) {
        self.store = store
        self.integrator = integrator
        self.publisher = publisher
        self.clock = clock
        self.clockRecord = clockRecord
        self.logger = logger
        status = Mutex(
            Status(
                clockRule: ClockRule(toleranceMS: configuration.clockToleranceMS, now: clock())))
        batcher = Monitor(
            Batcher(
                limits: .init(
                    queueRecords: configuration.queueRecords,
                    queueBytes: configuration.queueBytes,
                    batchRecords: configuration.batchRecords,
                    batchBytes: configuration.batchBytes,
                    unpublishedCommits: configuration.unpublishedCommits)))
    }

    var current: Status { status.withLock { $0 } }
    var queuedRecords: Int { batcher.enter { ($0.queuedRecords, wakes: false) } }

    /// Starts both threads, from what recovery found.
    func start(_ state: SequencerState) {
        status.withLock { $0.lastCommitMS = state.head?.committedAtMS ?? 0 }
        publisher.start(
            Publisher.Callbacks(
                settled: { [batcher] in batcher.update { $0.settled() } },
                stop: { [weak self] in self?.stop($0) },
                finished: { [weak self] in self?.finish() }))
        startThread("sequencer") { [self] in run(state) }
    }

    /// Queues a unit; `answer` is called once, when it is published or refused.
    ///
    /// - Parameter isLast: no unit is taken after this one.
    func submit(
        _ submissions: [Submission], isLast: Bool = false, _ answer: @escaping UnitAnswer
    ) {
        let unit = PendingUnit(submissions, answer)
        let bytes = unit.byteCount
        // A writer that has to wait for the publisher is woken by that, not by every unit.
        let admission = batcher.enter { batcher in
            let hadStep = batcher.hasStep
            let admission =
                isLast
                ? batcher.addLast(unit, records: submissions.count, bytes: bytes)
                : batcher.add(unit, records: submissions.count, bytes: bytes)
            return (admission, wakes: batcher.hasStep && !hadStep)
        }
        if case .refused(let refusal) = admission { unit.fail(error(for: refusal)) }
    }

    /// Takes none, in a log whose last record says so: it finishes at once.
    func endForGood() {
        batcher.update { $0.drain() }
    }

    /// Is never started, in a log that is only looked at.
    func stayIdle() {
        _ = batcher.update { $0.stop() }
        finish()
    }

    /// Takes no more, and returns when both threads have finished what was accepted.
    func drain() async {
        batcher.update { $0.drain() }
        await withCheckedContinuation { continuation in
            let isReached = end.withLock { end in
                guard case .ahead(let waiting) = end else { return true }
                end = .ahead(waiting + [continuation])
                return false
            }
            if isReached { continuation.resume() }
        }
    }

    private func finish() {
        let waiting = end.withLock { end -> [CheckedContinuation<Void, Never>] in
            guard case .ahead(let waiting) = end else { return [] }
            end = .reached
            return waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Commits nothing any more.
    ///
    /// Reads go on, and what is committed is still published.
    func stop(_ reason: String, isContradiction: Bool = false) {
        let isFirst = status.withLock { status in
            status.isContradicted = status.isContradicted || isContradiction
            defer { status.stopReason = status.stopReason ?? reason }
            return status.stopReason == nil
        }
        if isFirst { logger.critical("sequencing has stopped", metadata: ["reason": "\(reason)"]) }
        let waiting = batcher.update { $0.stop() }
        for unit in waiting { unit.fail(error(for: .stopped)) }
    }

    private func error(for refusal: Batcher<PendingUnit>.Refusal) -> LogError {
        switch refusal {
        case .full:
            LogError(.overloaded, "the log is busy; send it again after a moment")
        case .draining:
            LogError(.shuttingDown, "the log is shutting down; send it again after its restart")
        case .stopped:
            LogError(
                .sequencingStopped, "the log takes no records until its operator restarts it")
        }
    }

    private func run(_ start: SequencerState) {
        var state = start
        while true {
            let step: Batcher<PendingUnit>.Step = batcher.wait { batcher in
                switch batcher.next() {
                case .wait: nil
                case let step: step
                }
            }
            guard case .commit(let units) = step else { return publisher.endSequencing() }
            let now = clock()
            let (verdict, wasHalted) = status.withLock { status in
                let wasHalted = status.clockRule.isHalted
                return (status.clockRule.judge(now), wasHalted)
            }
            switch verdict {
            case .proceed:
                state = commit(units, [], state, now)
            case .resume:
                logger.notice("the clocks agree again; sequencing goes on")
                state = commit(units, [clockRecord(now)], state, now)
            case .halt(let difference):
                if !wasHalted {
                    logger.critical(
                        "wall clock and boot time disagree; nothing is sequenced",
                        metadata: ["difference_ms": "\(difference)"])
                }
                fail(
                    units,
                    LogError(.clockDisagrees, "the log's clock is being set; try again later"))
            }
        }
    }

    private func fail(_ units: [PendingUnit], _ error: LogError) {
        batcher.update { $0.settled() }
        for unit in units { unit.fail(error) }
    }

    /// One commit, handed to the publisher.
    ///
    /// Returns the state after it; the same one if it failed.
    private func commit(
        _ units: [PendingUnit], _ extra: [Submission], _ state: SequencerState,
        _ now: ClockReading
    ) -> SequencerState {
        let outcome: CommitTransaction.Outcome
        do {
            let work = CommitTransaction(integrator: integrator, state: state, wallMS: now.wallMS)
            outcome = try store.transaction {
                try work.run([extra] + units.map(\.submissions), in: $0)
            }
        } catch {
            refuse(units, error)
            return state
        }
        if let batch = outcome.batch {
            do {
                try readBack(batch.head)
            } catch {
                stop("a committed head could not be read back: \(error)")
                fail(units, Publisher.notPublished)
                return state
            }
            status.withLock { status in
                status.lastCommitMS = now.wallMS
                status.clockRule.committed(at: now)
            }
        }
        publisher.enqueue(
            CommittedBatch(
                units: units, settlements: Array(outcome.settlements.dropFirst()),
                batch: outcome.batch, edge: outcome.state.edge))
        return outcome.state
    }

    /// Answers the units of a transaction that failed, and stops unless the store says for certain
    /// that nothing was written and that the next one may succeed.
    private func refuse(_ units: [PendingUnit], _ error: any Error) {
        switch (error as? StoreError)?.code {
        case .full:
            logger.error("the volume is full; the records were refused")
            fail(units, LogError(.storageFull, "no room is left for records", cause: error))
        case .locked:
            logger.error("the store is held by another program; the records were refused")
            fail(units, LogError(.overloaded, "the store is busy; try again later", cause: error))
        default:
            stop("a commit failed: \(error)")
            logger.critical("a commit failed", metadata: ["error": "\(String(reflecting: error))"])
            let message = "the store failed; send it again with the same key after a restart"
            fail(units, LogError(.storageFailed, message, cause: error))
        }
    }

    /// Only a head that is read back from what is committed is ever signed.
    ///
    /// A reader that cannot be had for a moment is no reason to stop; another head is.
    private func readBack(_ head: StoredHead) throws {
        for attempt in 0... {
            do throws(StoreError) {
                let found = try store.reader.head()
                guard found == head else { break }
                return
            } catch {
                guard attempt < 50, error.code != .corrupt, error.code != .closed else {
                    throw error
                }
                usleep(100_000)
            }
        }
        throw SequencerFault.headDiffers
    }
}
