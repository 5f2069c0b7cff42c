// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// Looks at new entries, one after the other, for what a true log never writes.
struct EntryWatch {
    /// How many entries have something, and the first of them.
    struct Finding {
        private(set) var count: UInt64 = 0
        private(set) var first: UInt64 = 0

        mutating func add(_ index: UInt64) {
            if count == 0 { first = index }
            count += 1
        }
    }

    /// The greatest time so far.
    private(set) var lastMS: UInt64
    /// The time before which no new leaf can be: a head without it was signed later.
    private let floorMS: UInt64

    private(set) var unknown = Finding()
    private(set) var malformed = Finding()
    private(set) var backwards = Finding()
    private(set) var backdated = Finding()

    init(lastMS: UInt64, floorMS: UInt64) {
        self.lastMS = lastMS
        self.floorMS = floorMS
    }

    mutating func look(_ entry: LogEntry, at index: UInt64) {
        switch entry {
        case .unknown: unknown.add(index)
        case .malformed: malformed.add(index)
        case .leaf(let leaf):
            if leaf.timestampMS < lastMS { backwards.add(index) }
            if leaf.timestampMS < floorMS { backdated.add(index) }
            lastMS = max(lastMS, leaf.timestampMS)
        }
    }

    /// What there is to tell.
    func events(at point: String) -> [MonitorEvent] {
        let told: [(MonitorEvent.Kind, Finding, String)] = [
            (.unknownEntries, unknown, "of a kind that this version does not know"),
            (.malformedEntries, malformed, "not exactly a leaf of the version that they claim"),
            (.timeBackwards, backwards, "older than the leaf before them"),
            (
                .backdated, backdated,
                "older, by their own time, than a head that was signed before they were in the log"
            ),
        ]
        return told.compactMap { kind, finding, what in
            finding.count == 0
                ? nil
                : MonitorEvent(
                    kind, at: point,
                    "\(finding.count) entries are \(what), the first at index \(finding.first)",
                    index: finding.first)
        }
    }
}
