// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import LogStorage
import Logging
import Merkle
import SignedNote
import Synchronization

/// Has published heads cosigned, and shows those that met the policy.
///
/// The decisions are ``WitnessBoard``'s and ``WitnessDialogue``'s; this asks, keeps and wakes.
/// Nothing that a witness says is believed unless its own key, or this log's, signed it.
final class WitnessClient: Sendable {
    /// What it needs of the log around it.
    struct Surroundings: Sendable {
        let keys: LogKeys
        let published: @Sendable () -> PublishedHead
        let consistency:
            @Sendable (_ from: UInt64, _ under: PublishedHead) async throws -> ConsistencyProof
        let pool: BlockingPool
        let clock: @Sendable () -> ClockReading
        /// Ends sequencing, for a witness holds another history.
        let contradicted: @Sendable (_ reason: String) -> Void
        let logger: Logger

        init(
            _ keys: LogKeys, _ publisher: Publisher, _ sequencer: Sequencer, _ tree: TreeReader,
            _ pool: BlockingPool, clock: @escaping @Sendable () -> ClockReading, _ logger: Logger
        ) {
            self.keys = keys
            published = { publisher.published }
            consistency = { size, published in
                try await tree.consistencyProof(
                    from: size, to: published.head.size, under: published)
            }
            self.pool = pool
            self.clock = clock
            contradicted = { sequencer.stop($0, isContradiction: true) }
            self.logger = logger
        }
    }

    let settings: WitnessSettings
    let archive: CheckpointArchive?
    private let log: Surroundings
    private let board: Mutex<WitnessBoard>
    private let waiters = WitnessWaiters()
    private let task = Mutex<Task<Void, Never>?>(nil)

    init(_ settings: WitnessSettings, archive: CheckpointArchive?, _ log: Surroundings) {
        self.settings = settings
        self.archive = archive
        self.log = log
        board = Mutex(
            WitnessBoard(settings, witnessed: Self.newest(in: archive, settings, log)))
    }

    /// The newest kept head, if it still meets the policy.
    private static func newest(
        in archive: CheckpointArchive?, _ settings: WitnessSettings, _ log: Surroundings
    ) -> WitnessedHead? {
        guard let item = archive?.newest else { return nil }
        let signer = log.keys.signer
        let opened = try? OpenedCheckpoint.open(
            Array(item.note.utf8), origin: signer.origin,
            keys: [signer.verifierKey] + settings.policy.witnesses.map(\.key))
        guard let opened, opened.checkpoint.head.size <= log.published().head.size,
            settings.policy.isSatisfied(by: settings.policy.cosigners(of: opened))
        else { return nil }
        return WitnessedHead(
            head: opened.checkpoint.head, note: item.note, atMS: log.clock().wallMS)
    }

    // MARK: Running

    func start() {
        task.withLock { $0 = Task { await self.run() } }
    }

    /// Asks nobody any more, and lets all that wait go on without a witnessed head.
    func close() async {
        let running = task.withLock { $0 }
        running?.cancel()
        waiters.close()
        await running?.value
    }

