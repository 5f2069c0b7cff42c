// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogTesting
import Testing

@testable import AuditRecords

@Suite("Gaps in what producers counted")
struct GapReportTests {
    private static let one = ProducerPosition.Producer(tenant: "acme", id: "p1")

    /// Findings of a producer's numbers, which come in this order; the index is the place.
    private func findings(
        _ positions: [(UInt64?, UInt64)], isFromStart: Bool = true
    ) -> [GapReport.Finding] {
        var report = GapReport(isFromStart: isFromStart)
        var entries: [GapReport.Entry] = []
        for (index, position) in positions.enumerated() {
            entries += report.add(
                ProducerPosition(producer: Self.one, epoch: position.0, seq: position.1),
                index: UInt64(index))
        }
        return (entries + report.finish()).map(\.finding)
    }

    private func findings(_ numbers: [UInt64]) -> [GapReport.Finding] {
        findings(numbers.map { (1, $0) })
    }

    @Test("A count without a gap shows nothing, from 0 or from 1, in any order that fills up")
    func whole() {
        for numbers in [
            [0, 1, 2, 3], [1, 2, 3], [1], [0], [1, 3, 2, 4], [1, 4, 2, 3], [2, 1, 3],
            [4, 3, 2, 1],
        ] as [[UInt64]] {
            #expect(findings(numbers) == [], "\(numbers)")
        }
    }

    @Test("Numbers that never came are ranges, with the index before which they are missing")
    func missing() {
        #expect(findings([1, 2, 5, 6]) == [.missing(3...4, epoch: 1, before: 2)])
        #expect(findings([3]) == [.missing(1...2, epoch: 1, before: 0)])
        #expect(
            findings([1, 10, 5])
                == [.missing(2...4, epoch: 1, before: 1), .missing(6...9, epoch: 1, before: 1)])
        #expect(
            findings([1, 3, 5])
                == [.missing(2...2, epoch: 1, before: 1), .missing(4...4, epoch: 1, before: 2)])
    }

    @Test("A range that begins in the middle says nothing of what is before it")
    func middle() {
        #expect(findings([(1, 500), (1, 501)], isFromStart: false) == [])
        #expect(
            findings([(1, 500), (1, 499)], isFromStart: false)
                == [.repeated(499, epoch: 1, index: 1)])
    }

    @Test("A number that came before is a repeat")
    func repeats() {
        #expect(findings([1, 2, 2, 3]) == [.repeated(2, epoch: 1, index: 2)])
        #expect(findings([1, 3, 2, 2]) == [.repeated(2, epoch: 1, index: 3)])
    }

    @Test("A new epoch begins a new count, whose beginning is known")
    func restarts() {
        #expect(
            findings([(1, 1), (1, 2), (2, 0), (2, 1)]) == [.restarted(from: 1, to: 2, index: 2)])
        #expect(
            findings([(1, 1), (1, 3), (2, 3)])
                == [
                    .missing(2...2, epoch: 1, before: 1), .restarted(from: 1, to: 2, index: 2),
                    .missing(1...2, epoch: 2, before: 2),
                ])
        #expect(
            findings([(1, 1), (2, 1), (1, 2), (2, 2)])
                == [.restarted(from: 1, to: 2, index: 1), .late(2, epoch: 1, index: 2)])
    }

    @Test("A count without epochs begins anew when it is back at its beginning")
    func withoutEpochs() {
        #expect(
            findings([(nil, 1), (nil, 2), (nil, 1), (nil, 2)])
                == [.restarted(from: nil, to: nil, index: 2)])
        #expect(findings([(nil, 2), (nil, 1), (nil, 3)]) == [])
        #expect(
            findings([(nil, 4), (1, 1)])
                == [
                    .missing(1...3, epoch: nil, before: 0),
                    .restarted(from: nil, to: 1, index: 1),
                ])
    }

    @Test("Memory is bounded: the oldest gaps of a producer are told while it counts on")
    func bounded() {
        var report = GapReport(isFromStart: true)
        var told = 0
        for number in 0..<1_000 {
            told +=
                report.add(
                    ProducerPosition(producer: Self.one, epoch: 1, seq: UInt64(number * 2 + 1)),
                    index: UInt64(number)
                ).count
        }
        #expect(told == 999 - ProducerCount.openGapLimit)
        #expect(report.finish().count == ProducerCount.openGapLimit)
        #expect(report.summary(of: Self.one)?.missing == 999)
    }

    @Test("Producers are told apart by tenant and id, and have sums")
    func producers() throws {
        var report = GapReport(isFromStart: true)
        let ids = [("acme", "a"), ("acme", "b"), ("other", "a")]
        for index in 0..<9 {
            let (tenant, id) = ids[index % 3]
            let position = ProducerPosition(
                producer: .init(tenant: tenant, id: id), epoch: nil, seq: UInt64(index / 3 + 1))
            #expect(report.add(position, index: UInt64(index)) == [])
        }
        #expect(report.producers.map { [$0.tenant, $0.id] } == ids.map { [$0.0, $0.1] })
        let summary = try #require(report.summary(of: .init(tenant: "other", id: "a")))
        #expect(summary.records == 3 && summary.firstIndex == 2 && summary.lastIndex == 8)
        #expect(summary.lastSeq == 3 && summary.missing == 0 && summary.repeats == 0)
        #expect(report.finish() == [])
    }

    @Test("Findings are those of the set that came, whatever the order", arguments: 0..<20)
    func order(round: Int) {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SeededGenerator(seed: seed)
        let all = Array(1...UInt64(60))
        let kept = all.filter { _ in Bool.random(using: &generator) }
        // No further out of order than the gaps that are kept open.
        let shuffled = stride(from: 0, to: kept.count, by: 8).flatMap { start in
            kept[start..<min(start + 8, kept.count)].shuffled(using: &generator)
        }
        var missing = Set(all.prefix { $0 < kept.last ?? 0 }).subtracting(kept)
        for finding in findings(shuffled) {
            guard case .missing(let range, _, _) = finding else {
                Issue.record("seed \(seed): \(finding)")
                continue
            }
            #expect(missing.isSuperset(of: range), "seed \(seed)")
            missing.subtract(range)
        }
        #expect(missing.isEmpty, "seed \(seed)")
    }

    @Test("A position is read from a stored record")
    func read() throws {
        let bench = try Bench()
        let position = { (more: [(String, JSONValue)]) throws in
            let text = Bench.text(Bench.record(more).canonical)
            return try ProducerPosition.read(canonical: bench.prepare(text).canonical)
        }
        #expect(
            try position([("producer", ["epoch": 3, "id": "p1", "seq": 17])])
                == ProducerPosition(producer: Self.one, epoch: 3, seq: 17))
        #expect(
            try position([("producer", ["id": "p1", "seq": 0])])
                == ProducerPosition(producer: Self.one, epoch: nil, seq: 0))
        #expect(try position([("producer", ["id": "p1"])]) == nil)
        #expect(try position([]) == nil)
        #expect(throws: RecordError.self) { try ProducerPosition.read(canonical: [0x7B]) }
    }
}
