// SPDX-License-Identifier: Apache-2.0

package import AuditChain

/// Content that is to go, or has gone: whole records, or some fields of one.
package struct Removal: Hashable, Sendable {
    /// Not empty.
    package let range: Range<UInt64>
    /// Empty for whole records; else the range is one record.
    package let names: [String]

    /// Whole records.
    package init(_ range: Range<UInt64>) {
        precondition(!range.isEmpty)
        self.range = range
        names = []
    }

    /// One record, or some of its fields.
    package init(index: UInt64, names: [String] = []) {
        range = index..<index + 1
        self.names = names
    }

    /// `[INDEX]`, `[INDEX,"name",…]` or, for several records, `[FIRST,LAST]`.
    package var json: JSONValue {
        let first = JSONValue.integer(range.lowerBound)
        if range.count > 1 { return [first, .integer(range.upperBound - 1)] }
        return .array([first] + names.map { .string($0) })
    }

    /// Reads what ``json`` writes; nil for anything else.
    package init?(_ value: JSONValue) {
        guard let parts = value.elements, let first = parts.first?.unsigned, first < UInt64.max - 1
        else { return nil }
        if parts.count == 2, let last = parts[1].unsigned {
            guard first < last, last < .max else { return nil }
            self.init(first..<last + 1)
        } else {
            let names = parts.dropFirst().compactMap(\.text)
            guard names.count == parts.count - 1, Set(names).count == names.count else {
                return nil
            }
            self.init(index: first, names: names)
        }
    }
}
