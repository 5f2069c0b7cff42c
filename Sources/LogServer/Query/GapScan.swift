// SPDX-License-Identifier: Apache-2.0

import AuditRecords

/// What the producers of a range of records counted and announced, and the log does not hold.
///
/// Sums cover the whole range; of single findings the first ones are kept.
struct GapScan: Sendable {
    /// Findings of one kind that are kept.
    static let findingLimit = 1_000

    private(set) var counts: GapReport
    private(set) var pairs = PairReport()
    private(set) var gaps: [GapReport.Entry] = []
    private(set) var unpaired: [PairReport.Finding] = []
    /// Findings that were counted and not kept.
    private(set) var moreGaps: UInt64 = 0
    private(set) var moreUnpaired: UInt64 = 0

    init(isFromStart: Bool) {
        counts = GapReport(isFromStart: isFromStart)
    }

    /// Takes the next record; what cannot be read as one has no part in a count.
    mutating func add(_ index: UInt64, _ canonical: [UInt8]) {
        if let position = try? ProducerPosition.read(canonical: canonical) {
            for entry in counts.add(position, index: index) { keep(entry) }
        }
        if let end = try? PairEnd.read(canonical: canonical),
            let finding = pairs.add(end, index: index)
        {
            keep(finding)
        }
    }

    /// Ends the range: what is open now stays open.
    mutating func finish() {
        for entry in counts.finish() { keep(entry) }
        for finding in pairs.finish() { keep(finding) }
    }

    private mutating func keep(_ entry: GapReport.Entry) {
        if gaps.count < Self.findingLimit { gaps.append(entry) } else { moreGaps += 1 }
    }

    private mutating func keep(_ finding: PairReport.Finding) {
        if unpaired.count < Self.findingLimit {
            unpaired.append(finding)
        } else {
            moreUnpaired += 1
        }
    }
}

extension JSONWriter {
    /// What a scan found.
    mutating func gaps(_ scan: GapScan) {
        name("producers")
        openArray()
        for producer in scan.counts.producers.prefix(GapScan.findingLimit) {
            if let summary = scan.counts.summary(of: producer) { self.producer(producer, summary) }
        }
        closeArray()
        name("gaps")
        openArray()
        for entry in scan.gaps { gap(entry) }
        closeArray()
        member("more_gaps", scan.moreGaps)
        name("pairs")
        open()
        member("intents", scan.pairs.intents)
        member("outcomes", scan.pairs.outcomes)
        member("pairs", scan.pairs.pairs)
        close()
        name("unpaired")
        openArray()
        for finding in scan.unpaired { unpaired(finding) }
        closeArray()
        member("more_unpaired", scan.moreUnpaired)
    }

    private mutating func producer(
        _ producer: ProducerPosition.Producer, _ summary: GapReport.Summary
    ) {
        open()
        member("tenant", producer.tenant)
        member("producer", producer.id)
        member("records", summary.records)
        member("first_index", summary.firstIndex)
        member("last_index", summary.lastIndex)
        optional("epoch", summary.epoch)
        member("last_seq", summary.lastSeq)
        member("missing", summary.missing)
        member("repeats", summary.repeats)
        member("restarts", summary.restarts)
        member("late", summary.late)
        close()
    }

    private mutating func gap(_ entry: GapReport.Entry) {
        open()
        member("tenant", entry.producer.tenant)
        member("producer", entry.producer.id)
        switch entry.finding {
        case .missing(let numbers, let epoch, let before):
            member("finding", "missing")
            member("first_seq", numbers.lowerBound)
            member("last_seq", numbers.upperBound)
            optional("epoch", epoch)
            member("before_index", before)
        case .repeated(let number, let epoch, let index):
            member("finding", "repeated")
            member("seq", number)
            optional("epoch", epoch)
            member("index", index)
        case .restarted(let from, let to, let index):
            member("finding", "restarted")
            optional("from_epoch", from)
            optional("epoch", to)
            member("index", index)
        case .late(let number, let epoch, let index):
            member("finding", "late")
            member("seq", number)
            member("epoch", epoch)
            member("index", index)
        }
        close()
    }

    private mutating func unpaired(_ finding: PairReport.Finding) {
        open()
        switch finding {
        case .open(let key, let index): pair("open", key, index)
        case .givenUp(let key, let index): pair("given_up", key, index)
        case .unannounced(let key, let index): pair("unannounced", key, index)
        case .repeated(let key, let index, let first):
            pair("repeated", key, index)
            member("first_index", first)
        case .unnamed(let side, let kind, let index):
            member("finding", "unnamed")
            member("pair", kind.rawValue)
            member("side", side == .intent ? "intent" : "outcome")
            member("index", index)
        }
        close()
    }

    private mutating func pair(_ name: String, _ key: PairEnd.Key, _ index: UInt64) {
        member("finding", name)
        member("pair", key.kind.rawValue)
        member("tenant", key.tenant)
        if !key.scope.isEmpty { member("scope", key.scope) }
        member("id", key.id)
        member("index", index)
    }

    private mutating func optional(_ name: StaticString, _ value: UInt64?) {
        if let value { member(name, value) }
    }
}
