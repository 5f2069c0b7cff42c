// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogStorage
import TransparencyLog

/// What an erasure would destroy, by tenant, and what it passes over.
struct ErasurePlan: Sendable {
    /// By tenant, then by index.
    private var removals: [String: [UInt64: Set<String>]] = [:]
    /// The log's own records, which are never erased.
    private(set) var ownCount = 0
    /// Records and fields that are gone, or were never there.
    private(set) var absentCount = 0
    /// Holds that cover a record concerned.
    private(set) var heldBy: Set<UInt64> = []
    private(set) var recordCount = 0
    private(set) var fieldCount = 0

    /// Items that one announcement lists.
    private static let announcementLimit = 256

    /// Adds a record, or some fields of it.
    ///
    /// - Parameter content: what is kept of it; nil if all of it was removed.
    mutating func add(
        _ index: UInt64, _ content: StoredContent?, fields: [String], holds: [LegalHold]
    ) {
        guard let content, let record = try? JSONValue.parse(content.record, limits: .disclosed),
            let tenant = record["tenant"]?.text
        else {
            absentCount += 1
            return
        }
        guard tenant != "_log" else {
            ownCount += 1
            return
        }
        if !holds.isEmpty, let terms = try? RecordTerms.read(canonical: content.record) {
            heldBy.formUnion(holds.filter { $0.covers(index, terms) }.map(\.index))
        }
        let known = removals[tenant]?[index]
        if fields.isEmpty {
            guard known?.isEmpty != true else { return }
            fieldCount -= known?.count ?? 0
            recordCount += 1
            removals[tenant, default: [:]][index] = []
        } else if known?.isEmpty != true {
            let there = Set(fields.filter { record[$0] != nil })
            absentCount += fields.count - there.count
            let all = (known ?? []).union(there)
            guard !all.isEmpty else { return }
            fieldCount += all.count - (known?.count ?? 0)
            removals[tenant, default: [:]][index] = all
        }
    }

    var isEmpty: Bool { removals.isEmpty }

    /// The indexes concerned, rising.
    var indexes: [UInt64] { removals.values.flatMap(\.keys).sorted() }

    /// What each announcement lists: one tenant each, indexes rising.
    var announcements: [(tenant: String, removals: [Removal])] {
        var announcements: [(tenant: String, removals: [Removal])] = []
        for (tenant, items) in removals.sorted(by: { $0.key < $1.key }) {
            let all = items.sorted { $0.key < $1.key }.map { index, names in
                Removal(index: index, names: names.sorted())
            }
            for start in stride(from: 0, to: all.count, by: Self.announcementLimit) {
                let part = all[start..<min(start + Self.announcementLimit, all.count)]
                announcements.append((tenant, Array(part)))
            }
        }
        return announcements
    }
}
