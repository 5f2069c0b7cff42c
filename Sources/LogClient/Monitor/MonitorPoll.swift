// SPDX-License-Identifier: Apache-2.0

import LogCrypto
import Merkle
import SignedNote

/// One poll: every place is asked, the largest head is followed, and all others are compared.
struct MonitorPoll {
    let monitor: LogMonitor
    let points: [VantagePoint]
    let kept: (any LogSource)?
    let nowMS: UInt64
    let progress: @Sendable (UInt64, UInt64) -> Void

    /// The newest head up to which everything was verified.
    var known: OpenedCheckpoint?
    var state: MonitorState
    let before: Set<MonitorState.Condition>
    var events: [MonitorEvent] = []
    var current: Set<MonitorState.Condition> = []
    var shelf = TileShelf()

    /// A head that a place shows.
    struct Sighting {
        let point: VantagePoint
        let opened: OpenedCheckpoint
    }

    init(
        monitor: LogMonitor, state: MonitorState, known: OpenedCheckpoint?, points: [VantagePoint],
        kept: (any LogSource)?, nowMS: UInt64,
        progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) {
        self.monitor = monitor
        self.points = points
        self.kept = kept
        self.nowMS = nowMS
        self.progress = progress
        self.known = known
        self.state = state
        before = state.conditions
    }

    mutating func run() async -> LogMonitor.Outcome {
        let sightings = await look()
        for sighting in sightings.sorted(by: { $0.opened.head.size > $1.opened.head.size }) {
            if sighting.opened.head.size > known?.head.size ?? 0 || known == nil {
                await extend(by: sighting)
            } else {
                await compare(sighting)
            }
        }
        for sighting in sightings { judgeTimes(of: sighting) }
        judgeWitnesses(sightings)
        return finish()
    }

    // MARK: Looking

    /// The heads that the places show, as far as they open under the pinned keys.
    private mutating func look() async -> [Sighting] {
        var sightings: [Sighting] = []
        for (place, answer) in await Self.ask(points).enumerated() {
            let point = points[place]
            switch answer {
            case .note(let note):
                if let seen = open(note, at: point) { sightings.append(seen) }
            case .failure(let error): report(.unreachable, at: point.name, "\(error)")
            }
        }
        return sightings
    }

    private enum Answer {
        case note([UInt8]?)
        case failure(any Error)
    }

    private struct PlacedAnswer {
        let place: Int
        let answer: Answer
    }

    /// What each place answers, all asked side by side.
    private static func ask(_ points: [VantagePoint]) async -> [Answer] {
        await withTaskGroup(of: PlacedAnswer.self) { group in
            for (place, point) in points.enumerated() {
                group.addTask { PlacedAnswer(place: place, answer: await ask(point)) }
            }
            var answers: [PlacedAnswer] = []
            for await answer in group { answers.append(answer) }
            return answers.sorted { $0.place < $1.place }.map(\.answer)
        }
    }

    private static func ask(_ point: VantagePoint) async -> Answer {
        do {
            return .note(try await point.source.checkpoint())
        } catch {
            return .failure(error)
        }
    }

    private mutating func open(_ note: [UInt8]?, at point: VantagePoint) -> Sighting? {
        guard let note else {
            report(.unverifiable, at: point.name, "\(VerifyError.noCheckpoint)")
            return nil
        }
        do {
            return Sighting(point: point, opened: try monitor.pinned.openWithoutQuorum(note))
        } catch {
            report(
                error.verdict == .tampered ? .altered : .unverifiable, at: point.name, "\(error)")
            return nil
        }
    }

    // MARK: Heads

    /// Verifies all that a larger head has, and makes it the newest one.
    private mutating func extend(by sighting: Sighting) async {
        let (point, opened) = (sighting.point.name, sighting.opened)
        do {
            let tiles = FallbackSource(sources: [sighting.point.source] + points.map(\.source))
            if let known, try await isFork(known, opened, at: point, tiles) { return }
            var watch = EntryWatch(lastMS: state.lastLeafMS, floorMS: floorMS)
            let follower = LogFollower(tiles, from: known?.head ?? .empty, to: opened.head)
            var shelf = TileShelf()
            try await follower.follow(progress: progress) { part in
                switch part {
                case .hashes(let tile, let bytes): shelf.keep(tile, bytes)
                case .leaves(let leaves):
                    shelf.keep(leaves.hashTile, leaves.hashes)
                    leaves.forEachNewEntry { index, entry in watch.look(entry, at: index) }
                }
            }
            adopt(opened, watch, shelf, at: point)
        } catch {
            report(error, at: point)
        }
    }

