// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Synchronization
import Testing

@testable import LogClient

/// A log in memory that serves what it is told to, true or not.
final class TestLog: LogSource {
    static let origin = "log.example.com/test"

    let signer: CheckpointSigner
    private let state = Mutex(State())

    private struct State {
        var note: [UInt8]?
        var tiles: [Tile: [UInt8]] = [:]
        var asked: [Tile] = []
    }

    init() throws {
        let seed = SecretBytes(copying: [UInt8](repeating: 7, count: 32))
        signer = CheckpointSigner(
            origin: Self.origin, ed25519: try Ed25519PrivateKey(seed: seed),
            ecdsa: try P256PrivateKey(scalar: seed))
    }

    /// A log that publishes these entries, signed a day after the last leaf's time.
    convenience init(entries: [[UInt8]], signedMS: UInt64 = 100_000_000) throws {
        try self.init()
        try publish(entries, signedMS: signedMS)
    }

    /// A log of `count` leaves, one every ten milliseconds.
    convenience init(count: Int) throws {
        try self.init(entries: (0..<count).map { Self.leaf($0).encoded })
    }

    static func leaf(_ index: Int) -> Leaf {
        Leaf(
            timestampMS: UInt64(index / 3 * 10),
            commitment: SHA256.hash(Array("commitment \(index)".utf8)),
            mac: SHA256.hash(Array("mac \(index)".utf8)))
    }

    func pinned() throws -> PinnedLog {
        try PinnedLog(keys: [signer.verifierKey, signer.treeHeadKey])
    }

    /// Publishes a tree over the entries, all hash tiles and bundles at their width.
    func publish(_ entries: [[UInt8]], signedMS: UInt64) throws {
        var edge = TreeEdge()
        let growth = edge.append(entries.map { Digest.leafHash($0) })
        let note = try signer.addTreeHeadSignature(
            to: signer.sign(edge.head), head: edge.head, timestampMS: signedMS)
        state.withLock { state in
            state.note = Array(note.serialized.utf8)
            state.tiles = [:]
            for tile in growth.sealed { state.tiles[tile.tile] = tile.bytes }
            for tile in edge.partials { state.tiles[tile.tile] = tile.bytes }
            for start in stride(from: 0, to: entries.count, by: 256) {
                let bundle = entries[start..<min(start + 256, entries.count)]
                let tile = Tile(.entries, index: UInt64(start / 256), width: bundle.count)
                state.tiles[tile] = EntryBundle.encode(Array(bundle))
            }
        }
    }

    var head: TreeHead {
        get throws {
            try pinned().open(state.withLock { $0.note ?? [] }).checkpoint.head
        }
    }

    var tiles: [Tile: [UInt8]] {
        get { state.withLock { $0.tiles } }
        set { state.withLock { $0.tiles = newValue } }
    }

    var note: [UInt8]? {
        get { state.withLock { $0.note } }
        set { state.withLock { $0.note = newValue } }
    }

    var asked: Set<Tile> { state.withLock { Set($0.asked) } }

    func checkpoint() async throws -> [UInt8]? {
        note
    }

    func tile(_ tile: Tile) async throws -> [UInt8]? {
        state.withLock { state in
            state.asked.append(tile)
            return state.tiles[tile]
        }
    }
}
