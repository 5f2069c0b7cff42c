// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogClient
import LogServer
import LogStorage
import Logging
import Merkle
import SQLiteStorage
import SignedNote
import TransparencyLog

/// Brings a store up to a mirror's head: reads and proves first, and writes then.
struct RecoverRun {
    let keys: LogKeys
    private let inForce: SettingsInForce
    private let store: any LogStore
    private let anchor: Anchor
    private let refill: Refill
    private let acceptsNewAnchor: Bool
    private let ledgerPath: String

    var gap: Refill.Gap { refill.gap }

    /// What a mirror has of what the store lacks, all of it proven.
    struct Found: Sendable {
        let head: TreeHead
        let note: String
        let leaves: [Leaf]
    }

    /// Opens store and anchor of a folder whose lock this process holds; a store that is gone is
    /// made, empty, but for a dry run.
    ///
    /// - Parameter onLookup: called for each record whose look-ups are made again.
    init(
        _ settings: ServerConfiguration, acceptsNewAnchor: Bool, isDryRun: Bool,
        onLookup: @escaping @Sendable () -> Void = {}
    ) throws {
        keys = try LogKeys.load(from: LogFolder.keys(settings.data))
        inForce = try OpenLog.settings(settings, keys, SharedLogLevel(.info))
        self.acceptsNewAnchor = acceptsNewAnchor
        ledgerPath = OpenLog.ledgerPath(settings)
        anchor = try Anchor.open(path: settings.anchor)
        guard anchor.state != nil || acceptsNewAnchor else {
            throw CommandFailure(
                .rollbackSuspected, "there is no readable anchor at \(settings.anchor)",
                advice: "Put it back, or correct its path. If it is lost, --new-anchor takes the "
                    + "mirror's head for the newest that was ever signed.")
        }
        store = try OpenLog.store(settings, keys, onLookup: onLookup)
        do {
            refill = try Refill(
                keys: keys, store: store, anchor: anchor, wallMS: SystemClock.read().wallMS)
        } catch {
            store.close()
            throw error
        }
    }

    func close() {
        anchor.release()
        store.close()
    }

