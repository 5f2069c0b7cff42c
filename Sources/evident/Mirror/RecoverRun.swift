// SPDX-License-Identifier: Apache-2.0

import AuditChain
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

    var gap: Refill.Gap { refill.gap }

    /// What a mirror has of what the store lacks, all of it proven.
    struct Found: Sendable {
        let head: TreeHead
        let note: String
        let leaves: [Leaf]
    }

    /// Opens store and anchor of a folder whose lock this process holds; a store that is gone is
    /// made, empty, but for a dry run.
    init(
        _ settings: ServerConfiguration, acceptsNewAnchor: Bool, isDryRun: Bool
    ) throws {
        keys = try LogKeys.load(from: LogFolder.keys(settings.data))
        inForce = try OpenLog.settings(settings, keys, SharedLogLevel(.info))
        self.acceptsNewAnchor = acceptsNewAnchor
        anchor = try Anchor.open(path: settings.anchor)
        guard anchor.state != nil || acceptsNewAnchor else {
            throw CommandFailure(
                .rollbackSuspected, "there is no readable anchor at \(settings.anchor)",
                advice: "Put it back, or correct its path. If it is lost, --new-anchor takes the "
                    + "mirror's head for the newest that was ever signed.")
        }
        store = try OpenLog.store(settings, keys)
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

    /// Writes what was found, and the record of what is lost.
    func write(_ found: Found) throws -> Refill.Outcome {
        try refill.run(
            leaves: found.leaves, head: found.head, note: found.note,
            wallMS: SystemClock.read().wallMS, record: inForce.logRecovered)
    }
}
