// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import Merkle
import SignedNote
import Synchronization
import Testing

@testable import LogClient

@Suite("Verifying a whole log")
struct LogVerifierTests {
    @Test("A true log is verified at any size", arguments: [0, 1, 255, 256, 257, 700, 66_000])
    func verified(size: Int) async throws {
        let log = try TestLog(count: size)
        let steps = Mutex([(UInt64, UInt64)]())
        let verified = try await LogVerifier(log.pinned(), source: log).verify { done, total in
            steps.withLock { $0.append((done, total)) }
        }
        #expect(try verified.head == log.head)
        #expect(verified.head.size == size)
        #expect(verified.unknownEntries == 0)
        #expect(verified.firstTimestampMS == (size == 0 ? nil : 0))
        #expect(verified.lastTimestampMS == (size == 0 ? nil : TestLog.leaf(size - 1).timestampMS))
        // Every tile that the tree has was asked for.
        #expect(log.asked == Set(log.tiles.keys))
        #expect(log.asked.isSuperset(of: TileCover.tiles(size: UInt64(size))))
        let done = steps.withLock { $0 }
        #expect(done.count == (size + 255) / 256)
        #expect(done.last.map { $0.0 == size && $0.1 == size } ?? (size == 0))
    }

    @Test("A flipped bit in any tile is evidence of tampering")
    func flippedBit() async throws {
        let log = try TestLog(count: 700)
        let pinned = try log.pinned()
        for (tile, bytes) in log.tiles {
            for place in [0, bytes.count / 2, bytes.count - 1] {
                log.tiles[tile]?[place] ^= 4
                let error = await refusal(of: log, pinned)
                #expect(error?.verdict == .tampered, "\(tile) byte \(place)")
                log.tiles[tile] = bytes
            }
        }
        #expect(await refusal(of: log, pinned) == nil)
    }

    @Test("The first leaf that was changed is named")
    func changedLeaf() async throws {
        let log = try TestLog(count: 300)
        var entries = (0..<300).map { TestLog.leaf($0).encoded }
        entries[280] = TestLog.leaf(281).encoded
        let bundle = Tile(.entries, index: 1, width: 44)
        log.tiles[bundle] = EntryBundle.encode(Array(entries[256...]))
        #expect(await refusal(of: log) == .leafHashMismatch(index: 280))
    }

    @Test("A log that rewrote a leaf and all its tiles, but not its signature, is found out")
    func rewritten() async throws {
        let log = try TestLog(count: 300)
        let signed = log.note
        var entries = (0..<300).map { TestLog.leaf($0).encoded }
        entries[17] = TestLog.leaf(18).encoded
        try log.publish(entries, signedMS: 100_000_000)
        log.note = signed
        guard case .rootMismatch(let got, let want) = await refusal(of: log) else {
            Issue.record("not refused as it must be")
            return
        }
        #expect(got.size == 300 && want.size == 300)
    }

    @Test("A tile of a higher level that the leaves do not make is named")
    func higherLevels() async throws {
        let log = try TestLog(count: 66_000)
        let levels = [
            Tile(.hashes(1), index: 0), Tile(.hashes(1), index: 1, width: 1),
            Tile(.hashes(2), index: 0, width: 1),
        ]
        for tile in levels {
            let bytes = try #require(log.tiles[tile])
            log.tiles[tile]?[31] ^= 1
            #expect(await refusal(of: log) == .tileMismatch(tile))
            log.tiles[tile] = Array(bytes.dropLast(32))
            #expect(await refusal(of: log) == .tileMismatch(tile))
            log.tiles[tile] = bytes
        }
    }

    @Test("A tile that is not served leaves the log unverified, not tampered")
    func missing() async throws {
        let log = try TestLog(count: 700)
        for (tile, bytes) in log.tiles {
            log.tiles[tile] = nil
            let error = await refusal(of: log)
            #expect(error == .missingTile(tile))
            #expect(error?.verdict == .unverifiable)
            log.tiles[tile] = bytes
        }
        log.note = nil
        #expect(await refusal(of: log) == .noCheckpoint)
        #expect(VerifyError.noCheckpoint.verdict == .unverifiable)
    }