    /// Reads the mirror's head and the leaves after the stored ones.
    func read(
        _ source: any LogSource,
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws -> Found {
        guard let note = try await source.checkpoint() else { throw VerifyError.noCheckpoint }
        let pinned = try PinnedLog(keys: [keys.signer.verifierKey])
        let opened = try pinned.open(note)
        let (head, stored) = (opened.checkpoint.head, gap.stored)
        let anchored = gap.anchored ?? .empty
        guard head.size >= anchored.size else {
            throw CommandFailure(
                .unverifiable,
                "the mirror has \(head.size.grouped) entries, and a head of "
                    + "\(anchored.size.grouped) was signed",
                advice: "Find a newer mirror: what it lacks cannot be proven.")
        }
        let lastHold = try ErasureLedger.read(path: ledgerPath).lastHold
        guard lastHold.map({ $0 < max(head.size, stored.size) }) ?? true else {
            throw CommandFailure(
                .unverifiable,
                "the mirror has \(head.size.grouped) entries, and the erasure ledger knows of a hold "
                    + "at \(lastHold ?? 0)",
                advice: "Find a newer mirror: that hold was published.")
        }
        guard head.size > stored.size || gap.anchored == nil else {
            throw CommandFailure.usage(
                "nothing is missing: the store has \(stored.size.grouped) entries, and the mirror "
                    + head.size.grouped, advice: "Start the server; it says what it finds.")
        }
        if let split = try await LogFollower(source, from: anchored, to: head).split(),
            split.prefix != anchored
        {
            throw VerifyError.consistency(
                .rootMismatch(got: split.prefix.root, want: anchored.root))
        }
        if stored.size > head.size { try checkStored(extends: head) }
        let leaves =
            stored.size < head.size
            ? try await Self.leaves(from: stored, to: head, source, progress) : []
        return Found(head: head, note: opened.note.serialized, leaves: leaves)
    }

    /// With a mirror that is older than the store, only the anchor is made again.
    private func checkStored(extends head: TreeHead) throws {
        guard try refill.storedTree(extends: head) else {
            throw CommandFailure(
                .tampered, "the store and the mirror hold different histories",
                advice: "Keep both as evidence.")
        }
    }

    /// The leaves after the stored tree, which the newer one begins with.
    private static func leaves(
        from stored: TreeHead, to head: TreeHead, _ source: any LogSource,
        _ progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws -> [Leaf] {
        var leaves: [Leaf] = []
        try await LogFollower(source, from: stored, to: head).follow(progress: progress) { part in
            guard case .leaves(let part) = part else { return }
            try part.forEachNewEntry { index, entry throws(VerifyError) in
                guard case .leaf(let leaf) = entry else { throw .malformedLeaf(index: index) }
                leaves.append(leaf)
            }
        }
        return leaves
    }

    /// Whether the stored tree begins with all of a smaller one.
    func storedTree(extends old: TreeHead) throws -> Bool { try refill.storedTree(extends: old) }

    /// Writes what was found, the record of what is lost, and further ones of the log's own.
    ///
    /// What the ledger names, and records that are lost had announced, is announced anew: it goes
    /// again, from a store that was put back from before. But for what had not been carried out and a
    /// hold may have come after that is lost too: that is counted.
    func write(
        _ found: Found, further: [GovernanceRecord] = []
    ) throws -> (outcome: Refill.Outcome, withheldCount: Int) {
        let known = try ErasureLedger.read(path: ledgerPath)
        let lost = try LostAnnouncements(of: known, in: store.reader, size: gap.stored.size)
        let announcements = try lost.groups.map { try announcement(of: $0) }
        let outcome = try refill.run(
            leaves: found.leaves, head: found.head, note: found.note,
            wallMS: SystemClock.read().wallMS,
            further: (further + announcements).map { inForce.governance(of: $0) },
            record: inForce.logRecovered,
            prepare: { first in
                let contents = lost.contents(announcedFrom: first + UInt64(further.count))
                guard contents != known else { return }
                try ErasureLedger.replace(path: ledgerPath, with: contents)
            })
        return (outcome, lost.withheldCount)
    }

    /// What was announced by a record that is lost, as what it was.
    private func announcement(of group: LostAnnouncements.Group) throws -> GovernanceRecord {
        let items = group.removals.map(\.json)
        guard group.isPrune else {
            return .erasureRequest(
                erased: items, reason: "restored", tenant: group.tenant ?? "",
                credential: "evident")
        }
        // The time that was asked for is lost too: all that goes is older than this.
        let last = try store.reader.leaves(group.lastIndex..<group.lastIndex + 1).first
        guard let last,
            let before = Timestamp(
                milliseconds: last.timestampMS + keys.identity.granularityMS)
        else { throw StoreError(.corrupt, "a leaf is missing", firstBadIndex: group.lastIndex) }
        return .retentionPrune(
            pruned: items, count: group.indexCount, before: before, reason: "restored",
            credential: "evident", approver: nil,
            more: group.tenant.map { [.init("tenant", .string($0))] }
                ?? group.firstContent.map { [.init("first_content", .integer($0))] } ?? [])
    }

    /// Holds that the ledger says stand, and whose records are lost.
    func lostHolds() throws -> [UInt64] {
        try ErasureLedger.read(path: ledgerPath).standingHolds
            .filter { try store.reader.content(at: $0) == nil }
    }

    /// Adds a record to a store that lacks nothing; returns the tree then.
    func append(_ record: GovernanceRecord) throws -> TreeHead {
        try refill.append(
            [inForce.governance(of: record)], wallMS: SystemClock.read().wallMS)
    }

    /// Destroys again what the ledger names, in a store that nobody serves.
    ///
    /// Returns how many requests it names.
    func reapply() throws -> Int {
        let contents = try ErasureLedger.read(path: ledgerPath)
        try ErasureLedger.apply(contents, to: store, keys: keys, records: inForce.governance)
        return contents.entries.count
    }
}
