// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords

/// What must not be destroyed while it stands: the records that filters find, now or later.
///
/// It is a record of the log's own (`hold.place`), and goes by its index.
struct LegalHold: Sendable {
    /// The index of the record that placed it.
    let index: UInt64
    let reason: String
    /// The filters as the record has them.
    let filter: JSONValue
    /// The same, to find them by.
    let selection: RecordSelection

    /// Its record is lost, and with it what it keeps: everything, until it is released.
    private(set) var isLost = false

    /// A hold of which nothing is known but that it stands.
    init?(lost index: UInt64) {
        guard let reader = Self.reader,
            let selection = try? RecordSelection(Query(), of: reader, redactor: nil)
        else { return nil }
        (self.index, reason, filter) = (index, "lost", .object([]))
        self.selection = selection
        isLost = true
    }

    /// Reads the `details` of a record; nil if it places no hold.
    init?(index: UInt64, details: JSONValue) {
        guard let filter = details["filter"], let reason = details["reason"]?.text,
            let query = Query(filter), let reader = Self.reader,
            let selection = try? RecordSelection(query, of: reader, redactor: nil)
        else { return nil }
        self.index = index
        self.reason = reason
        self.filter = filter
        self.selection = selection
    }

    private static let reader = Credential(name: "hold", role: .operator, tenant: .all)

    /// Whether a record is under it.
    func covers(_ index: UInt64, _ record: RecordTerms) -> Bool {
        selection.range.contains(index) && !selection.isEmpty && selection.filter.matches(record)
    }
}

extension Query {
    /// The parameters that ``RecordSelection/canonical`` has written; nil for anything else.
    init?(_ canonical: JSONValue) {
        guard let members = canonical.members, !members.isEmpty else { return nil }
        var values: [String: [String]] = [:]
        for member in members {
            let texts = member.value.elements?.compactMap(\.text) ?? [member.value.text ?? ""]
            guard !texts.isEmpty, texts.count == member.value.elements?.count ?? 1 else {
                return nil
            }
            values[member.name] = texts
        }
        self.init(values: values)
    }
}
