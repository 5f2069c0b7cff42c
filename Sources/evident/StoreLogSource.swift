// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClient
import LogCrypto
import LogStorage
import Merkle
import SQLiteStorage
import TransparencyLog

/// A log read from its data folder as a third party would see it: nothing but what is public, and
/// up to the newest published head.
///
/// Nothing is written, and a server may run meanwhile.
struct StoreLogSource: LogSource {
    private let view: SQLiteView
    private let note: [UInt8]?

    /// Opens the store of a data folder, and the anchor, which has the newest signed head.
    init(_ settings: ServerConfiguration) throws {
        view = try SQLiteStore.openReadOnly(directory: LogFolder.store(settings.data))
        note = try Self.anchoredNote(settings.anchor)
    }

    func close() { view.close() }

    func checkpoint() async throws -> [UInt8]? { note }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        switch tile.level {
        case .entries:
            let first = tile.index * 256
            let leaves = try view.reader.leaves(first..<first + UInt64(tile.width))
            guard leaves.count == tile.width else { return nil }
            return EntryBundle.encode(leaves.map(\.encoded))
        case .hashes(let level):
            guard let bytes = try view.reader.hashTile(level: level, index: tile.index),
                bytes.count >= tile.width * Digest.byteCount
            else { return nil }
            return Array(bytes.prefix(tile.width * Digest.byteCount))
        }
    }

    /// The newest signed head that an anchor holds.
    static func anchoredNote(_ path: String) throws -> [UInt8]? {
        try AnchorState.read(path: path).map { Array($0.note.utf8) }
    }
}
