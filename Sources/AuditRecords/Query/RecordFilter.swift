// SPDX-License-Identifier: Apache-2.0

public import AuditChain

/// Which records a query asks for: those that satisfy all of it.
public struct RecordFilter: Hashable, Sendable {
    /// Which of a record's times a range is of.
    public enum TimeBasis: String, Hashable, Sendable, CaseIterable {
        /// When it happened, as its producer says.
        case time
        /// When the log received it.
        case received
    }

    /// For each field, the values of which a record must bear one.
    ///
    /// A type that ends in `.*` stands for all that begin so. Without values nothing matches.
    public var terms: [FilterField: [String]] = [:]
    /// The least severity; a record without one has none that is enough.
    public var severityMin: Int?
    /// The first moment.
    public var since: Timestamp?
    /// The moment before which it ends.
    public var until: Timestamp?
    /// What `since` and `until` are of.
    public var timeBasis = TimeBasis.time

    /// A filter that every record passes.
    public init() {}

    /// Whether a record passes.
    public func matches(_ record: RecordTerms) -> Bool {
        if let severityMin, record.severity ?? .min < severityMin { return false }
        if since != nil || until != nil {
            guard let time = timeBasis == .time ? record.time : record.received else {
                return false
            }
            if let since, time < since { return false }
            if let until, time >= until { return false }
        }
        return terms.allSatisfy { Self.bears(record, $0, $1) }
    }

    private static func bears(
        _ record: RecordTerms, _ field: FilterField, _ values: [String]
    ) -> Bool {
        if field == .category {
            return record.values(of: .category).contains { category in
                values.contains { $0.utf8.elementsEqual(category.utf8) }
            }
        }
        return record.contains(field) { text in
            values.contains { value in
                if field == .type, let prefix = typePrefix(value) {
                    return text.starts(with: prefix.utf8)
                }
                return text.count == value.utf8.count && text.elementsEqual(value.utf8)
            }
        }
    }

    /// What types must begin with, the dot included, for a value that ends in `.*`; else nil.
    public static func typePrefix(_ value: String) -> Substring? {
        value.hasSuffix(".*") ? value.dropLast() : nil
    }
}
