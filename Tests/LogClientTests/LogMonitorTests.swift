// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto
import LogTesting
import Merkle
import SignedNote
import Testing

@testable import LogClient

@Suite("Watching a log")
struct LogMonitorTests {
    @Test("A log that only grows is followed, across restarts, without a word of complaint")
    func grows() async throws {
        var watch = try Watch()
        for size in [0, 1, 300, 300, 700, 66_000] {
            try watch.log.publish(count: size)
            let events = try await watch.poll()
            #expect(events.allSatisfy { $0.kind == .headAdvanced }, "\(size)")
            #expect(events.isEmpty == (size == 300 && watch.polls == 4))
            #expect(try watch.head == watch.log.head)
            #expect(try MonitorState(parsing: watch.state.json) == watch.state)
        }
    }

    @Test("A larger head that does not begin with ours is a fork, told of once and for ever")
    func forkAbove() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 300)
        _ = try await watch.poll()
        let ours = watch.head
        try watch.log.publish(Watch.rewritten(700))
        let event = try #require(try await watch.poll().only)
        #expect(event.kind == .fork)
        let fork = try #require(event.evidence).verify(by: watch.log.pinned())
        #expect(fork.checkpoints.map(\.head.size) == [300, 700])
        #expect(watch.head == ours, "what is forked is never taken over")
        #expect(try await watch.poll().isEmpty)
        // Back on the old branch, it has still forked.
        try watch.log.publish(count: 400)
        #expect(try await watch.poll().map(\.kind) == [.headAdvanced])
        #expect(watch.state.conditions.contains { $0.kind == .fork })
    }

    @Test("A head of our size with another root is a fork")
    func forkBeside() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 300)
        _ = try await watch.poll()
        try watch.log.publish(Watch.rewritten(300))
        let event = try #require(try await watch.poll().only)
        #expect(event.kind == .fork)
        #expect(try event.evidence?.verify(by: watch.log.pinned()).size == 300)
    }

    @Test(
        "A smaller head is a true one or a fork, by the tiles that were kept",
        arguments: [1, 200, 256, 500, 699])
    func smaller(size: Int) async throws {
        var watch = try Watch()
        try watch.log.publish(count: 700)
        _ = try await watch.poll()
        try watch.log.publish(count: size)
        #expect(try await watch.poll().map(\.kind) == [.smallerHead])
        try watch.log.publish(Watch.rewritten(size))
        let event = try #require(try await watch.poll().first)
        #expect(event.kind == .fork)
        let fork = try #require(event.evidence).verify(by: watch.log.pinned())
        #expect(fork.checkpoints.map(\.head.size) == [UInt64(size), 700])
        try watch.log.publish(count: 700)
        #expect(try await watch.poll().isEmpty, "smallerHead was over with the fork")
    }

    @Test("Without the leaf tiles a smaller fork shows at the full tiles, or cannot be decided")
    func smallerWithoutTiles() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 700)
        _ = try await watch.poll()
        watch.kept.drop(Tile(.hashes(0), index: 1))
        try watch.log.publish(Watch.rewritten(400))
        let event = try #require(try await watch.poll().only)
        #expect(event.kind == .fork)
        #expect(try event.evidence?.verify(by: watch.log.pinned()).size == 256)

        var other = try Watch()
        try other.log.publish(count: 700)
        _ = try await other.poll()
        other.kept.drop(Tile(.hashes(0), index: 0))
        try other.log.publish(Watch.rewritten(100))
        #expect(try await other.poll().map(\.kind) == [.undecided])
        try other.log.publish(count: 700)
        #expect(try await other.poll().map(\.kind) == [.cleared])
    }

    @Test("False tiles are told of, are no evidence, and are never taken over")
    func altered() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 300)
        _ = try await watch.poll()
        let ours = watch.head
        try watch.log.publish(count: 700)
        let whole = watch.log.tiles
        var entries = (512..<700).map { TestLog.leaf($0).encoded }
        entries[88] = TestLog.leaf(9).encoded
        watch.log.tiles[Tile(.entries, index: 2, width: 188)] = EntryBundle.encode(entries)
        let event = try #require(try await watch.poll().only)
        #expect(event.kind == .altered && event.detail.contains("600"))
        #expect(watch.head == ours)
        #expect(try await watch.poll().isEmpty, "it is told of once")
        watch.log.tiles = whole
        #expect(try await watch.poll().map(\.kind) == [.headAdvanced, .cleared])

        try watch.log.publish(count: 900)
        watch.log.tiles[Tile(.hashes(0), index: 3, width: 132)] = nil
        #expect(try await watch.poll().map(\.kind) == [.notServed])
    }

    @Test("Leaves with times that cannot be are told of")
    func times() async throws {
        var watch = try Watch()
        var entries = (0..<300).map { TestLog.leaf($0).encoded }
        try watch.log.publish(entries, signedMS: 500_000)
        watch.nowMS = 500_000
        _ = try await watch.poll()
        func leaf(_ timestampMS: UInt64) -> [UInt8] {
            Leaf(timestampMS: timestampMS, commitment: .zero, mac: .zero).encoded
        }
        // A second is the granularity, and a minute what a commit may take.
        entries += [leaf(439_000), leaf(450_000), leaf(440_000), leaf(438_999), leaf(501_001)]
        try watch.log.publish(entries, signedMS: 501_000)
        let events = try await watch.poll()
        #expect(
            events.map(\.kind) == [.timeBackwards, .backdated, .leafAhead, .headAdvanced])
        #expect(events[0].index == 302 && events[0].detail.hasPrefix("2 entries"))
        #expect(events[1].index == 303 && events[1].detail.hasPrefix("1 entries"))
        entries.append(leaf(501_001))
        try watch.log.publish(entries, signedMS: 500_999)
        #expect(
            try await watch.poll().map(\.kind) == [.leafAhead, .headTimeBackwards, .headAdvanced])
    }

    @Test("Entries of an unknown kind, and false leaves, are told of and followed")
    func kinds() async throws {
        var watch = try Watch()
        var entries = (0..<30).map { TestLog.leaf($0).encoded }
        entries[20] = Array("something else".utf8)
        entries[25][117] = 1
        try watch.log.publish(entries, signedMS: 10_000)
        let events = try await watch.poll()
        #expect(events.map(\.kind) == [.unknownEntries, .malformedEntries, .headAdvanced])
        #expect(events.map(\.index) == [20, 25, nil])
    }

    @Test("A head that nobody signs anew becomes stale, and is fresh again")
    func stale() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 3, signedMS: 1_000_000)
        watch.nowMS = 1_000_000 + 7_200_000
        #expect(try await watch.poll().map(\.kind) == [.headAdvanced])
        watch.nowMS += 1
        #expect(try await watch.poll().map(\.kind) == [.stale])
        watch.nowMS += 1
        #expect(try await watch.poll().isEmpty)
        try watch.log.publish(count: 3, signedMS: 8_000_000)
        #expect(try await watch.poll().map(\.kind) == [.cleared])
        try watch.log.publish(count: 3, signedMS: 80_000_000)
        #expect(try await watch.poll().map(\.kind) == [.headAhead])
        // Without the tree head's key nobody can tell.
        let pinned = try PinnedLog(keys: [watch.log.signer.verifierKey])
        let outcome = try await LogMonitor(pinned).poll(
            MonitorState(), at: [VantagePoint(name: "log", source: watch.log)], nowMS: 0)
        #expect(outcome.events.map(\.kind) == [.headAdvanced, .undated])
    }

    @Test("Two places that show different trees are a fork, though each is sound by itself")
    func splitView() async throws {
        var watch = try Watch()
        let mirror = try TestLog(entries: Watch.rewritten(200), signedMS: 10_000)
        watch.others = [VantagePoint(name: "mirror", source: mirror)]
        try watch.log.publish(count: 300)
        let events = try await watch.poll()
        #expect(events.map(\.kind) == [.headAdvanced, .fork])
        #expect(events.last?.point == "mirror")
        // A mirror that lags says nothing.
        var other = try Watch()
        other.others = [VantagePoint(name: "mirror", source: try TestLog(count: 200, at: 10_000))]
        try other.log.publish(count: 300)
        #expect(try await other.poll().map(\.kind) == [.headAdvanced])
    }

    @Test("A place that is down is told of, and what it was accused of stands meanwhile")
    func unreachable() async throws {
        struct Down: LogSource, Error {
            func checkpoint() async throws -> [UInt8]? { throw Down() }
            func tile(_ tile: Tile) async throws -> [UInt8]? { throw Down() }
        }
        var watch = try Watch()
        watch.others = [VantagePoint(name: "mirror", source: Down())]
        try watch.log.publish(count: 3)
        #expect(try await watch.poll().map(\.kind) == [.unreachable, .headAdvanced])
        #expect(try await watch.poll().isEmpty)
        watch.others = [VantagePoint(name: "mirror", source: watch.log)]
        #expect(try await watch.poll().map(\.kind) == [.cleared])
        watch.log.note = nil
        #expect(try await watch.poll().map(\.kind) == [.unverifiable, .unverifiable])
    }

    @Test("A state is read back whole, and every prefix of it is refused")
    func state() async throws {
        var watch = try Watch()
        try watch.log.publish(count: 3, signedMS: 1)
        watch.nowMS = 100_000_000
        _ = try await watch.poll()
        let bytes = watch.state.json
        #expect(try MonitorState(parsing: bytes).json == bytes)
        for prefix in everyPrefix(of: bytes) {
            #expect(throws: ProofFileError.self) { try MonitorState(parsing: prefix) }
        }
        for bumped in everyBumpedByte(of: bytes) {
            guard let state = try? MonitorState(parsing: bumped) else { continue }
            #expect(try MonitorState(parsing: state.json) == state)
        }
        let other = try PinnedLog(vkey: Vectors.decode(ForkVector.self, from: "fork").vkey)
        await #expect(throws: VerifyError.self) {
            try await LogMonitor(other).poll(watch.state, at: [], nowMS: 0)
        }
    }
}