    private func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                begin(&group)
                try? await Task.sleep(for: settings.interval)
            }
            group.cancelAll()
        }
    }

    private func begin(_ group: inout DiscardingTaskGroup) {
        let published = log.published()
        guard let note = try? Note(parsing: Array(published.note.utf8)) else { return }
        let now = log.clock().wallMS
        let begun = board.withLock { $0.begin(published, note: note, nowMS: now) }
        guard let (round, asking) = begun else { return }
        for entry in settings.policy.witnesses where asking.contains(entry.key) {
            group.addTask { await self.ask(entry, round) }
        }
    }

    // MARK: Asking

    private func ask(_ witness: WitnessPolicy.Witness, _ round: WitnessRound) async {
        let known = board.withLock { $0.roster[witness.key]?.size ?? 0 }
        var dialogue = WitnessDialogue(
            note: round.note, head: round.head, witness: witness.key,
            log: log.keys.signer.verifierKey, oldSize: known)
        var step = dialogue.first
        while true {
            switch step {
            case .ask(let oldSize):
                do throws(WitnessFailure) {
                    let answer = try await send(from: oldSize, round, to: witness)
                    step = dialogue.received(answer, nowMS: log.clock().wallMS)
                } catch {
                    step = .end(.failed(error))
                }
            case .inspect:
                step = dialogue.inspected(consistentSize: await inspect(witness))
            case .end(let outcome):
                return await settle(witness, outcome, round, dialogue)
            }
        }
    }

    private func send(
        from oldSize: UInt64, _ round: WitnessRound, to witness: WitnessPolicy.Witness
    ) async throws(WitnessFailure) -> AddCheckpointAnswer {
        let body: [UInt8]
        do {
            let proof = try await log.consistency(oldSize, round.published)
            body = try AddCheckpointRequest(
                oldSize: oldSize, proof: proof.hashes, note: round.note
            ).serialized
        } catch {
            throw .noProof
        }
        let reply = try await call(witness, "/add-checkpoint", body: body)
        do {
            return try AddCheckpointAnswer(
                status: reply.status, contentType: reply.contentType, body: reply.body)
        } catch {
            throw .malformedAnswer
        }
    }

    private func call(
        _ witness: WitnessPolicy.Witness, _ path: String, body: [UInt8]?
    ) async throws(WitnessFailure) -> WitnessReply {
        guard let url = witness.url else { throw .unreachable }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        return try await settings.transport(
            WitnessCall(url: base + path, body: body, timeout: settings.timeout))
    }

    private func settle(
        _ witness: WitnessPolicy.Witness, _ outcome: WitnessDialogue.Outcome,
        _ round: WitnessRound, _ dialogue: WitnessDialogue
    ) async {
        let size =
            if case .cosigned = outcome { round.head.size } else { dialogue.oldSize }
        let effect = board.withLock {
            $0.settle(
                witness.key, outcome, for: round.head, size: size, nowMS: log.clock().wallMS)
        }
        if effect.hasChanged { report(witness, outcome) }
        guard let head = effect.toKeep else { return }
        do {
            try await log.pool.run { [archive] in
                try archive?.append(.init(size: head.head.size, note: head.note))
            }
            board.withLock { $0.kept(head) }
            waiters.wake(head)
        } catch {
            log.logger.error(
                "a witnessed checkpoint could not be kept, and is not shown",
                metadata: ["error": "\(error)"])
        }
    }

    private func report(
        _ witness: WitnessPolicy.Witness, _ outcome: WitnessDialogue.Outcome
    ) {
        switch outcome {
        case .cosigned:
            log.logger.notice(
                "a witness cosigns", metadata: ["witness": "\(witness.key.name)"])
        case .failed(let failure):
            log.logger.warning(
                "a witness does not cosign",
                metadata: ["witness": "\(witness.key.name)", "reason": "\(failure)"])
        }
    }

    // MARK: Contradictions

    /// Looks at the tree of this log that a witness holds: its size, if ours extends it.
    private func inspect(_ witness: WitnessPolicy.Witness) async -> UInt64? {
        let origin = SHA256.hash(Array(log.keys.signer.origin.utf8)).hex
        guard let reply = try? await call(witness, "/\(origin)/checkpoint", body: nil),
            reply.status == 200,
            let theirs = try? OpenedCheckpoint.open(
                reply.body, origin: log.keys.signer.origin,
                keys: [log.keys.signer.verifierKey])
        else { return nil }
        // Read after theirs was made, so that it cannot be older than what we had shown by then.
        let published = log.published()
        let head = theirs.checkpoint.head
        if head.size <= published.head.size {
            guard let proof = try? await log.consistency(head.size, published) else { return nil }
            do {
                try proof.verify(from: head, to: published.head)
                return head.size
            } catch {
                contradicted(by: theirs, witness, published)
                return nil
            }
        }
        contradicted(by: theirs, witness, published)
        return nil
    }

    /// A head that this log signed, and does not extend, is somewhere: nothing may be signed on.
    private func contradicted(
        by theirs: OpenedCheckpoint, _ witness: WitnessPolicy.Witness, _ ours: PublishedHead
    ) {
        let size = theirs.checkpoint.head.size
        let kind = size > ours.head.size ? "a newer head than this log has" : "another history"
        var kept = "the evidence could not be kept"
        if let folder = settings.evidenceFolder {
            let path = "\(folder)/contradiction-\(size)-\(ours.head.size).txt"
            let text = theirs.note.serialized + "\n" + ours.note
            do {
                try PrivateFile.makeFolder(folder)
                try PrivateFile.replace(path, with: Array(text.utf8))
                kept = "the evidence is in \(path)"
            } catch {
                log.logger.error(
                    "evidence could not be kept",
                    metadata: ["error": "\(error)", "checkpoint": "\(theirs.note.serialized)"])
            }
        }
        log.contradicted(
            "the witness \(witness.key.name) holds \(kind), of \(size) leaves and signed with "
                + "this log's key: this store was set back, or the key is used elsewhere too; "
                + kept)
    }

    // MARK: Showing

    /// The newest head that met the policy.
    var witnessed: WitnessedHead? { board.withLock { $0.witnessed } }

    /// The cosignatures that a head has.
    func cosignatures(of head: TreeHead) -> [NoteSignature] {
        board.withLock { $0.cosignatures(of: head) }
    }

    /// A witnessed head of at least `size` leaves; nil if none comes in the time that a submission
    /// waits.
    func witnessed(covering size: UInt64) async -> WitnessedHead? {
        await waiters.wait(for: size, longest: settings.wait) { self.witnessed }
    }

    var health: WitnessHealth {
        let now = log.clock().wallMS
        return board.withLock { board in
            WitnessHealth(
                size: board.witnessed?.head.size, witnessedAtMS: board.witnessed?.atMS,
                isOverdue: board.isOverdue(
                    nowMS: now, waitMS: settings.waitMS),
                onFailure: settings.onFailure,
                witnesses: board.roster.entries.map {
                    .init(
                        name: $0.witness.key.name, lastCosignedMS: $0.lastCosignedMS,
                        failure: $0.failure)
                })
        }
    }
}
