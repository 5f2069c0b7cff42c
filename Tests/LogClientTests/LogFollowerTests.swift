// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import Testing

@testable import LogClient

@Suite("Following a log")
struct LogFollowerTests {
    @Test(
        "All that is new comes out, each tile once, and nothing else",
        arguments: [
            (0, 0), (0, 1), (0, 256), (0, 700), (1, 2), (255, 256), (256, 257), (300, 700),
            (512, 700), (699, 700), (700, 700), (65_000, 66_000), (300, 66_000), (65_536, 66_000),
        ])
    func newParts(old: Int, new: Int) async throws {
        let log = try TestLog(count: new)
        let (from, to) = (try TestLog(count: old).head, try log.head)
        let parts = try await Self.follow(log, from: from, to: to)
        #expect(
            parts.hashes.keys.sorted { "\($0)" < "\($1)" }
                == TileCover.tiles(from: UInt64(old), to: UInt64(new)).sorted { "\($0)" < "\($1)" })
        for (tile, bytes) in parts.hashes { #expect(bytes == log.tiles[tile]) }
        for (tile, bytes) in parts.bundles { #expect(bytes == log.tiles[tile]) }
        #expect(parts.indexes == Array(UInt64(old)..<UInt64(new)))
        #expect(parts.leaves == (old..<new).map { .leaf(TestLog.leaf($0)) })
    }

    @Test("No flipped bit of any tile comes out as verified")
    func flippedBit() async throws {
        let log = try TestLog(count: 66_000)
        let (from, to) = (try TestLog(count: 65_400).head, try log.head)
        let original = log.tiles
        let needed = Set(try await Self.follow(log, from: from, to: to).names)
        for tile in needed {
            let bytes = try #require(original[tile])
            for place in [0, bytes.count / 2, bytes.count - 1] {
                log.tiles[tile]?[place] ^= 4
                var parts = Parts()
                do {
                    try await LogFollower(log, from: from, to: to).follow { parts.take($0) }
                    Issue.record("\(tile) byte \(place) was not noticed")
                } catch let error as VerifyError {
                    #expect(error.verdict == .tampered)
                }
                for (name, bytes) in parts.all { #expect(bytes == original[name]) }
            }
            log.tiles[tile] = bytes
        }
    }

    @Test("An entry that was altered is named")
    func changedEntry() async throws {
        let log = try TestLog(count: 700)
        var entries = (512..<700).map { TestLog.leaf($0).encoded }
        entries[88] = TestLog.leaf(9).encoded
        log.tiles[Tile(.entries, index: 2, width: 188)] = EntryBundle.encode(entries)
        let (from, to) = (try TestLog(count: 520).head, try log.head)
        await #expect(throws: VerifyError.leafHashMismatch(index: 600)) {
            try await Self.follow(log, from: from, to: to)
        }
    }

    @Test("A newer tree that does not begin with the older one yields nothing, and a split")
    func fork() async throws {
        let ours = try TestLog(count: 300).head
        var entries = (0..<700).map { TestLog.leaf($0).encoded }
        entries[7] = TestLog.leaf(8).encoded
        let log = try TestLog(entries: entries)
        let follower = LogFollower(log, from: ours, to: try log.head)
        var count = 0
        await #expect(throws: VerifyError.self) { try await follower.follow { _ in count += 1 } }
        #expect(count == 0)
        let split = try #require(try await follower.split())
        #expect(try split.whole == log.head)
        #expect(split.prefix == (try TestLog(entries: Array(entries[..<300])).head))
        #expect(split.prefix != ours)
    }

    @Test("A full tile serves where its partial one is gone, and a missing one is named")
    func missing() async throws {
        let log = try TestLog(count: 700)
        let (from, to) = (try TestLog(count: 100).head, try log.head)
        log.tiles[Tile(.hashes(0), index: 1)] = nil
        await #expect(throws: VerifyError.missingTile(Tile(.hashes(0), index: 1))) {
            try await Self.follow(log, from: from, to: to)
        }
        log.tiles = try TestLog(count: 66_000).tiles
        #expect(try await Self.follow(log, from: from, to: to).indexes.count == 600)
    }

    struct Parts {
        var hashes: [Tile: [UInt8]] = [:]
        var bundles: [Tile: [UInt8]] = [:]
        var indexes: [UInt64] = []
        var leaves: [LogEntry] = []

        var all: [Tile: [UInt8]] { hashes.merging(bundles) { left, _ in left } }
        var names: [Tile] { Array(all.keys) }

        mutating func take(_ part: VerifiedPart) {
            switch part {
            case .hashes(let tile, let bytes):
                #expect(hashes.updateValue(bytes, forKey: tile) == nil)
            case .leaves(let part):
                #expect(hashes.updateValue(part.hashes, forKey: part.hashTile) == nil)
                #expect(bundles.updateValue(part.bundle, forKey: part.bundleTile) == nil)
                part.forEachNewEntry { index, entry in
                    indexes.append(index)
                    leaves.append(entry)
                }
            }
        }
    }

    @discardableResult
    static func follow(
        _ log: any LogSource, from old: TreeHead, to head: TreeHead
    ) async throws -> Parts {
        var parts = Parts()
        try await LogFollower(log, from: old, to: head).follow { parts.take($0) }
        return parts
    }
}
