// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Merkle

/// What the erasure records of a log, verified, say was erased, and its prunes say was pruned.
///
/// A field that a bundle hides as erased is *withheld* until such a record lists it.
public struct ErasureRecords: Sendable {
    private struct Item: Hashable {
        let record: UInt64
        let name: String
    }

    private var names: [UInt64: Set<Item>] = [:]
    private var whole: [Range<UInt64>] = []

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
        whole += set.erasures.whole
        sort()
    }

    /// Takes a record that shows that it is an erasure's; answers false for any other one.
    mutating func learn(
        _ fields: [BundleField], of index: UInt64
    ) throws(ErasureError) -> Bool {
        guard Self.value(of: "tenant", in: fields)?.text == "_log",
            let type = Self.value(of: "type", in: fields)?.text,
            ["erasure.request", "retention.prune"].contains(type),
            let details = Self.value(of: "details", in: fields)
        else { return false }
        guard type == "erasure.request" else {
            try learnPrune(details, of: index)
            return true
        }
        guard let items = details["erased"]?.elements else { throw .malformed(index) }
        var listed: Set<Item> = []
        for item in items {
            guard let parts = item.elements, let record = parts.first?.unsigned else {
                throw .malformed(index)
            }
            if parts.count == 1, record < index { whole.append(record..<record + 1) }
            for part in parts.dropFirst() {
                guard let name = part.text else { throw .malformed(index) }
                listed.insert(Item(record: record, name: name))
            }
        }
        names[index] = listed
        return true
    }

    /// Takes what went because of its age: `[INDEX]` or `[FIRST,LAST]`.
    private mutating func learnPrune(
        _ details: JSONValue, of index: UInt64
    ) throws(ErasureError) {
        guard let items = details["pruned"]?.elements else { throw .malformed(index) }
        for item in items {
            let ends = item.elements?.compactMap(\.unsigned) ?? []
            guard let first = ends.first, let last = ends.last, ends.count <= 2, first <= last,
                ends.count == item.elements?.count, last < index
            else { throw .malformed(index) }
            whole.append(first..<last + 1)
        }
        names[index] = []
    }

    /// Puts the ranges in order, none touching the next.
    private mutating func sort() {
        var merged: [Range<UInt64>] = []
        for range in whole.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] =
                    last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        whole = merged
    }

    /// Whether the record at `index` erased this field of another; nil where it is not at hand.
    func erased(_ name: String, of record: UInt64, by index: UInt64) -> Bool? {
        names[index].map { $0.contains(Item(record: record, name: name)) }
    }

    /// How many records of a range were erased or pruned as a whole.
    func wholeCount(in range: Range<UInt64>) -> UInt64 {
        var count: UInt64 = 0
        var place = whole.firstPlace(endingAfter: range.lowerBound)
        while place < whole.count, whole[place].lowerBound < range.upperBound {
            count += UInt64(whole[place].clamped(to: range).count)
            place += 1
        }
        return count
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
