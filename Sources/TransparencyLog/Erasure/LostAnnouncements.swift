// SPDX-License-Identifier: Apache-2.0

package import LogStorage

/// What of a ledger a store does not explain: it was put back from a copy made before, and the
/// records that had announced these erasures are lost.
///
/// Content that comes back that way has to go again, and a record of the log has to say so: it is
/// announced anew.
package struct LostAnnouncements: Sendable {
    /// What one new announcement lists: records of one tenant, indexes rising.
    package struct Group: Sendable {
        package let tenant: String
        package let removals: [Removal]
    }

    /// Entries whose records are there.
    private let kept: [ErasureLedger.Entry]
    package let groups: [Group]

    /// Items that one announcement lists.
    private static let limit = 256

    /// Compares a ledger with a store of `size` entries.
    package init(
        of entries: [ErasureLedger.Entry], in reader: any LogReader, size: UInt64
    ) throws {
        var kept: [ErasureLedger.Entry] = []
        var names: [UInt64: Set<String>] = [:]
        for entry in entries {
            if entry.request < size, try reader.content(at: entry.request) != nil {
                kept.append(entry)
                continue
            }
            for removal in entry.removals {
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
        }
        self.kept = kept
        groups = try Self.groups(names, reader)
    }

    private static func groups(
        _ names: [UInt64: Set<String>], _ reader: any LogReader
    ) throws -> [Group] {
        var byTenant: [String: [Removal]] = [:]
        for (index, names) in names.sorted(by: { $0.key < $1.key }) {
            let number = try reader.submission(at: index).credential
            guard let tenant = try reader.credential(number)?.tenant else {
                throw StoreError(
                    .corrupt, "the owner of the record at \(index) is missing; run fsck",
                    firstBadIndex: index)
            }
            byTenant[tenant, default: []].append(Removal(index: index, names: names.sorted()))
        }
        return byTenant.sorted { $0.key < $1.key }.flatMap { tenant, removals in
            stride(from: 0, to: removals.count, by: limit).map {
                Group(
                    tenant: tenant,
                    removals: Array(removals[$0..<min($0 + limit, removals.count)]))
            }
        }
    }

    /// The ledger from now on, the groups being announced by the records from `first` on.
    package func entries(announcedFrom first: UInt64) -> [ErasureLedger.Entry] {
        kept
            + zip(first..., groups).map {
                ErasureLedger.Entry(request: $0, removals: $1.removals)
            }
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
    /// One ledger of several that were kept of one log; nil if two of them contradict each other.
    package static func merged(_ ledgers: [[Entry]]) -> [Entry]? {
        var all: [UInt64: Entry] = [:]
        for entry in ledgers.joined() {
            var entry = entry
            if let known = all[entry.request] {
                guard known.removals == entry.removals else { return nil }
                entry.isComplete = entry.isComplete || known.isComplete
            }
            all[entry.request] = entry
        }
        return all.values.sorted { $0.request < $1.request }
    }

    /// Carries out all that a ledger names on a store of `size` entries that is not served yet.
    package static func apply(
        _ entries: [Entry], to store: any LogStore, size: UInt64
    ) throws {
        _ = try Eraser(store: store, ledger: .volatile(entries)).runAll(size: size)
    }
}
