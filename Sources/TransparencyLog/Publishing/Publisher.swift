// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Logging
import Merkle
import SignedNote
import Synchronization

/// Signs, anchors and shows heads, in the order in which they were committed.
///
/// It runs on one thread and owns the anchor. The order of effects, and what a crash leaves:
/// 1. The writer has committed the head unsigned, and has read it back. A crash here: recovery
///    checks the tail and publishes it; nobody was told of it.
/// 2. Sign, and verify the signature. A crash here loses the signature, which nobody saw.
/// 3. Write the anchor. A crash here: the head counts as published, though nobody has it yet.
/// 4. Move the published head, and answer. Readers see it from here on.
final class Publisher: Sendable {
    private enum Job {
        case publish(CommittedBatch)
        case signTreeHead(CheckedContinuation<Result<SignedTreeHead, LogError>, Never>)
        /// No commit will follow. Tree heads are signed on, for readers, until `close`.
        case sequencingEnded
    }

    private struct Inbox {
        var jobs: [Job] = []
        var isClosed = false
    }

    /// What the thread alone knows.
    private struct Session {
        /// The newest committed head that is not published yet: a signature that failed is tried
        /// again with whatever comes next.
        var unsigned: (head: StoredHead, edge: TreeEdge)?
        /// Cleared for good when the anchor or a head is not what it must be.
        var mayPublish = true
        var rule: ClockRule
    }

    /// Makes the note over a head, and has verified it.
    typealias Sign = @Sendable (TreeHead) throws -> String

    private let signer: CheckpointSigner
    private let sign: Sign
    private let anchor: Anchor
    private let clock: @Sendable () -> ClockReading
    private let renewalMS: UInt64
    private let toleranceMS: UInt64
    private let logger: Logger
    private let inbox = Monitor(Inbox())
    private let current: Mutex<PublishedHead>
    private let signed = Mutex<SignedTreeHead?>(nil)
    private let threads = InFlight()

    /// Tells the sequencer that a commit is settled, or that all must stop.
    struct Callbacks: Sendable {
        let settled: @Sendable () -> Void
        let stop: @Sendable (_ reason: String) -> Void
        let finished: @Sendable () -> Void
    }

    /// - Parameter start: a head that is signed and anchored already.
    init(
        signer: CheckpointSigner, sign: @escaping Sign, anchor: Anchor, start: PublishedHead,
        clock: @escaping @Sendable () -> ClockReading, configuration: LogConfiguration,
        logger: Logger
    ) {
        self.signer = signer
        self.sign = sign
        self.anchor = anchor
        self.clock = clock
        renewalMS = configuration.treeHeadRenewalMS
        toleranceMS = configuration.clockToleranceMS
        self.logger = logger
        current = Mutex(start)
    }

    /// The newest published head.
    var published: PublishedHead { current.withLock { $0 } }

    func start(_ callbacks: Callbacks) {
        let session = Session(rule: ClockRule(toleranceMS: toleranceMS, now: clock()))
        threads.enter()
        startThread("publisher") { [self] in
            run(session, callbacks)
            threads.leave()
        }
    }

    /// Is never started, in a log that is only looked at.
    func stayIdle() {
        inbox.update { $0.isClosed = true }
    }

    /// Hands over a commit.
    ///
    /// Never waits.
    func enqueue(_ batch: CommittedBatch) {
        inbox.update { $0.jobs.append(.publish(batch)) }
    }

    /// Says that no commit follows; the callback `finished` answers.
    func endSequencing() {
        inbox.update { $0.jobs.append(.sequencingEnded) }
    }

    /// Ends the thread after all that was handed over, and lets the anchor go.
    func close() async {
        inbox.update { $0.isClosed = true }
        await threads.drained()
        anchor.release()
    }

    /// The published head with a tree head signature; a new one only where the head has moved or
    /// the signature is due for renewal.
    func treeHead() async throws(LogError) -> SignedTreeHead {
        if let fresh = freshTreeHead() { return fresh }
        return try await withCheckedContinuation { continuation in
            let isTaken = inbox.update { inbox in
                if !inbox.isClosed { inbox.jobs.append(.signTreeHead(continuation)) }
                return !inbox.isClosed
            }
            if !isTaken {
                let error = LogError(.shuttingDown, "the log is shutting down")
                continuation.resume(returning: .failure(error))
            }
        }.get()
    }

    private func freshTreeHead() -> SignedTreeHead? {
        let head = published.head
        let now = clock().wallMS
        return signed.withLock { signed in
            guard let signed, signed.head == head, now < signed.timestampMS + renewalMS else {
                return nil
            }
            return signed
        }
    }