    @Test("A full tile serves where its partial one is gone")
    func partialsGone() async throws {
        let log = try TestLog(count: 700)
        let later = try TestLog(count: 66_000)
        for tile in log.tiles.keys where !tile.isFull {
            log.tiles[tile] = nil
            let full = Tile(tile.level, index: tile.index)
            log.tiles[full] = later.tiles[full]
        }
        let verified = try await LogVerifier(log.pinned(), source: log).verify()
        #expect(verified.head.size == 700)
    }

    @Test("A bundle or tile of another width is evidence of tampering")
    func wrongWidth() async throws {
        let log = try TestLog(count: 300)
        let (bundle, hashes) = (Tile(.entries, index: 0), Tile(.hashes(0), index: 0))
        let whole = log.tiles
        let short = EntryBundle.encode((0..<255).map { TestLog.leaf($0).encoded })
        for bytes in [[], short, short + [0], whole[bundle].map { $0 + [0, 0] } ?? []] {
            log.tiles[bundle] = bytes
            #expect(await refusal(of: log) == .malformedTile(bundle))
        }
        log.tiles = whole
        for bytes in [[], Array((whole[hashes] ?? []).dropLast()), (whole[hashes] ?? []) + [0]] {
            log.tiles[hashes] = bytes
            #expect(await refusal(of: log) == .malformedTile(hashes))
        }
    }

    @Test("Times that run backwards are evidence of tampering, equal ones are not")
    func times() async throws {
        var leaves = (0..<300).map { TestLog.leaf($0) }
        leaves[270] = Leaf(timestampMS: 1, commitment: .zero, mac: .zero)
        let log = try TestLog(entries: leaves.map(\.encoded))
        #expect(await refusal(of: log) == .timeRunsBackwards(index: 270))
        let early = try TestLog(entries: [TestLog.leaf(3).encoded], signedMS: 9)
        #expect(await refusal(of: early) == .leafAfterTreeHead(leafMS: 10, signedMS: 9))
    }

    @Test("An entry of an unknown kind is counted; a false leaf of version 1 is not forgiven")
    func unknownEntries() async throws {
        var entries = (0..<300).map { TestLog.leaf($0).encoded }
        entries[20][11] = 1
        entries[21] = Array("something else".utf8)
        entries[22] = []
        let log = try TestLog(entries: entries)
        let verified = try await LogVerifier(log.pinned(), source: log).verify()
        #expect(verified.unknownEntries == 3)
        #expect(verified.firstUnknownEntry == 20)

        entries[25][117] = 1
        let malformed = try TestLog(entries: entries)
        #expect(await refusal(of: malformed) == .malformedLeaf(index: 25))
        entries[25] = Array(entries[26].dropLast())
        let short = try TestLog(entries: entries)
        #expect(await refusal(of: short) == .malformedLeaf(index: 25))
    }

    @Test("A checkpoint of another key or log is not verified")
    func otherKey() async throws {
        let log = try TestLog(count: 3)
        let vector = try BundleVector.load()
        let other = await refusal(of: log, try vector.pinned())
        #expect(
            other == .checkpoint(.wrongOrigin(got: TestLog.origin, want: "log.example.com/audit")))
        #expect(other?.verdict == .unverifiable)
        let place = try #require(log.note?.firstIndex(of: UInt8(ascii: "3")))
        log.note?[place] = UInt8(ascii: "2")
        #expect(await refusal(of: log)?.verdict == .tampered)
    }

    @Test("The source's own error comes through")
    func sourceFails() async throws {
        struct Unreachable: Error {}
        struct Broken: LogSource {
            let log: TestLog
            func checkpoint() async throws -> [UInt8]? { log.note }
            func tile(_ tile: Tile) async throws -> [UInt8]? { throw Unreachable() }
        }
        let log = try TestLog(count: 3)
        await #expect(throws: Unreachable.self) {
            try await LogVerifier(log.pinned(), source: Broken(log: log)).verify()
        }
    }

    private func refusal(of log: TestLog, _ pinned: PinnedLog? = nil) async -> VerifyError? {
        do {
            _ = try await LogVerifier(pinned ?? log.pinned(), source: log).verify()
            return nil
        } catch {
            return error as? VerifyError
        }
    }
}
