// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogStorage
import Merkle
import SignedNote

/// Brings a folder of tiles from the head that it holds to the newest one of a log.
///
/// Nothing reaches the folder unverified: a tile is kept once it is proven to be in a signed tree
/// that begins with the one that the folder holds. A download that was interrupted goes on with the
/// tiles that are there.
struct MirrorUpdate: Sendable {
    let pinned: PinnedLog
    let source: any LogSource
    let folder: TileFolder

    enum Outcome: Equatable {
        /// The log shows what the folder holds.
        case unchanged(TreeHead)
        case grown(from: UInt64, to: TreeHead)
        /// The log shows an older head than the folder holds, of the same history.
        case behind(shown: TreeHead, held: TreeHead)
    }

    /// Two heads of one log that contradict each other, or a tile of the folder that was altered.
    enum Alarm: Error {
        case fork(ForkEvidence)
        case damaged(Tile)
    }

    /// Tiles that are written, and made durable, together.
    private static let portion = 64

    /// Takes one step.
    ///
    /// Throws ``Alarm``, ``VerifyError``, ``TileFolderError``, or the source's own error.
    func run(
        progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) async throws -> Outcome {
        let held = try held()
        guard let note = try await source.checkpoint() else { throw VerifyError.noCheckpoint }
        let shown = try pinned.open(note)
        let head = shown.checkpoint.head
        guard let held else {
            try await fetch(from: .empty, head, progress)
            return try finish(.empty, head, note)
        }
        let old = held.checkpoint.head
        let local: any LogSource = FolderLogSource(folder: folder.path)
        let relation = try await ForkSearch(pinned).compare(
            held, shown, tilesFrom: head.size < old.size ? local : source)
        if case .fork(let evidence) = relation { throw Alarm.fork(evidence) }
        if head.size < old.size { return .behind(shown: head, held: old) }
        if head == old { return try renew(held, head, note) }
        try await fetch(from: old, head, progress)
        return try finish(old, head, note)
    }

    /// The checkpoint that the folder holds, under the pinned keys.
    private func held() throws -> OpenedCheckpoint? {
        guard let note = try folder.checkpoint() else { return nil }
        do {
            return try OpenedCheckpoint.open(note, origin: pinned.origin.text, keys: pinned.keys)
        } catch {
            throw CommandFailure(
                .unverifiable,
                "\(folder.path) holds no checkpoint of \(pinned.origin.text) under these keys",
                advice: "Name the folder of this log, or an empty one.")
        }
    }

    /// The same tree under a newer signature is kept too; the one before is as good.
    private func renew(
        _ held: OpenedCheckpoint, _ head: TreeHead, _ note: [UInt8]
    ) throws -> Outcome {
        if !held.note.serialized.utf8.elementsEqual(note) {
            try folder.publish(checkpoint: note)
        }
        return .unchanged(head)
    }

    private func finish(
        _ old: TreeHead, _ head: TreeHead, _ note: [UInt8]
    ) throws -> Outcome {
        try folder.publish(checkpoint: note)
        try folder.removePartials(from: old.size, to: head.size)
        return .grown(from: old.size, to: head)
    }

    // MARK: Tiles

    private func fetch(
        from old: TreeHead, _ head: TreeHead,
        _ progress: @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws {
        let source = Overlay(folder: folder, source: source)
        var pending: [(tile: Tile, bytes: [UInt8])] = []
        do {
            try await LogFollower(source, from: old, to: head).follow(progress: progress) { part in
                switch part {
                case .hashes(let tile, let bytes): pending.append((tile, bytes))
                case .leaves(let leaves):
                    pending.append((leaves.bundleTile, leaves.bundle))
                    pending.append((leaves.hashTile, leaves.hashes))
                }
                guard pending.count >= Self.portion else { return }
                try folder.write(pending)
                pending = []
            }
            try folder.write(pending)
        } catch VerifyError.tileMismatch(let tile) where isHere(tile) {
            throw Alarm.damaged(tile)
        } catch VerifyError.leafHashMismatch(let index)
            where isHere(Tile(.entries, index: index / 256))
        {
            throw Alarm.damaged(Tile(.entries, index: index / 256))
        } catch TileFolderError.differs(let tile) {
            throw Alarm.damaged(tile)
        }
    }

    /// What was read from the folder was altered there, not where the rest came from.
    private func isHere(_ tile: Tile) -> Bool {
        (try? folder.bytes(of: tile)) != nil
    }
}

/// A log whose full tiles are taken from a folder where they are there already.
private struct Overlay: LogSource {
    let folder: TileFolder
    let source: any LogSource

    func checkpoint() async throws -> [UInt8]? { try await source.checkpoint() }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        if tile.isFull, let bytes = try folder.bytes(of: tile) { return bytes }
        return try await source.tile(tile)
    }
}

extension CommandFailure {
    /// A folder of tiles that could not be used.
    init(_ error: TileFolderError) {
        switch error {
        case .file: self.init(.inputOutput, "\(error)")
        case .held:
            self.init(
                .inputOutput, "\(error)", advice: "One mirror has one writer: stop that one first.")
        case .differs:
            self.init(.tampered, "\(error)", advice: "Keep the folder; mirror into an empty one.")
        }
    }
}
