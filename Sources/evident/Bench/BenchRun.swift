// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LoadGenerator
import LogClient
import LogClientHTTP
import LogCrypto
import LogStorage
import Merkle
import SignedNote

/// Drives one server and collects the figures.
///
/// A rate counts only once the run's outcome has been verified: every request answered with 2xx,
/// the tree grown by exactly those records and consistent with the one before, and a sample of
/// receipts proven.
struct BenchRun {
    let target: BenchTarget
    let plan: BenchPlan
    let endpoint: LogEndpoint
    let auditor: LogEndpoint
    private let requests: BenchRequests
    private(set) var figures: [BenchFigure] = []
    private var head: TreeHead
    /// The first number that no request has used yet, so that every key is new.
    private var nextNumber: UInt64 = 0

    init(
        target: BenchTarget, plan: BenchPlan, endpoint: LogEndpoint, auditor: LogEndpoint
    ) async throws {
        self.target = target
        self.plan = plan
        self.endpoint = endpoint
        self.auditor = auditor
        requests = BenchRequests(host: BenchTarget.host, token: target.producer)
        head = .empty
        head = try await openHead().0
    }

    /// A load run together with what the server used for it.
    struct Measured {
        let result: LoadResult
        let load: BenchFigure.Load
    }

    // MARK: The phases

    mutating func run(_ say: (String) -> Void) async throws {
        say("no-op ceilings")
        let get = try await ceiling(connections: 64) { [requests] buffer, _ in
            requests.get("/bench/noop", &buffer)
        }
        add("", "no-op GET, c=64", get)
        say("batches of 1,000 up to \(plan.records.grouped) records")
        try await fill()
        say("single records")
        try await singles()
        say("reads")
        try await reads(noop: get.result.rate)
        say("verification of the whole log over HTTP")
        _ = try await LogVerifier(target.pinned, source: HTTPLogSource(endpoint: endpoint)).verify()
        let bytes = try await textBytes()
        target.server.stop()
        say("fsck")
        try measureStore(textBytes: bytes)
    }

    private mutating func singles() async throws {
        let one = try await post(connections: 1)
        figures.append(
            BenchFigure(
                id: "P3", what: "single POST, c=1, p50", value: one.result.p50, unit: " ms",
                better: .lower, must: 1.2, aim: 0.6, load: one.load))
        let some = try await post(connections: 64)
        let peer2 = 5_600 * plan.peerScale
        add("P2", "single POST, c=64", some, must: 2 * peer2, aim: 4 * peer2)
        figures.append(
            BenchFigure(
                id: "P2", what: "its p50", value: some.result.p50, unit: " ms", better: .lower,
                must: 4))
        add("", "single POST, c=256", try await post(connections: 256))
        let noop = try await ceiling(connections: 1_024) { [requests] buffer, number in
            requests.post(to: "/bench/noop", number, &buffer)
        }
        add("", "no-op POST, c=1024", noop)
        let many = try await post(connections: 1_024)
        let peer1 = 10_000 * plan.peerScale
        add("P1", "single POST, c=1024", many, must: 1.5 * peer1, aim: 3 * peer1)
        figures.append(
            BenchFigure(
                id: "P4", what: "the same over the no-op POST",
                value: many.result.rate / noop.result.rate, unit: "", must: 0.25, aim: 0.5))
        figures.append(
            BenchFigure(
                id: "P13", what: "RSS after c=1024, highest",
                value: target.server.residentMiB.peak, unit: " MiB", better: .lower, must: 300,
                aim: 120, note: "\(head.size.grouped) records"))
    }

    private mutating func fill() async throws {
        // The first and the last part are measured apart: their ratio shows whether growth costs.
        let part = min(300_000, plan.records / 3)
        let first = try await post(batches: part / 1_000)
        let between = plan.records - 2 * part
        let rest = try await post(batches: max(1, between / 1_000))
        let last = try await post(batches: part / 1_000)
        let records = [first, rest, last].map { Double($0.result.answered) * 1_000 }.reduce(0, +)
        let seconds = [first, rest, last].map(\.result.seconds).reduce(0, +)
        figures.append(
            BenchFigure(
                id: "P5", what: "NDJSON batches of 1,000, c=\(Self.batchConnections)",
                value: records / seconds, unit: "/s", must: 60_000, aim: 145_000, load: rest.load))
        figures.append(
            BenchFigure(
                id: "P11", what: "last part over first part",
                value: last.result.rate / first.result.rate, unit: "", must: 0.9, aim: 1,
                note: "parts of \(part.grouped) of \(plan.records.grouped); the goal is set for "
                    + "2,000,000"))
    }