/// A log, a monitor of it, and what the monitor keeps.
struct Watch {
    let log: TestLog
    var others: [VantagePoint] = []
    var state = MonitorState()
    var kept = Shelf()
    var head = TreeHead.empty
    var nowMS: UInt64 = 20_000
    var polls = 0

    init() throws {
        log = try TestLog()
    }

    mutating func poll() async throws -> [MonitorEvent] {
        polls += 1
        let outcome = try await LogMonitor(log.pinned()).poll(
            state, at: [VantagePoint(name: "log", source: log)] + others, kept: kept, nowMS: nowMS)
        state = try MonitorState(parsing: outcome.state.json)
        head = outcome.head
        kept.tiles.merge(outcome.tiles) { $1 }
        return outcome.events
    }

    /// A history of the log's own key with another first leaf.
    static func rewritten(_ count: Int) -> [[UInt8]] {
        var entries = (0..<count).map { TestLog.leaf($0).encoded }
        entries[0] = Leaf(timestampMS: 0, commitment: .zero, mac: .zero).encoded
        return entries
    }

    /// What a monitor's folder does.
    struct Shelf: LogSource {
        var tiles: [Tile: [UInt8]] = [:]

        mutating func drop(_ tile: Tile) { tiles[tile] = nil }

        func checkpoint() async throws -> [UInt8]? { nil }

        func tile(_ tile: Tile) async throws -> [UInt8]? {
            guard let bytes = tiles[Tile(tile.level, index: tile.index)] else { return nil }
            return bytes.count >= tile.width * 32 ? Array(bytes.prefix(tile.width * 32)) : nil
        }
    }
}

extension TestLog {
    convenience init(count: Int, at signedMS: UInt64) throws {
        try self.init()
        try publish(count: count, signedMS: signedMS)
    }

    func publish(count: Int, signedMS: UInt64 = 10_000) throws {
        let entries = (0..<count).map { TestLog.leaf($0).encoded }
        try publish(entries, signedMS: max(signedMS, UInt64(count) * 4))
    }

    func publish(_ entries: [[UInt8]]) throws {
        try publish(entries, signedMS: 10_000)
    }
}

extension Array {
    /// The element of an array of one.
    var only: Element? { count == 1 ? self[0] : nil }
}
