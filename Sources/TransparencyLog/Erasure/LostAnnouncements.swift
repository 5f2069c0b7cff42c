// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// What of a ledger a store does not explain: it was put back from a copy made before, and the
/// records that had announced these erasures and prunes are lost.
///
/// Content that comes back that way has to go again, and a record of the log has to say so: it is
/// announced anew, as what it was.
package struct LostAnnouncements: Sendable {
    /// What one new announcement lists, indexes rising.
    package struct Group: Sendable {
        /// Whose records they are; nil for all that came before an index, whoever's they were.
        package let tenant: String?
        package let removals: [Removal]
        package let isPrune: Bool
        /// As the ledger has it.
        package var firstContent: UInt64?

        /// The last record that goes.
        package var lastIndex: UInt64 { (removals.last?.range.upperBound ?? 1) - 1 }
        package var indexCount: UInt64 { removals.map(\.range).indexCount }
    }

    /// The ledger without what is lost.
    private let kept: LedgerContents
    package let groups: [Group]
    /// Announcements that had not been carried out and that a hold may have come after, which is lost
    /// too: nobody can say what it keeps, so that they are asked for again.
    package let withheldCount: Int

    /// Items that one announcement of an erasure lists, and one of a prune.
    private static let limit = 256
    private static let rangeLimit = 1_000
    /// Records that are read at once.
    private static let step: UInt64 = 1_024

    /// Compares a ledger with a store of `size` entries.
    package init(of ledger: LedgerContents, in reader: any LogReader, size: UInt64) throws {
        func isThere(_ index: UInt64) throws -> Bool {
            try index < size && reader.content(at: index) != nil
        }
        let lostHold = try ledger.standingHolds.last { try !isThere($0) } ?? 0
        var (kept, lost) = ([ErasureLedger.Entry](), [ErasureLedger.Entry]())
        var withheldCount = 0
        for entry in ledger.entries {
            if try isThere(entry.request) {
                kept.append(entry)
            } else if !entry.isComplete, lostHold > entry.request {
                withheldCount += 1
            } else {
                lost.append(entry)
            }
        }
        self.kept = ledger.replacing(entries: kept)
        self.withheldCount = withheldCount
        let fields = try Self.fields(of: lost.filter { !$0.isPrune }, reader, size)
        var taken = fields.filter(\.value.isEmpty).map { $0.key..<$0.key + 1 }.merged
        var groups = try Self.erasures(fields, reader)
        for entry in lost where entry.isPrune {
            let left = try Self.left(of: entry, without: taken, reader, size)
            taken = (taken + left).merged
            groups += try Self.prunes(left, entry.firstContent, reader)
        }
        self.groups = groups
    }

    /// The ledger from now on, the groups being announced by the records from `first` on.
    package func contents(announcedFrom first: UInt64) -> LedgerContents {
        kept.replacing(
            entries: kept.entries
                + zip(first..., groups).map {
                    ErasureLedger.Entry(
                        request: $0, removals: $1.removals, isPrune: $1.isPrune,
                        firstContent: $1.firstContent)
                })
    }

    // MARK: Erasures

    /// What is there of what was erased: for each record its fields, or none for all of it.
    private static func fields(
        of entries: [ErasureLedger.Entry], _ reader: any LogReader, _ size: UInt64
    ) throws -> [UInt64: Set<String>] {
        var names: [UInt64: Set<String>] = [:]
        for removal in entries.flatMap(\.removals) {
            for index in removal.range where index < size {
                guard let content = try reader.content(at: index) else { continue }
                if removal.names.isEmpty {
                    names[index] = []
                } else if names[index] != [] {
                    let there = Set(try content.keptNames).intersection(removal.names)
                    if !there.isEmpty { names[index, default: there].formUnion(there) }
                }
            }
        }
        return names
    }

    private static func erasures(
        _ names: [UInt64: Set<String>], _ reader: any LogReader
    ) throws -> [Group] {
        var byTenant: [String: [Removal]] = [:]
        for (index, names) in names.sorted(by: { $0.key < $1.key }) {
            byTenant[try tenant(of: index, reader), default: []]
                .append(Removal(index: index, names: names.sorted()))
        }
        return byTenant.sorted { $0.key < $1.key }.flatMap { tenant, removals in
            parts(removals, limit).map {
                Group(tenant: tenant, removals: $0, isPrune: false)
            }
        }
    }

    // MARK: Prunes

    /// What is there of what was pruned, rising.
    private static func left(
        of entry: ErasureLedger.Entry, without taken: [Range<UInt64>], _ reader: any LogReader,
        _ size: UInt64
    ) throws -> [Range<UInt64>] {
        let ranges = entry.removals.map { $0.range.clamped(to: 0..<size) }
            .filter { !$0.isEmpty }.merged.subtracting(taken)
        var left: [Range<UInt64>] = []
        for group in ranges.grouped(step, ranges: .max) {
            left += try reader.contents(at: group.flatMap { Array($0) })
                .map { $0.index..<$0.index + 1 }
        }
        return left.merged
    }

    /// Of a prune to an index, all of it; of a run of the rules, tenant by tenant.
    private static func prunes(
        _ ranges: [Range<UInt64>], _ firstContent: UInt64?, _ reader: any LogReader
    ) throws -> [Group] {
        if let firstContent {
            var groups = parts(ranges.map { Removal($0) }, rangeLimit).map {
                Group(
                    tenant: nil, removals: $0, isPrune: true,
                    firstContent: $0.last?.range.upperBound)
            }
            if !groups.isEmpty { groups[groups.count - 1].firstContent = firstContent }
            return groups
        }
        var byTenant: [String: [Range<UInt64>]] = [:]
        for index in ranges.joined() {
            byTenant[try tenant(of: index, reader), default: []].append(index..<index + 1)
        }
        return byTenant.sorted { $0.key < $1.key }.flatMap { tenant, ranges in
            parts(ranges.merged.map { Removal($0) }, rangeLimit).map {
                Group(tenant: tenant, removals: $0, isPrune: true)
            }
        }
    }

    private static func parts(_ removals: [Removal], _ limit: Int) -> [[Removal]] {
        stride(from: 0, to: removals.count, by: limit).map {
            Array(removals[$0..<min($0 + limit, removals.count)])
        }
    }

    private static func tenant(of index: UInt64, _ reader: any LogReader) throws -> String {
        let number = try reader.submission(at: index).credential
        guard let tenant = try reader.credential(number)?.tenant else {
            throw StoreError(
                .corrupt, "the owner of the record at \(index) is missing; run fsck",
                firstBadIndex: index)
        }
        return tenant
    }
}

extension StoredContent {
    /// The names of the fields that are there.
    fileprivate var keptNames: [String] {
        get throws {
            try fields().compactMap { if case .kept = $0 { $0.name } else { nil } }
        }
    }
}

extension ErasureLedger {
    /// Carries out all that a ledger names on a store that is not served yet.
    package static func apply(
        _ contents: LedgerContents, to store: any LogStore, keys: LogKeys,
        records: any GovernanceRecords
    ) throws {
        guard let head = try store.reader.head()?.treeHead else { return }
        _ = try Eraser(store: store, ledger: .volatile(contents)).runAll(
            under: head, ErasureStatements(store.reader, keys, records))
    }
}