    private mutating func adopt(
        _ opened: OpenedCheckpoint, _ watch: EntryWatch, _ shelf: TileShelf, at point: String
    ) {
        events += watch.events(at: point)
        do {
            try monitor.pinned.checkTime(watch.lastMS, under: opened)
        } catch {
            events.append(
                MonitorEvent(.leafAhead, at: point, "\(error)", size: opened.head.size))
        }
        let signedMS = monitor.pinned.treeHeadMS(of: opened)
        if signedMS > 0, signedMS < state.treeHeadMS {
            events.append(
                MonitorEvent(
                    .headTimeBackwards, at: point,
                    "the head of size \(opened.head.size) is signed at \(signedMS) ms, and a "
                        + "smaller one at \(state.treeHeadMS) ms", size: opened.head.size))
        }
        let old = known?.head.size ?? 0
        events.append(
            MonitorEvent(
                .headAdvanced, at: point,
                "\(opened.head.size - old) new entries are verified; the log has "
                    + "\(opened.head.size), root \(opened.head.root.base64)",
                size: opened.head.size))
        known = opened
        state.checkpoint = opened.note.serialized
        state.lastLeafMS = watch.lastMS
        (state.treeHeadMS, state.cosignedMS) = (0, 0)
        for (tile, bytes) in shelf.tiles { self.shelf.keep(tile, bytes) }
    }

    /// Holds a head that is no larger against the tree that was verified.
    private mutating func compare(_ sighting: Sighting) async {
        guard let known else { return }
        let (point, opened) = (sighting.point.name, sighting.opened)
        let own: [any LogSource] = [shelf] + (kept.map { [$0] } ?? [])
        let all = points.map(\.source)
        // What is kept may be damaged, and what is served may be false: the root tells which.
        for sources in [own + all, all] {
            do {
                let tiles = FallbackSource(sources: sources)
                if try await isFork(opened, known, at: point, tiles) { return }
                noteSmaller(opened, at: point)
                return
            } catch {
                continue
            }
        }
        await compareFullTiles(sighting, known, FallbackSource(sources: own + all))
    }

    /// The same, where the leaf hashes around the smaller head's end cannot be had.
    private mutating func compareFullTiles(
        _ sighting: Sighting, _ known: OpenedCheckpoint, _ tiles: FallbackSource
    ) async {
        let point = sighting.point.name
        let relation = try? await ForkSearch(monitor.pinned).compareFullTiles(
            (sighting.opened, sighting.point.source), (known, tiles))
        if case .fork(let evidence) = relation {
            return reportFork(evidence, at: point)
        }
        report(
            .undecided, at: point,
            "the head of size \(sighting.opened.head.size) is smaller than one that was verified, "
                + "and the tiles that would show whether it is a true one cannot be had",
            size: sighting.opened.head.size)
    }

    private mutating func isFork(
        _ one: OpenedCheckpoint, _ other: OpenedCheckpoint, at point: String,
        _ tiles: FallbackSource
    ) async throws -> Bool {
        let relation = try await ForkSearch(monitor.pinned).compare(one, other, tilesFrom: tiles)
        guard case .fork(let evidence) = relation else { return false }
        reportFork(evidence, at: point)
        return true
    }

    private mutating func noteSmaller(_ opened: OpenedCheckpoint, at point: String) {
        let shown = state.sizes[point] ?? 0
        guard opened.head.size < shown else { return }
        report(
            .smallerHead, at: point,
            "the head of size \(opened.head.size) is a true one, and one of \(shown) was shown "
                + "before: it is stale, or the log was set back", size: opened.head.size)
    }
}