    private mutating func reads(noop: Double) async throws {
        let size = head.size
        let proof = try await ceiling(connections: 64) { [requests] buffer, number in
            // Indexes in no order, the same for every run.
            let index = (number &* 0x9E37_79B9_7F4A_7C15 >> 16) % size
            requests.get("/v1/proof/inclusion?index=\(index)", &buffer)
        }
        add("", "inclusion proof, random index, c=64", proof)
        figures.append(
            BenchFigure(
                id: "P9", what: "the same over the no-op GET", value: proof.result.rate / noop,
                unit: "", must: 0.4, aim: 0.8, note: "\(size.grouped) records"))
        try await measureTiles(max(1, size / 256))
    }

    /// One tile again and again, as the peer's figure was measured; and tiles at random, which the
    /// server reads, verifies and caches.
    private mutating func measureTiles(_ tiles: UInt64) async throws {
        let peer = 34_500 * plan.peerScale
        for (what, level) in [("tile", Tile.Level.hashes(0)), ("entry bundle", .entries)] {
            let hot = try await ceiling(connections: 64) { [requests] buffer, _ in
                requests.get("/\(Tile(level, index: tiles / 2).path)", &buffer)
            }
            add("P10", "\(what) GET, one path, c=64", hot, must: peer, aim: 1.4 * peer)
            let random = try await ceiling(connections: 64) { [requests] buffer, number in
                let index = (number &* 0x9E37_79B9_7F4A_7C15 >> 16) % tiles
                requests.get("/\(Tile(level, index: index).path)", &buffer)
            }
            add("", "\(what) GET, random of \(tiles.grouped)", random)
        }
    }

    private mutating func measureStore(textBytes: Double) throws {
        let report = try ChildServer.output(["fsck", "--data", "\(target.folder)/data", "--json"])
        let value = try JSONValue.parse(Array(report.utf8))
        func rate(_ part: String) -> Double {
            Double(value[part]?["per_core"]?.unsigned ?? 0)
        }
        figures.append(
            BenchFigure(
                id: "P7", what: "fsck of the tree, a core", value: rate("tree"), unit: "/s",
                must: 1_000_000, aim: 2_800_000))
        figures.append(
            BenchFigure(
                id: "P8", what: "fsck of chain and payloads, a core", value: rate("deep"),
                unit: "/s", must: 100_000, aim: 180_000))
        let records = Double(head.size)
        let lookups = target.bytesOnDisk("store/lookup") / records
        let rest = target.bytesOnDisk("store") / records - lookups - textBytes
        figures.append(
            BenchFigure(
                id: "P12", what: "bytes a record beyond its text", value: rest, unit: " B",
                better: .lower, must: 300, aim: 250,
                note: "settled, without look-ups; a text has \(textBytes.text(0)) B"))
        figures.append(
            BenchFigure(
                id: "P12", what: "bytes a record of all look-ups", value: lookups, unit: " B",
                better: .lower, must: 150, aim: 60))
    }

    // MARK: One run

    private static let batchConnections = 4

    /// A run whose outcome needs no more than 2xx answers.
    private func ceiling(
        connections: Int, _ request: @escaping @Sendable (inout RequestBuffer, UInt64) -> Void
    ) async throws -> Measured {
        let measured = try await load(
            connections: connections, duration: plan.duration, warmUp: plan.warmUp, request)
        try requireSuccess(measured.result)
        return measured
    }

    private mutating func post(connections: Int) async throws -> Measured {
        let first = nextNumber
        let measured = try await load(
            connections: connections, duration: plan.duration, warmUp: plan.warmUp, samples: 16
        ) { [requests] buffer, number in requests.post(first + number, &buffer) }
        nextNumber += measured.result.answered + UInt64(connections)
        try await verify(measured.result, records: measured.result.answered)
        return measured
    }

    private mutating func post(batches: UInt64) async throws -> Measured {
        let first = nextNumber
        let measured = try await load(
            connections: Self.batchConnections, duration: .seconds(3_600), warmUp: .zero,
            samples: 4, requestLimit: batches
        ) { [requests] buffer, number in requests.post(batch: 1_000, first + number, &buffer) }
        nextNumber += batches
        try await verify(measured.result, records: measured.result.answered * 1_000)
        return measured
    }

