// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Evidence of a fork")
struct ForkEvidenceTests {
    let vector: ForkVector
    let pinned: PinnedLog

    init() throws {
        vector = try Vectors.decode(ForkVector.self, from: "fork")
        pinned = try PinnedLog(vkey: vector.vkey)
    }

    @Test("The vectors prove a fork, and its id is theirs")
    func valid() throws {
        for example in vector.valid {
            let evidence = try ForkEvidence(parsing: example.evidence.bytes)
            let fork = try evidence.verify(by: pinned)
            #expect(fork.id.hex == example.id, "\(example.about)")
            #expect(try ForkEvidence(parsing: evidence.json) == evidence)
        }
    }

    @Test("What proves nothing is refused")
    func refused() throws {
        for example in vector.refused {
            #expect(throws: (any Error).self, "\(example.about)") {
                try ForkEvidence(parsing: example.evidence.bytes).verify(by: pinned)
            }
        }
    }

    @Test("Every prefix is refused, and every bumped byte is refused or proves the same")
    func mutations() throws {
        let bytes = try ForkEvidence(parsing: vector.valid[1].evidence.bytes).json
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: ProofFileError.self) { try ForkEvidence(parsing: prefix) }
        }
        for bumped in everyBumpedByte(of: bytes) {
            let fork = try? ForkEvidence(parsing: bumped).verify(by: pinned)
            #expect(fork == nil || fork?.id.hex == vector.valid[1].id)
        }
    }

    @Test("Another log's key, or a file that is too long, proves nothing")
    func otherKey() throws {
        let evidence = try ForkEvidence(parsing: vector.valid[1].evidence.bytes)
        let other = try TestLog().pinned()
        #expect(throws: ForkEvidenceError.self) { try evidence.verify(by: other) }
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: ForkEvidence.byteLimit)
        #expect(throws: ProofFileError.self) { try ForkEvidence(parsing: evidence.json + padding) }
    }

    @Test(
        "Tiles of the larger tree show a fork, whichever of the two is ours",
        arguments: [(1, 2), (255, 700), (256, 257), (300, 300), (512, 700), (699, 700), (700, 300)])
    func search(ours: Int, theirs: Int) async throws {
        let log = try TestLog(count: ours)
        let other = try Self.rewritten(count: theirs)
        let pinned = try log.pinned()
        let heads = (try pinned.open(log.note ?? []), try pinned.open(other.note ?? []))
        let source: any LogSource = ours > theirs ? log : other
        guard
            case .fork(let evidence) = try await ForkSearch(pinned).compare(
                heads.0, heads.1, tilesFrom: source)
        else {
            Issue.record("the fork was not found")
            return
        }
        let fork = try ForkEvidence(parsing: evidence.json).verify(by: pinned)
        #expect(Set(fork.checkpoints.map(\.head)) == [heads.0.head, heads.1.head])
        #expect(fork.size == UInt64(min(ours, theirs)))
    }

    @Test("Where the last leaves are gone, a fork shows at the full tiles below")
    func fullTiles() async throws {
        let (log, other) = (try TestLog(count: 700), try Self.rewritten(count: 600))
        let pinned = try log.pinned()
        let heads = (try pinned.open(log.note ?? []), try pinned.open(other.note ?? []))
        log.tiles[Tile(.hashes(0), index: 0)] = nil
        log.tiles[Tile(.hashes(0), index: 1)] = nil
        guard
            case .fork(let evidence) = try await ForkSearch(pinned).compareFullTiles(
                (heads.1, other), (heads.0, log))
        else {
            Issue.record("the fork was not found")
            return
        }
        #expect(try evidence.verify(by: pinned).size == 512)
    }

    @Test("A true log makes no evidence, and false tiles make none against it")
    func noFork() async throws {
        let (old, log) = (try TestLog(count: 300), try TestLog(count: 700))
        let pinned = try log.pinned()
        let heads = (try pinned.open(old.note ?? []), try pinned.open(log.note ?? []))
        let search = ForkSearch(pinned)
        #expect(
            try await search.compare(heads.0, heads.1, tilesFrom: log) == .consistent)
        #expect(
            try await search.compareFullTiles((heads.0, old), (heads.1, log)) == .consistent)
        #expect(try await search.compare(heads.1, heads.1, tilesFrom: log) == .consistent)
        for tile in log.tiles.keys {
            let bytes = log.tiles[tile]
            log.tiles[tile]?[0] ^= 1
            let found = try? await search.compare(heads.0, heads.1, tilesFrom: log)
            #expect(found == nil || found == .consistent)
            log.tiles[tile] = bytes
        }
    }

    /// A log under the same key, with another first leaf.
    static func rewritten(count: Int) throws -> TestLog {
        var entries = (0..<count).map { TestLog.leaf($0).encoded }
        entries[0] = TestLog.leaf(count + 9).encoded
        return try TestLog(entries: entries)
    }
}

/// `Tests/Vectors/fork.json`, made by another implementation.
struct ForkVector: Decodable {
    let vkey: String
    let valid: [Case]
    let refused: [Case]

    struct Case: Decodable {
        let about: String
        let id: String?
        let evidence: Evidence
    }

    struct Evidence: Codable {
        var fork: String
        var size: UInt64
        var trees: [Tree]
        var note: String?

        var bytes: [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(self)).map { [UInt8]($0) } ?? []
        }
    }

    struct Tree: Codable {
        var checkpoint: String
        var nodes: [String]
    }
}
