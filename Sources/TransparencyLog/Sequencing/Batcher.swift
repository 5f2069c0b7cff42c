// SPDX-License-Identifier: Apache-2.0

/// Decides when the sequencer commits, what it takes, and what it turns away.
///
/// Pure: no threads, no clock, no I/O.
///
/// Group commit without a timer: whatever waits when a commit ends makes up the next one, so that
/// a lone record waits for nobody and a crowd shares one fsync.
struct Batcher<Unit> {
    struct Limits {
        var queueRecords: Int
        var queueBytes: Int
        var batchRecords: Int
        var batchBytes: Int
        /// Commits that may be unpublished while the next is made.
        var unpublishedCommits: Int
    }

    enum Admission: Equatable {
        case queued
        case refused(Refusal)
    }

    enum Refusal: Equatable {
        case full
        case draining
        case stopped
    }

    /// What the writer does next.
    enum Step {
        case wait
        case commit([Unit])
        /// All that was accepted is committed and published; nothing more will come.
        case finish
    }

    private enum Phase: Equatable {
        /// Takes units and commits them. Becomes `draining` or `stopped`.
        case running
        /// Takes no more, commits what waits. Becomes `stopped`.
        case draining
        /// Takes none and commits none. Final.
        case stopped
    }

    private struct Waiting {
        let unit: Unit
        let records: Int
        let bytes: Int
    }

    private let limits: Limits
    private var phase = Phase.running
    private var queue: [Waiting] = []
    private var queuedBytes = 0
    private var unpublished = 0
    private(set) var queuedRecords = 0

    init(limits: Limits) {
        self.limits = limits
    }

    /// A unit of one or more records wants in.
    ///
    /// It is taken whole or not at all.
    ///
    /// A unit that is larger than the queue is taken when the queue is empty, so that no legal
    /// request is refused for ever.
    mutating func add(_ unit: Unit, records: Int, bytes: Int) -> Admission {
        switch phase {
        case .draining: return .refused(.draining)
        case .stopped: return .refused(.stopped)
        case .running: break
        }
        let fits =
            queuedRecords + records <= limits.queueRecords
            && queuedBytes + bytes <= limits.queueBytes
        guard fits || queue.isEmpty else { return .refused(.full) }
        queue.append(Waiting(unit: unit, records: records, bytes: bytes))
        queuedRecords += records
        queuedBytes += bytes
        return .queued
    }

    /// A unit that is to be the last one: if it is taken, no other is.
    mutating func addLast(_ unit: Unit, records: Int, bytes: Int) -> Admission {
        let admission = add(unit, records: records, bytes: bytes)
        if case .queued = admission { drain() }
        return admission
    }

    /// Whether `next` would say something else than `wait`.
    var hasStep: Bool {
        phase == .stopped || unpublished < limits.unpublishedCommits && !queue.isEmpty
            || phase == .draining && queue.isEmpty && unpublished == 0
    }

    /// The writer is free.
    ///
    /// Units leave in the order in which they came.
    mutating func next() -> Step {
        if phase == .stopped { return .finish }
        if unpublished >= limits.unpublishedCommits { return .wait }
        if queue.isEmpty { return phase == .draining && unpublished == 0 ? .finish : .wait }
        var (taken, records, bytes) = (0, 0, 0)
        for waiting in queue {
            (records, bytes) = (records + waiting.records, bytes + waiting.bytes)
            let fits = records <= limits.batchRecords && bytes <= limits.batchBytes
            guard taken == 0 || fits else {
                (records, bytes) = (records - waiting.records, bytes - waiting.bytes)
                break
            }
            taken += 1
        }
        let units = queue[..<taken].map(\.unit)
        queue.removeFirst(taken)
        queuedRecords -= records
        queuedBytes -= bytes
        unpublished += 1
        return .commit(units)
    }

    /// A commit that `next` asked for has been published, or has failed without a trace.
    mutating func settled() {
        precondition(unpublished > 0, "each commit is settled once")
        unpublished -= 1
    }

    /// No more units; what waits is still committed.
    mutating func drain() {
        if phase == .running { phase = .draining }
    }

    /// Nothing is committed any more.
    ///
    /// Returns the units that still wait, for their refusal.
    mutating func stop() -> [Unit] {
        phase = .stopped
        let units = queue.map(\.unit)
        (queue, queuedRecords, queuedBytes) = ([], 0, 0)
        return units
    }
}
