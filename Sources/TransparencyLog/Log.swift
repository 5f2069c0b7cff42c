// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import LogCrypto
package import LogStorage
package import Logging
package import Merkle
package import SignedNote
import Synchronization

/// One transparency log: records in, durable receipts out, proofs for anyone.
///
/// A value of this type holds the only right to write to its store. Everything it answers is
/// durable, anchored, and under a published head.
package final class Log: Sendable {
    package let keys: LogKeys
    package let durability: StoreDurability

    let store: any LogStore
    let sequencer: Sequencer
    private let publisher: Publisher
    private let pool: BlockingPool
    /// Threads for what reads many records: they give way to all others.
    let queries: BlockingPool
    /// One thread, so that one erasure runs at a time.
    let erasures = BlockingPool(threads: 1, niceness: 5)
    let eraser: Eraser
    let tree: TreeReader
    let clock: @Sendable () -> ClockReading
    let start: LogStart
    let submissions = InFlight()
    /// What is shown of a log that is only looked at.
    let evidence: Evidence?
    let isFrozen = Atomic(false)
    /// While it is, nothing is erased.
    let isBeingCopied = Atomic(false)
    /// Nil in a log that asks no witnesses.
    let witnesses: WitnessClient?

    init(
        keys: LogKeys, store: any LogStore, eraser: Eraser, sequencer: Sequencer,
        publisher: Publisher, pool: BlockingPool, queries: BlockingPool, tree: TreeReader,
        clock: @escaping @Sendable () -> ClockReading, start: LogStart = LogStart(),
        evidence: Evidence? = nil, witnesses: WitnessClient? = nil
    ) {
        self.start = start
        self.witnesses = witnesses
        self.keys = keys
        self.store = store
        self.eraser = eraser
        self.sequencer = sequencer
        self.publisher = publisher
        self.pool = pool
        self.queries = queries
        self.tree = tree
        self.clock = clock
        self.evidence = evidence
        durability = store.durability
    }

    /// Checks the store against the anchor and the clock, publishes what a crash left committed,
    /// carries out erasures that were announced and that a crash cut short or a restored copy undid,
    /// and starts sequencing.
    ///
    /// - Parameters:
    ///   - ledger: what was announced for erasure, from beside the anchor.
    ///   - records: makes the log's own records: the first one of an empty log, and those that
    ///     say that the clock was accepted or agrees again.
    ///   - signing: makes the note over a head, instead of the log's signer.
    ///   - witnesses: whom to ask for cosignatures; they are also asked, before anything else,
    ///     for the heads that they remember.
    /// - Throws: ``StartupRefusal`` if the log must not go on; the store's or the anchor's error.
    package static func open(
        keys: LogKeys, store: any LogStore, anchor: Anchor,
        ledger: ErasureLedger = .volatile(),
        configuration: LogConfiguration = LogConfiguration(),
        records: any GovernanceRecords,
        clock: @escaping @Sendable () -> ClockReading = { SystemClock.read() },
        signing: (@Sendable (TreeHead) throws -> String)? = nil,
        witnesses: WitnessSettings? = nil, logger: Logger
    ) async throws -> Log {
        let sign = signing ?? { [signer = keys.signer] in try signer.signVerified($0) }
        let archive = try witnesses?.archiveFolder.map { folder throws(FileError) in
            try CheckpointArchive.open(folder: folder)
        }
        let claims = await witnesses.mapAsync {
            await WitnessClaims(settings: $0, log: keys.signer.verifierKey).gather(archive)
        }
        let found = try StartupGuard(
            keys: keys, reader: store.reader, anchor: anchor, wallMS: clock().wallMS,
            configuration: configuration, claims: claims ?? []
        ).run()
        let isFrozen = try Self.isEnded(found.state, store.reader, keys, records)
        let start = try Recovery(sign: sign, anchor: anchor, wallMS: clock().wallMS)
            .publish(found)
        let eraser = Eraser(store: store, ledger: ledger)
        let erased = try eraser.runAll(under: start.head, .init(store.reader, keys, records))
        let publisher = Publisher(
            signer: keys.signer, sign: sign, anchor: anchor, start: start, clock: clock,
            configuration: configuration, logger: logger)
        let sequencer = Sequencer(
            store: store,
            integrator: Integrator(
                origin: keys.identity.origin, schedule: keys.schedule,
                granularityMS: keys.identity.granularityMS),
            publisher: publisher, configuration: configuration, clock: clock,
            clockRecord: { records.clockResumed($0) }, logger: logger)
        let pool = BlockingPool(threads: configuration.readerThreads)
        let tree = TreeReader(
            reader: store.reader, pool: pool,
            cache: TileCache(bytes: configuration.tileCacheBytes))
        let log = Log(
            keys: keys, store: store, eraser: eraser, sequencer: sequencer, publisher: publisher,
            pool: pool,
            queries: BlockingPool(threads: configuration.queryThreads, niceness: 10),
            tree: tree, clock: clock,
            start: LogStart(found.state.head, clock()),
            witnesses: witnesses.map {
                WitnessClient(
                    $0, archive: archive,
                    .init(keys, publisher, sequencer, tree, pool, clock: clock, logger))
            })
        sequencer.start(found.state)
        do {
            try await log.begin(found, records, erased, isFrozen: isFrozen)
        } catch {
            await log.shutDown()
            throw error
        }
        log.witnesses?.start()
        return log
    }

    /// Submits what a start has to say; a log that has ended says nothing any more.
    private func begin(
        _ found: StartupGuard.Result, _ records: any GovernanceRecords, _ erased: Eraser.Outcome,
        isFrozen: Bool
    ) async throws {
        if isFrozen {
            self.isFrozen.store(true, ordering: .releasing)
            return sequencer.endForGood()
        }
        if found.state.head == nil { _ = try await submit([records.logCreated(keys)]) }
        if found.acceptedClock != .accepted {
            _ = try await submit([records.clockAccepted(clock())])
        }
        try await tell(erased, records)
    }

    /// Finishes what was accepted, refuses the rest, and closes the store.
    package func shutDown() async {
        await sequencer.drain()
        await submissions.drained()
        await witnesses?.close()
        await publisher.close()
        erasures.close()
        pool.close()
        queries.close()
        store.close()
    }

    // MARK: Heads

    /// The newest published head.
    package var published: PublishedHead { publisher.published }

    /// The newest head as `/checkpoint` shows it: with the log's Ed25519 signature and a tree
    /// head signature (0x05) that is less than an hour old, and the cosignatures that it has.
    package func checkpoint() async throws(LogError) -> String {
        try await signedHead().note
    }

    /// That head and its note.
    func signedHead() async throws(LogError) -> (head: TreeHead, note: String) {
        if let evidence {
            guard let note = evidence.note else {
                throw LogError(.evidenceOnly, "there is no signed head of this log here")
            }
            return (published.head, note)
        }
        let signed = try await publisher.treeHead()
        return (signed.head, try withCosignatures(signed.note, of: signed.head))
    }

    /// The head that ``checkpoint()`` shows, and the signature in its tree head line.
    package func treeHead() async throws(LogError) -> (
        head: TreeHead, signature: TreeHeadSignature
    ) {
        guard evidence == nil else {
            throw LogError(.evidenceOnly, "nothing is signed while the log is only looked at")
        }
        let signed = try await publisher.treeHead()
        guard let signature = keys.signer.treeHeadSignature(in: signed.note) else {
            throw LogError(.corrupt, "the published checkpoint has no tree head line")
        }
        return (signed.head, signature)
    }

    // MARK: Tree

    /// The bytes of a hash tile or entry bundle; nil if it is not published.
    package func tile(_ tile: Tile) async throws(LogError) -> [UInt8]? {
        try await reading { try await self.tree.bytes(of: tile, under: self.published) }
    }

    /// The proof of a leaf under the tree of `size` leaves, with the leaf's hash.
    ///
    /// Without `size`, under the newest published head. The note is the one over that tree, if it
    /// is the published one.
    package func inclusion(
        of index: UInt64, size: UInt64? = nil
    ) async throws(LogError) -> (proof: InclusionProof, leafHash: Digest, note: String?) {
        let published = published
        let size = size ?? published.head.size
        guard size <= published.head.size, index < size else { throw beyond(published) }
        return try await reading {
            let (proof, leafHash) = try await self.tree.inclusionProof(
                of: index, size: size, under: published)
            let note = published.note.isEmpty ? nil : published.note
            return (proof, leafHash, size == published.head.size ? note : nil)
        }
    }

    /// The same under the newest published head, without waiting: nil where that needs a read of
    /// the store, or the leaf lies beyond the tree.
    package func cachedInclusion(
        of index: UInt64
    ) throws(LogError) -> (proof: InclusionProof, leafHash: Digest, note: String)? {
        let published = published
        guard index < published.head.size, !published.note.isEmpty else { return nil }
        do {
            return try tree.cachedInclusionProof(of: index, under: published).map {
                ($0.proof, $0.leafHash, published.note)
            }
        } catch {
            throw Self.failure(of: error)
        }
    }

    /// The proof that the tree of `from` leaves is a prefix of the one of `to` leaves.
    package func consistency(
        from: UInt64, to: UInt64
    ) async throws(LogError) -> ConsistencyProof {
        let published = published
        guard from <= to, to <= published.head.size else { throw beyond(published) }
        return try await reading {
            try await self.tree.consistencyProof(from: from, to: to, under: published)
        }
    }

    /// A record's leaf and proof under the newest published head.
    package func record(at index: UInt64) async throws(LogError) -> SequencedRecord {
        try await record(at: index, under: published)
    }

    func record(
        at index: UInt64, under published: PublishedHead
    ) async throws(LogError) -> SequencedRecord {
        guard index < published.head.size else { throw beyond(published) }
        guard !published.note.isEmpty else {
            throw LogError(.evidenceOnly, "no signed head covers this record here")
        }
        return try await reading {
            let (proof, leafHash) = try await self.tree.inclusionProof(
                of: index, size: published.head.size, under: published)
            let leaf = try await self.pool.run { [reader = self.store.reader] in
                try reader.leaves(index..<index + 1).first
            }
            guard let leaf, leaf.hash == leafHash else {
                throw LogError(.corrupt, "the leaf at index \(index) is not the one in the tree")
            }
            return SequencedRecord(
                index: index, leaf: leaf, proof: proof, checkpoint: published.note)
        }
    }

    // MARK: Records

    /// The reads of the store: what is not published is for the caller to leave out.
    var reader: any LogReader { store.reader }

    /// The index of the published leaf with this hash.
    package func index(ofLeafHash hash: Digest) async throws(LogError) -> UInt64? {
        try await lookUp { try $0.index(ofLeafHash: hash) }
            .flatMap { $0 < published.head.size ? $0 : nil }
    }

    /// Published indexes that may bear the record id; the caller compares the records.
    package func indexes(ofID id: String) async throws(LogError) -> [UInt64] {
        let size = published.head.size
        let key = keys.idempotency.lookups.key(.recordID, id)
        return try await lookUp {
            try $0.indexes(of: key, in: 0..<size, descending: false, limit: 1_000)
        }
    }

    /// What was submitted at a published index; nil if it has been erased.
    package func content(at index: UInt64) async throws(LogError) -> StoredContent? {
        let published = published
        guard index < published.head.size else { throw beyond(published) }
        return try await lookUp { try $0.content(at: index) }
    }

    /// Whose record it is.
    package func credential(at index: UInt64) async throws(LogError) -> StoredCredential? {
        let published = published
        guard index < published.head.size else { throw beyond(published) }
        return try await lookUp { try $0.credential($0.submission(at: index).credential) }
    }

    // MARK: Health

    /// The state of the log for operators and readiness checks.
    ///
    /// Reads nothing from disk.
    package var health: LogHealth {
        let (status, published, now) = (sequencer.current, published, clock())
        let difference = status.clockRule.difference(at: now)
        return LogHealth(
            size: published.head.size, publishedAtMS: published.publishedAtMS,
            lastCommitMS: status.lastCommitMS, queuedRecords: sequencer.queuedRecords,
            stopReason: status.stopReason, isContradicted: status.isContradicted,
            clockDifferenceMS: difference.magnitude > status.clockRule.toleranceMS
                ? difference : nil, nowMS: now.wallMS, durability: durability, mode: mode,
            witnesses: witnesses?.health)
    }

    func lookUp<Result: Sendable>(
        _ body: @escaping @Sendable (any LogReader) throws -> Result
    ) async throws(LogError) -> Result {
        try await reading {
            try await self.pool.run { [reader = self.store.reader] in try body(reader) }
        }
    }

    /// Gives every failure of a read a stable code: nothing is answered from data that does not
    /// prove what it must.
    func reading<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws(LogError) -> Result {
        do {
            return try await body()
        } catch {
            throw Self.failure(of: error)
        }
    }

    private static func failure(of error: any Error) -> LogError {
        switch error {
        case let error as LogError: error
        case let error as StoreError where error.code == .locked:
            LogError(.overloaded, "the log is busy; try again after a moment", cause: error)
        case let error as StoreError where error.code == .closed:
            LogError(.shuttingDown, "the log is shutting down", cause: error)
        case let error as StoreError where error.code != .corrupt:
            LogError(.storageFailed, "the store could not be read", cause: error)
        default:
            LogError(
                .corrupt, "stored data does not prove what it must; run evident fsck",
                cause: error)
        }
    }

    func beyond(_ published: PublishedHead) -> LogError {
        LogError(.beyondTree, "the published tree has \(published.head.size) leaves")
    }
}

extension Optional {
    /// `map` by a function that waits.
    fileprivate func mapAsync<Result>(_ body: (Wrapped) async -> Result) async -> Result? {
        guard let self else { return nil }
        return await body(self)
    }
}