    private func run(_ start: Session, _ callbacks: Callbacks) {
        var session = start
        while true {
            let jobs: [Job]? = inbox.wait { inbox -> [Job]?? in
                defer { inbox.jobs = [] }
                if !inbox.jobs.isEmpty { return .some(inbox.jobs) }
                return inbox.isClosed ? .some(nil) : nil
            }
            guard let jobs else { return }
            for job in jobs {
                switch job {
                case .publish(let batch):
                    publish(batch, &session, callbacks)
                    callbacks.settled()
                case .signTreeHead(let continuation):
                    continuation.resume(returning: signTreeHead(&session, callbacks))
                case .sequencingEnded:
                    callbacks.finished()
                }
            }
        }
    }

    /// The records are committed, and a later head will cover them.
    static let notPublished = LogError(
        .notPublished,
        "the records are in the log, but their head could not be published; send them again with "
            + "the same keys to collect the receipts")

    /// Publishes what is committed, and answers the units of one commit.
    private func publish(
        _ committed: CommittedBatch, _ session: inout Session, _ callbacks: Callbacks
    ) {
        if let batch = committed.batch { session.unsigned = (batch.head, committed.edge) }
        if session.mayPublish, let (head, edge) = session.unsigned {
            do {
                try publish(head, edge)
                session.unsigned = nil
            } catch let error as AnchorError {
                session.mayPublish = false
                callbacks.stop("the anchor could not be written: \(error)")
            } catch let error as SequencerFault {
                session.mayPublish = false
                callbacks.stop("a head is not what was committed: \(error)")
            } catch {
                logger.critical(
                    "a committed head could not be signed",
                    metadata: ["error": "\(String(reflecting: error))"])
            }
        }
        guard committed.batch == nil || session.unsigned == nil else {
            for unit in committed.units { unit.fail(Self.notPublished) }
            return
        }
        let note = published.note
        for (unit, settlements) in zip(committed.units, committed.settlements) {
            unit.resume(
                returning: UnitPublication(
                    settlements: settlements, batch: committed.batch, note: note))
        }
    }

    private func publish(_ head: StoredHead, _ edge: TreeEdge) throws {
        guard head.treeHead.size > published.head.size, edge.head == head.treeHead else {
            throw SequencerFault.headDiffers
        }
        let note = try sign(head.treeHead)
        try anchor.write(
            AnchorState(note: note, treeHeadTimeMS: anchor.state?.treeHeadTimeMS ?? 0))
        let published = PublishedHead(
            head: head.treeHead, note: note, lastLeafTimestampMS: head.lastLeafTimestampMS,
            publishedAtMS: clock().wallMS, edge: edge)
        current.withLock { $0 = published }
    }

    /// Adds a tree head signature to the published head.
    ///
    /// Its time is never ahead of a clock that can be believed, and greater than in every one
    /// before: it is in the anchor before anyone sees it. Where time has not moved on, or the
    /// clock has jumped, the one before is still true, and shown.
    private func signTreeHead(
        _ session: inout Session, _ callbacks: Callbacks
    ) -> Result<SignedTreeHead, LogError> {
        if let fresh = freshTreeHead() { return .success(fresh) }
        let reading = clock()
        let (now, published) = (reading.wallMS, published)
        if case .halt = session.rule.judge(reading) { return lastTreeHead() }
        guard session.mayPublish, now > anchor.state?.treeHeadTimeMS ?? 0,
            now >= published.lastLeafTimestampMS
        else { return lastTreeHead() }
        do {
            let note = try signer.addTreeHeadSignature(
                to: Note(parsing: Array(published.note.utf8)), head: published.head,
                timestampMS: now
            ).serialized
            try anchor.write(AnchorState(note: published.note, treeHeadTimeMS: now))
            session.rule.committed(at: reading)
            let treeHead = SignedTreeHead(head: published.head, note: note, timestampMS: now)
            signed.withLock { $0 = treeHead }
            return .success(treeHead)
        } catch let error as AnchorError {
            session.mayPublish = false
            callbacks.stop("the anchor could not be written: \(error)")
            return .failure(LogError(.notPublished, "the tree head could not be anchored"))
        } catch {
            return .failure(
                LogError(.notPublished, "the tree head could not be signed", cause: error))
        }
    }

    private func lastTreeHead() -> Result<SignedTreeHead, LogError> {
        if let signed = signed.withLock({ $0 }) { return .success(signed) }
        return .failure(
            LogError(.clockDisagrees, "no tree head can be signed at what the clock says"))
    }
}
