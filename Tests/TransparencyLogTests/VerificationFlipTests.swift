// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogStorage
import LogTesting
import Merkle
import Testing

@testable import TransparencyLog

/// Single bits of stored values, anywhere in a log.
struct VerificationFlipTests {
    private static let sound = Result { try MemoryLog(count: 300) }

    private enum Value: CaseIterable {
        case record, seed, time, commitment, mac, tile, headRoot, credential
    }

    @Test("Every flipped bit is found, with its verdict and its index")
    func flips() async throws {
        var random = SeededGenerator(seed: 11)
        for _ in 0..<400 {
            let value = try #require(Value.allCases.randomElement(using: &random))
            var log = try Self.sound.get()
            let (verdict, index) = try Self.flip(value, in: &log, &random)
            let report = try await log.verify()
            #expect(
                report.finding?.verdict.name == verdict && report.finding?.index == index,
                "\(value) at \(index.map(String.init) ?? "-"): \(report.headline)")
        }
    }

    @Test("A hundred untouched copies raise no alarm")
    func untouched() async throws {
        for _ in 0..<100 {
            #expect(try await Self.sound.get().verify().standing == .verified)
        }
    }

    /// Flips a bit; returns what is to be told of it.
    private static func flip(
        _ value: Value, in log: inout MemoryLog, _ random: inout SeededGenerator
    ) throws -> (verdict: String, index: UInt64?) {
        let place = Int.random(in: 0..<log.entries.count, using: &random)
        let (leaf, content) = try (
            #require(log.entries[place].leaf), #require(log.entries[place].content)
        )
        let index = UInt64(place)
        switch value {
        case .record, .seed:
            var (record, seed) = (content.record, content.seed?.bytes ?? [])
            if value == .record { flip(&record, &random) } else { flip(&seed, &random) }
            log.entries[place].content = content.changed(record: record, seed: Digest(seed))
            return ("content_mismatch", index)
        case .time, .commitment, .mac:
            var parts = [leaf.commitment.bytes, leaf.mac.bytes]
            var time = leaf.timestampMS
            switch value {
            case .time: time ^= 1 << UInt64.random(in: 0..<48, using: &random)
            case .commitment: flip(&parts[0], &random)
            default: flip(&parts[1], &random)
            }
            log.entries[place].leaf = Leaf(
                timestampMS: time, commitment: try #require(Digest(parts[0])),
                mac: try #require(Digest(parts[1])))
            return ("mac_mismatch", index)
        case .tile:
            let tiles = log.tiles.keys.sorted { ($0.height, $0.index) < ($1.height, $1.index) }
            let tile = try #require(tiles.randomElement(using: &random))
            var bytes = try #require(log.tiles[tile])
            let bit = flip(&bytes, &random)
            log.tiles[tile] = bytes
            let hash = tile.index * 256 + UInt64(bit / 256)
            return ("derived_column_mismatch", hash << UInt64(tile.height))
        case .headRoot:
            let head = try #require(log.storedHead)
            var root = head.treeHead.root.bytes
            flip(&root, &random)
            log.storedHead = StoredHead(
                treeHead: TreeHead(size: head.treeHead.size, root: try #require(Digest(root))),
                commit: head.commit, lastLeafTimestampMS: head.lastLeafTimestampMS,
                lastMAC: head.lastMAC, committedAtMS: head.committedAtMS)
            return ("root_mismatch", nil)
        case .credential:
            log.entries[place].submission = StoredSubmission(
                key: .random(), credential: .random(in: 3...9, using: &random))
            return ("derived_column_mismatch", index)
        }
    }

    /// Returns the bit that was flipped.
    @discardableResult
    private static func flip(_ bytes: inout [UInt8], _ random: inout SeededGenerator) -> Int {
        let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bit
    }
}
