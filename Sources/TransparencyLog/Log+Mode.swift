// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import LogStorage
package import Logging
import Merkle
import Synchronization

extension Log {
    /// What the log does with new records.
    package var mode: LogMode {
        if let evidence { return .evidence(evidence.finding) }
        return isFrozen.load(ordering: .acquiring) ? .frozen : .sequencing
    }

    /// - Throws: if the log takes no records for good.
    package func refuseUnlessSequencing() throws(LogError) {
        switch mode {
        case .sequencing: return
        case .frozen: throw LogError(.frozen, "the log was ended for good; it takes no records")
        case .evidence:
            throw LogError(.evidenceOnly, "the log is only looked at; it takes no records")
        }
    }

    /// Ends the log for good: what was accepted before is in it, then this record, and no other.
    ///
    /// If it fails, nothing is sequenced until a restart, which goes on unless the record is there.
    package func freeze(_ record: Submission) async throws(LogError) -> SequencedRecord {
        try refuseUnlessSequencing()
        guard health.isReady else {
            throw LogError(.sequencingStopped, "the log cannot be ended while it takes no records")
        }
        submissions.enter()
        defer { submissions.leave() }
        do throws(LogError) {
            let publication = try await withCheckedContinuation { continuation in
                sequencer.submit([record], isLast: true) { continuation.resume(returning: $0) }
            }.get()
            isFrozen.store(true, ordering: .releasing)
            var checker = publication.batch.map { ProofChecker(head: $0.head.treeHead) }
            guard case .added(let offset)? = publication.settlements.first,
                let batch = publication.batch
            else { throw LogError(.corrupt, "the last record was not added") }
            return try Self.record(offset, of: batch, publication.note, &checker)
        } catch {
            if error.code != .overloaded { sequencer.stop("the log could not be ended: \(error)") }
            throw error
        }
    }

    /// Whether the last record says that no other follows.
    ///
    /// It is the log's own word, under the signed head: nobody ends a log, or goes on with it, by
    /// changing a setting.
    static func isEnded(
        _ state: SequencerState, _ reader: any LogReader, _ keys: LogKeys,
        _ records: any GovernanceRecords
    ) throws -> Bool {
        guard let last = state.head.map({ $0.treeHead.size - 1 }) else { return false }
        guard let leaf = try reader.leaves(last..<last + 1).first,
            let content = try reader.content(at: last),
            content.commitment(origin: keys.identity.origin) == leaf.commitment
        else {
            throw StartupRefusal(
                .tampered, "the last record is not what was committed", firstBadIndex: last)
        }
        return records.isFinal(content.record)
    }

    // MARK: Looking at a log

    /// Opens a log that refused to start, or any, to look at it: its records and proofs can be read,
    /// and nothing is signed, sequenced or written.
    ///
    /// - Parameters:
    ///   - store: whose reads alone are used.
    ///   - anchored: what the anchor holds, if it can be read.
    /// - Throws: ``StartupRefusal`` if not even the tree can be shown; the store's error.
    package static func openEvidence(
        keys: LogKeys, store: any LogStore, anchored: AnchorState?,
        configuration: LogConfiguration = LogConfiguration(),
        clock: @escaping @Sendable () -> ClockReading = { SystemClock.read() }, logger: Logger
    ) throws -> Log {
        let evidence = try Evidence(
            keys: keys, reader: store.reader, anchored: anchored, wallMS: clock().wallMS)
        let publisher = Publisher(
            signer: keys.signer, sign: { _ in throw SequencerFault.headDiffers },
            anchor: .volatile(), start: evidence.shown, clock: clock,
            configuration: configuration, logger: logger)
        publisher.stayIdle()
        let sequencer = Sequencer(
            store: store,
            integrator: Integrator(
                origin: keys.identity.origin, schedule: keys.schedule,
                granularityMS: keys.identity.granularityMS),
            publisher: publisher, configuration: configuration, clock: clock,
            clockRecord: { _ in preconditionFailure("nothing is sequenced") }, logger: logger)
        sequencer.stayIdle()
        let pool = BlockingPool(threads: configuration.readerThreads)
        return Log(
            keys: keys, store: store, eraser: Eraser(store: store, ledger: .volatile()),
            sequencer: sequencer, publisher: publisher, pool: pool,
            queries: BlockingPool(threads: configuration.queryThreads, niceness: 10),
            tree: TreeReader(
                reader: store.reader, pool: pool,
                cache: TileCache(bytes: configuration.tileCacheBytes)), clock: clock,
            evidence: evidence)
    }
}