    private func load(
        connections: Int, duration: Duration, warmUp: Duration, samples: Int = 0,
        requestLimit: UInt64 = .max,
        _ request: @escaping @Sendable (inout RequestBuffer, UInt64) -> Void
    ) async throws -> Measured {
        let run = LoadRun(
            port: target.port, connections: connections, warmUp: warmUp, duration: duration,
            samples: samples, requestLimit: requestLimit, request: request)
        let (start, machine) = (ContinuousClock.now, MachineTime.now())
        let before = target.server.processorSeconds
        let result = try await withCheckedContinuation { continuation in
            startThread("load") { continuation.resume(returning: Result { try run.run() }) }
        }.get()
        let used = target.server.processorSeconds - before
        let seconds = (ContinuousClock.now - start).inSeconds
        return Measured(
            result: result,
            load: BenchFigure.Load(
                p50Ms: result.p50, p99Ms: result.p99, cores: used / seconds,
                othersCores: MachineTime.now().othersCores(
                    since: machine, server: used, seconds: seconds),
                residentMib: target.server.residentMiB.now))
    }

    private mutating func add(
        _ id: String, _ what: String, _ measured: Measured, must: Double? = nil,
        aim: Double? = nil
    ) {
        figures.append(
            BenchFigure(
                id: id, what: what, value: measured.result.rate, unit: "/s", must: must, aim: aim,
                load: measured.load))
    }

    // MARK: Verification

    private func requireSuccess(_ result: LoadResult) throws {
        guard result.failures == 0, result.broken == 0, result.answered > 0 else {
            throw CommandFailure(
                .unverifiable,
                "a run does not count: answers by status \(result.statuses), "
                    + "\(result.broken) broken connections")
        }
    }

    private mutating func verify(_ result: LoadResult, records: UInt64) async throws {
        try requireSuccess(result)
        let (newHead, _) = try await openHead()
        guard newHead.size == head.size + records else {
            throw CommandFailure(
                .tampered,
                "\(records) records were answered, but the tree grew by "
                    + "\(newHead.size - head.size)")
        }
        try await verifyConsistency(from: head, to: newHead)
        for sample in result.samples { try verify(sample) }
        head = newHead
    }

    private func openHead() async throws -> (TreeHead, OpenedCheckpoint) {
        let note = try await endpoint.get("/checkpoint")
        let opened = try target.pinned.open(note)
        return (opened.checkpoint.head, opened)
    }

    private func verifyConsistency(from old: TreeHead, to new: TreeHead) async throws {
        let path = "/v1/proof/consistency?from=\(old.size)&to=\(new.size)"
        let answer = try JSONValue.parse(try await endpoint.get(path), limits: .disclosed)
        let texts = (answer["consistency"] ?? answer["hashes"])?.elements ?? []
        let hashes = texts.compactMap { $0.text.flatMap { Digest(base64: $0) } }
        try ConsistencyProof(oldSize: old.size, newSize: new.size, hashes: hashes)
            .verify(from: old, to: new)
    }

    /// A sampled answer: a receipt, or a batch of which the first one is taken.
    private func verify(_ body: [UInt8]) throws {
        let lines = body.split(separator: UInt8(ascii: "\n"))
        guard lines.count > 1, let last = lines.last else {
            _ = try Receipt(parsing: body).verify(by: target.pinned)
            return
        }
        let item = try JSONValue.parse(Array(lines[0]))["receipt"]
        let note = try JSONValue.parse(Array(last))["checkpoint"]?.text
        guard let item, let note else {
            throw CommandFailure(.unverifiable, "a batch was answered without receipts")
        }
        _ = try Receipt(item: item, checkpoint: note).verify(by: target.pinned)
    }

    /// Bytes of a record's canonical text, on average over some.
    private func textBytes() async throws -> Double {
        var total = 0
        for number in 0..<16 {
            let index = 1 + UInt64(number) * (head.size - 1) / 16
            total += try await auditor.get("/v1/audit/\(index)").count
        }
        return Double(total) / 16
    }
}

/// How long and how much.
struct BenchPlan {
    var records: UInt64
    var duration: Duration
    var warmUp: Duration
    /// What a Go net/http no-op POST does here at c=1024, over 92,000/s: the peers' figures were
    /// taken where it was 1.
    var peerScale: Double
}
