// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What an erasure ledger says: a value, read line by line and written as it was read.
package struct LedgerContents: Hashable, Sendable {
    /// Everything announced, in the order of the records that announced it.
    package private(set) var entries: [ErasureLedger.Entry]
    /// The indexes of the holds that were placed, and whether each has ended.
    private var holds: [UInt64: Bool]

    package init(entries: [ErasureLedger.Entry] = [], holds: some Sequence<UInt64> = []) {
        self.entries = entries
        self.holds = Dictionary(uniqueKeysWithValues: Set(holds).map { ($0, false) })
    }

    /// The holds that stand, rising.
    package var standingHolds: [UInt64] { holds.filter { !$0.value }.keys.sorted() }

    /// The same announcements, and the holds of another.
    package func replacing(entries: [ErasureLedger.Entry]) -> LedgerContents {
        var changed = self
        changed.entries = entries
        return changed
    }

    /// The last hold that it names, standing or released; nil if it names none.
    package var lastHold: UInt64? { holds.keys.max() }

    /// The last record of the log that it names; nil if it names none.
    package var lastIndex: UInt64? {
        [entries.last?.request, holds.keys.max()].compactMap(\.self).max()
    }

    func knows(hold: UInt64) -> Bool { holds[hold] != nil }

    // MARK: Lines

    static func line(announcing entry: ErasureLedger.Entry) -> [UInt8] {
        var members: [JSONValue.Member] = [
            .init(
                entry.isPrune ? "pruned" : "erased", .array(entry.removals.map(\.json))),
            .init("request", .integer(entry.request)),
        ]
        if let first = entry.firstContent {
            members.append(.init("first_content", .integer(first)))
        }
        return JSONValue.object(members).canonical
    }

    static func line(completing request: UInt64) -> [UInt8] {
        (["complete": .integer(request)] as JSONValue).canonical
    }

    static func line(holding index: UInt64) -> [UInt8] {
        (["hold": .integer(index)] as JSONValue).canonical
    }

    static func line(releasing index: UInt64) -> [UInt8] {
        (["release": .integer(index)] as JSONValue).canonical
    }

    /// All of it as a file.
    package var text: [UInt8] {
        var lines: [[UInt8]] = []
        for entry in entries {
            lines.append(Self.line(announcing: entry))
            if entry.isComplete { lines.append(Self.line(completing: entry.request)) }
        }
        for (hold, isReleased) in holds.sorted(by: { $0.key < $1.key }) {
            lines.append(Self.line(holding: hold))
            if isReleased { lines.append(Self.line(releasing: hold)) }
        }
        return lines.flatMap { $0 + [UInt8(ascii: "\n")] }
    }

    /// Takes one line; false if it is none.
    mutating func apply(_ line: [UInt8]) -> Bool {
        guard let event = try? JSONValue.parse(canonical: line), let members = event.members else {
            return false
        }
        guard members.count == 1 else { return announce(event, members.count) }
        if let request = event["complete"]?.unsigned,
            let place = entries.lastIndex(where: { $0.request == request })
        {
            entries[place].isComplete = true
            return true
        }
        if let hold = event["hold"]?.unsigned, holds[hold] == nil {
            holds[hold] = false
            return true
        }
        guard let hold = event["release"]?.unsigned, holds[hold] != nil else { return false }
        holds[hold] = true
        return true
    }

    private mutating func announce(_ event: JSONValue, _ memberCount: Int) -> Bool {
        let first = event["first_content"]
        guard let request = event["request"]?.unsigned, request > entries.last?.request ?? 0,
            let list = (event["erased"] ?? event["pruned"])?.elements,
            memberCount == (first == nil ? 2 : 3), first == nil || first?.unsigned != nil
        else { return false }
        let removals = list.compactMap { Removal($0) }
        let entry = ErasureLedger.Entry(
            request: request, removals: removals, isPrune: event["pruned"] != nil,
            firstContent: first?.unsigned)
        guard removals.count == list.count, entry.isSound else { return false }
        entries.append(entry)
        return true
    }

    // MARK: Several

    /// What several ledgers say that were kept of one log; nil if two of them contradict each other.
    ///
    /// What one of them calls complete, or ended, is so.
    package static func merged(_ ledgers: [LedgerContents]) -> LedgerContents? {
        var all: [UInt64: ErasureLedger.Entry] = [:]
        var merged = LedgerContents()
        for ledger in ledgers {
            for entry in ledger.entries {
                var entry = entry
                if let known = all[entry.request] {
                    guard known.removals == entry.removals else { return nil }
                    entry.isComplete = entry.isComplete || known.isComplete
                    entry.firstContent = entry.firstContent ?? known.firstContent
                }
                all[entry.request] = entry
            }
            merged.holds.merge(ledger.holds) { $0 || $1 }
        }
        merged.entries = all.values.sorted { $0.request < $1.request }
        return merged
    }
}
