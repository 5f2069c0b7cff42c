// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
package import LogStorage
package import Logging
import Merkle
import SignedNote
import Synchronization

/// Writes a log as a folder of tiles while it grows, beside everything else.
///
/// It reads the log as any client does, at low priority, and never stops or slows it: what goes
/// wrong is logged, shown in the log's health, and tried again.
package final class MirrorWriter: Sendable {
    private let log: Log
    private let folder: TileFolder
    private let intervalMS: UInt64
    private let logger: Logger
    private let pool = BlockingPool(threads: 1, niceness: 10)
    private let state: Mutex<State>

    private struct State {
        var head: TreeHead
        var note: [UInt8]?
        var health: MirrorHealth
    }

    /// Tiles that are written, and made durable, together.
    private static let portion = 64

    /// Goes on from what the folder holds, which must be this log's past.
    ///
    /// - Throws: ``StartupRefusal`` if the folder holds a newer head of this log than the log
    ///   itself, or another history: it is then evidence, and is left as it is.
    package init(
        _ log: Log, folder: TileFolder, intervalMS: UInt64, logger: Logger
    ) async throws {
        self.log = log
        self.folder = folder
        self.intervalMS = intervalMS
        self.logger = logger
        let note = try folder.checkpoint()
        let head = try await Self.past(note, of: log)
        state = Mutex(
            State(head: head, note: note, health: MirrorHealth(size: head.size)))
        try await pool.run { try folder.removePartials(from: head.size, to: head.size) }
    }

    /// How the folder stands.
    package var health: MirrorHealth { state.withLock { $0.health } }

    /// Publishes what is new, again and again, until the task is cancelled; then once more.
    package func run() async {
        var failures: UInt64 = 0
        while !Task.isCancelled {
            failures = await isPublished() ? 0 : failures + 1
            let pause = min(intervalMS << min(failures, 6), max(intervalMS, 60_000))
            try? await Task.sleep(for: .milliseconds(pause))
        }
        _ = await isPublished()
        pool.close()
    }

    private func isPublished() async -> Bool {
        do {
            try await publish()
            let had = state.withLock { state in
                defer { state.health.isFailing = false }
                return state.health.isFailing
            }
            if had { logger.notice("the mirror is written again") }
            return true
        } catch {
            let had = state.withLock { state in
                defer { state.health.isFailing = true }
                return state.health.isFailing
            }
            if !had {
                logger.error(
                    "the mirror could not be written; it is tried again",
                    metadata: ["error": "\(String(reflecting: error))"])
            }
            return false
        }
    }

    /// Writes the tiles of the newest checkpoint, and then the checkpoint.
    func publish() async throws {
        let note = Array(try await log.checkpoint().utf8)
        let (old, isSame) = state.withLock { ($0.head, $0.note == note) }
        guard !isSame else { return }
        let head = try Checkpoint(parsing: Note(parsing: note).text).head
        let tiles = TileCover.tiles(from: old.size, to: head.size)
        for start in stride(from: 0, to: tiles.count, by: Self.portion) {
            let portion = try await read(tiles[start..<min(start + Self.portion, tiles.count)])
            try await pool.run { [folder] in try folder.write(portion) }
        }
        try await pool.run { [folder] in try folder.publish(checkpoint: note) }
        state.withLock { state in
            (state.head, state.note) = (head, note)
            state.health.size = head.size
        }
        try await pool.run { [folder] in try folder.removePartials(from: old.size, to: head.size) }
    }

    /// The bytes of tiles, and of the entry bundles under those of level 0.
    private func read(_ tiles: ArraySlice<Tile>) async throws -> [(tile: Tile, bytes: [UInt8])] {
        var items: [(tile: Tile, bytes: [UInt8])] = []
        for tile in tiles {
            if tile.level == .hashes(0) {
                let bundle = Tile(.entries, index: tile.index, width: tile.width)
                items.append((bundle, try await bytes(of: bundle)))
            }
            items.append((tile, try await bytes(of: tile)))
        }
        return items
    }

    private func bytes(of tile: Tile) async throws(LogError) -> [UInt8] {
        guard let bytes = try await log.tile(tile) else {
            throw LogError(.corrupt, "a tile of the published tree is missing")
        }
        return bytes
    }

    // MARK: Going on

    /// The head that a folder holds, once it is known to be a past of the log.
    private static func past(_ note: [UInt8]?, of log: Log) async throws -> TreeHead {
        guard let note else { return .empty }
        let head: TreeHead
        do {
            head = try OpenedCheckpoint.open(
                note, origin: log.keys.identity.origin.text, keys: [log.keys.signer.verifierKey]
            ).checkpoint.head
        } catch {
            throw StartupRefusal(
                .foreign, "the mirror's folder holds another log: name an empty folder")
        }
        let published = log.published.head
        guard head.size <= published.size else {
            throw StartupRefusal(
                .rollbackSuspected,
                "the mirror holds a signed head of \(head.size) leaves, and the log has "
                    + "\(published.size): an older copy of store and anchor was restored. Bring "
                    + "the rest back: evident recover --from MIRROR",
                firstBadIndex: published.size)
        }
        guard head.size > 0 else { return head }
        let proof = try await log.consistency(from: head.size, to: published.size)
        guard (try? proof.verify(from: head, to: published)) != nil else {
            throw StartupRefusal(
                .forkSuspected,
                "the mirror holds another history of \(head.size) leaves, signed by this log. "
                    + "Keep both as evidence")
        }
        return head
    }
}

/// How a mirror's folder stands.
package struct MirrorHealth: Hashable, Sendable {
    /// Leaves under the checkpoint that lies there.
    package var size: UInt64
    /// Whether the last attempt to write failed.
    package var isFailing = false
}
