// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What the erasure records of a log, verified, say was erased.
///
/// A field that a bundle hides as erased is *withheld* until such a record lists it.
public struct ErasureRecords: Sendable {
    private struct Item: Hashable {
        let record: UInt64
        let name: String
    }

    private var names: [UInt64: Set<Item>] = [:]
    private var whole: Set<UInt64> = []
    /// The same, rising.
    private var wholeInOrder: [UInt64] = []

    /// None at hand.
    public init() {}

    /// Takes a verified bundle of an erasure record.
    ///
    /// - Throws: ``ErasureError`` where it is another record, or hides what it lists.
    public mutating func learn(_ bundle: VerifiedBundle) throws(ErasureError) {
        guard try learn(bundle.fields, of: bundle.proven.index) else {
            throw .notAnErasure(bundle.proven.index)
        }
        sort()
    }

    /// Takes the erasure records of a verified set.
    public mutating func learn(_ set: VerifiedBundleSet) {
        names.merge(set.erasures.names) { known, _ in known }
        whole.formUnion(set.erasures.whole)
        sort()
    }

    /// Takes a record that shows that it is an erasure's; answers false for any other one.
    mutating func learn(
        _ fields: [BundleField], of index: UInt64
    ) throws(ErasureError) -> Bool {
        guard Self.value(of: "tenant", in: fields)?.text == "_log",
            Self.value(of: "type", in: fields)?.text == "erasure.request",
            let details = Self.value(of: "details", in: fields)
        else { return false }
        guard let items = details["erased"]?.elements else { throw .malformed(index) }
        var listed: Set<Item> = []
        for item in items {
            guard let parts = item.elements, let record = parts.first?.unsigned else {
                throw .malformed(index)
            }
            if parts.count == 1 { whole.insert(record) }
            for part in parts.dropFirst() {
                guard let name = part.text else { throw .malformed(index) }
                listed.insert(Item(record: record, name: name))
            }
        }
        names[index] = listed
        return true
    }

    private mutating func sort() { wholeInOrder = whole.sorted() }

    /// Whether the record at `index` erased this field of another; nil where it is not at hand.
    func erased(_ name: String, of record: UInt64, by index: UInt64) -> Bool? {
        names[index].map { $0.contains(Item(record: record, name: name)) }
    }

    /// How many records of a range were erased as a whole.
    func wholeCount(in range: Range<UInt64>) -> UInt64 {
        UInt64(place(of: range.upperBound) - place(of: range.lowerBound))
    }

    /// How many are before an index.
    private func place(of index: UInt64) -> Int {
        var (low, high) = (0, wholeInOrder.count)
        while low < high {
            let middle = (low + high) / 2
            if wholeInOrder[middle] < index { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// The value of a shown field.
    static func value(of name: String, in fields: [BundleField]) -> JSONValue? {
        guard let member = fields.first(where: { $0.name == name })?.member else { return nil }
        let record = Array("{".utf8) + member + Array("}".utf8)
        return (try? JSONValue.parse(record, limits: .disclosed))?[name]
    }
}

/// Why a record tells nothing of erasures.
public enum ErasureError: Error, Hashable, Sendable {
    /// The record at this index is no erasure record, or does not show that it is one.
    case notAnErasure(UInt64)
    /// The list of the erasure record at this index is not of the form that it must have.
    case malformed(UInt64)
}

/// Fields of one name that are said to have been erased.
public struct ErasedFields: Hashable, Sendable {
    /// The name of the fields.
    public let name: String
    /// The index of the erasure record that is said to list them.
    public let erasedBy: UInt64
    /// Whether that record was at hand, and does; otherwise it is a claim.
    public let isProven: Bool
    /// In how many records.
    public var count: UInt64
}

extension VerifiedBundle {
    /// The fields that are claimed to be erased, each held against its erasure record.
    ///
    /// - Throws: ``VerifyError/falseErasure(record:by:)`` where that record does not list a field.
    public func erasedFields(
        by records: ErasureRecords
    ) throws(VerifyError) -> [ErasedFields] {
        var erased: [ErasedFields] = []
        for field in fields {
            guard let by = field.erasedBy else { continue }
            let isListed = records.erased(field.name, of: proven.index, by: by)
            guard isListed ?? true else {
                throw .falseErasure(record: proven.index, by: by)
            }
            erased.append(
                ErasedFields(
                    name: field.name, erasedBy: by, isProven: isListed != nil, count: 1))
        }
        return erased
    }
}
