// SPDX-License-Identifier: Apache-2.0

import Glibc
import LogClient
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// The folder in which a monitor keeps what it knows: the state, hash tiles, and evidence.
///
/// It is public data, but whoever can write it can make the monitor forget; so it is private.
struct MonitorFolder: LogSource {
    let path: String
    private let lock: FolderLock

    /// Opens the folder for this process alone, and makes it if need be.
    init(_ path: String) throws {
        self.path = path
        try PrivateFile.makeFolder(path)
        try PrivateFile.makeFolder("\(path)/tiles")
        guard let lock = try FolderLock.take(path) else {
            throw CommandFailure(
                .inputOutput, "another monitor holds \(path)",
                advice: "Give each monitor a --state folder of its own.")
        }
        self.lock = lock
    }

    private var stateFile: String { "\(path)/state.json" }

    /// What was kept last; a new state if there is none.
    func state() throws -> MonitorState {
        guard let bytes = try PrivateFile.read(stateFile) else { return MonitorState() }
        do {
            return try MonitorState(parsing: bytes)
        } catch {
            throw CommandFailure(
                .inputOutput, "\(stateFile) is damaged (\(error))",
                advice: "Take it from a backup. Without it the monitor begins anew, and does not "
                    + "know what the log showed before.")
        }
    }

    /// Keeps the state, durably.
    func keep(_ state: MonitorState) throws {
        try PrivateFile.replace(stateFile, with: state.json)
    }

    // MARK: Evidence

    /// Keeps evidence, durably, under a name that tells what it is about.
    func keep(_ evidence: ForkEvidence) throws {
        try PrivateFile.replace(file(of: evidence), with: evidence.json)
    }

    /// Where evidence is kept.
    func file(of evidence: ForkEvidence) -> String { "\(path)/\(evidence.fileName)" }

    // MARK: Tiles

    func checkpoint() async throws -> [UInt8]? { nil }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        guard let file = file(of: tile), let bytes = try PrivateFile.read(file) else { return nil }
        let count = tile.width * Digest.byteCount
        return bytes.count >= count ? Array(bytes.prefix(count)) : nil
    }

    /// Keeps hash tiles, each in place of a narrower one, and drops those that are too old.
    ///
    /// They are checked whenever they are used, and what is lost can be read again.
    func keep(_ tiles: [Tile: [UInt8]], treeSize: UInt64) throws {
        for (tile, bytes) in tiles {
            guard let file = file(of: tile) else { continue }
            try PrivateFile.replace(file, with: bytes, durable: false)
        }
        let newest = treeSize / 256
        guard newest > Self.newestLeafTiles else { return }
        for tile in tiles.keys where tile.level == .hashes(0) {
            guard tile.index >= Self.newestLeafTiles else { continue }
            let old = Tile(.hashes(0), index: tile.index - Self.newestLeafTiles)
            if let file = file(of: old) { unlink(file) }
        }
    }

    /// 32 MiB in the last 4,096 tiles: a million leaves.
    private static let newestLeafTiles: UInt64 = 4096

    private func file(of tile: Tile) -> String? {
        guard case .hashes(let level) = tile.level else { return nil }
        return "\(path)/tiles/\(level)-\(tile.index)"
    }
}
