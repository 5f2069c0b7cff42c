// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage
import Merkle

/// What one of the log's own records says of content that is to go, or must stay.
package enum ErasureStatement: Sendable {
    /// The log's own records that say such things, by what they are looked up for.
    package enum Kind: Sendable, CaseIterable {
        case announcement, completion, deferral, hold
    }

    /// All that the entry lists is to go.
    case announced(ErasureLedger.Entry)
    /// What the record at this index announced is gone.
    case completed(UInt64)
    /// What the record at this index announced waits for holds.
    case deferred(UInt64)
    case held(StandingHold)
    /// The hold that the record at this index placed has ended.
    case released(UInt64)
}

/// A hold, as far as somebody who destroys content needs to know it.
package struct StandingHold: Sendable {
    /// The index of the record that placed it.
    package let index: UInt64
    /// Whether it keeps a record, by its index and its canonical text.
    package let covers: @Sendable (_ index: UInt64, _ record: [UInt8]) -> Bool

    package init(
        index: UInt64, covers: @escaping @Sendable (_ index: UInt64, _ record: [UInt8]) -> Bool
    ) {
        self.index = index
        self.covers = covers
    }
}

/// Finds what the log's own records say of erasures and holds.
///
/// Nothing is destroyed on the word of a database: each record is held against its leaf, and the leaf
/// against the tree, before it is believed. Cost: look-ups by type and tenant, and one proof for each
/// record found, whatever the size of the log.
struct ErasureStatements: Sendable {
    let reader: any LogReader
    let origin: Origin
    let hasher: LookupHasher
    let records: any GovernanceRecords

    init(_ reader: any LogReader, _ keys: LogKeys, _ records: any GovernanceRecords) {
        self.reader = reader
        origin = keys.identity.origin
        hasher = keys.idempotency.lookups
        self.records = records
    }

    /// What records in `range` say, in their order.
    ///
    /// Throws `.corrupt` for one that is not what was committed.
    func all(
        _ kind: ErasureStatement.Kind, in range: Range<UInt64>, under head: TreeHead
    ) throws -> [ErasureStatement] {
        guard !range.isEmpty else { return [] }
        var query = RecordQuery<[UInt8]>(
            scope: .only(tenant: "_log"), keys: [records.types(kind).map { RecordKey(.type, $0) }],
            span: nil, read: { $0 }, tenant: { _ in "_log" }, matches: { _ in true })
        query.order = .ascending
        query.range = range
        query.budget = .max
        var run = QueryRun(query, size: head.size, hasher: hasher, reader: reader, width: 256)
        var found: [FoundRecord<[UInt8]>] = []
        while !run.isDone {
            try run.advance(slice: .max) {
                found.append($0)
                return true
            }
        }
        return try found.compactMap { record in
            try verify(record, under: head)
            return records.statement(record.terms, at: record.index)
        }
    }

    private func verify(_ record: FoundRecord<[UInt8]>, under head: TreeHead) throws {
        let index = record.index
        guard let leaf = try reader.leaves(index..<index + 1).first,
            record.content.commitment(origin: origin) == leaf.commitment,
            try StoredTree(reader: reader).holds(leaf.hash, at: index, in: head)
        else {
            throw StoreError(
                .corrupt,
                "the log's own record at index \(index) is not what was committed: nothing is"
                    + " destroyed by it. Run evident verify chain", firstBadIndex: index)
        }
    }

    /// What was announced in `range`, in order.
    func announced(
        in range: Range<UInt64>, under head: TreeHead
    ) throws -> [ErasureLedger.Entry] {
        try all(.announcement, in: range, under: head).compactMap {
            if case .announced(let entry) = $0, entry.isSound { entry } else { nil }
        }
    }

    /// Which announcements records in `range` call complete.
    func completed(in range: Range<UInt64>, under head: TreeHead) throws -> Set<UInt64> {
        Set(
            try all(.completion, in: range, under: head).compactMap {
                if case .completed(let request) = $0 { request } else { nil }
            })
    }

    /// Which announcements records from `first` on say that wait.
    func deferred(from first: UInt64, under head: TreeHead) throws -> Set<UInt64> {
        Set(
            try all(.deferral, in: first..<max(first, head.size), under: head).compactMap {
                if case .deferred(let request) = $0 { request } else { nil }
            })
    }

    /// The holds that were placed in `range` and stand.
    func holds(placedIn range: Range<UInt64>, under head: TreeHead) throws -> [StandingHold] {
        var holds: [StandingHold] = []
        for statement in try all(.hold, in: range, under: head) {
            switch statement {
            case .held(let hold): holds.append(hold)
            case .released(let index): holds.removeAll { $0.index == index }
            default: break
            }
        }
        return holds
    }
}
