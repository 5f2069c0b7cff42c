// SPDX-License-Identifier: Apache-2.0

import AuditRecords

/// How long records of a kind are kept: `tenant=acme type=tool.* keep=90d`.
///
/// Of several rules the first that a record passes holds; a record that passes none is kept for ever.
package struct RetentionRule: Hashable, Sendable, CustomStringConvertible {
    /// Nil for every tenant but the log's own.
    package let tenant: String?
    /// A type, or `tool.*` for all that begin so; nil for all.
    package let type: String?
    /// Milliseconds; nil for ever.
    package let keepMS: UInt64?
    /// As it was written.
    package let description: String

    /// Reads a rule.
    ///
    /// Throws what is wrong with it.
    package init(_ text: some StringProtocol) throws(RetentionRefusal) {
        var values: [Substring: String] = [:]
        let words = String(text).split(separator: " ")
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, ["tenant", "type", "keep"].contains(parts[0]),
                !parts[1].isEmpty, values[parts[0]] == nil
            else { throw RetentionRefusal("\"\(word)\" is none of tenant=, type= and keep=, once") }
            values[parts[0]] = String(parts[1])
        }
        guard let keep = values["keep"] else {
            throw RetentionRefusal("a rule says keep=forever, or an age such as keep=90d")
        }
        if keep == "forever" {
            keepMS = nil
        } else {
            guard let age = RetentionAge.milliseconds(keep) else {
                throw RetentionRefusal("keep=\(keep) is not forever, nor an age: 24h, 90d, 26w, 7y")
            }
            keepMS = age
        }
        tenant = values["tenant"]
        type = values["type"]
        description = words.joined(separator: " ")
        try check()
    }

    private func check() throws(RetentionRefusal) {
        if let tenant, tenant != "_log", !TenantGrant.isValid(tenant: tenant) {
            throw RetentionRefusal("tenant=\(tenant) is not the name of a tenant")
        }
        if let type {
            let stem = type.hasSuffix(".*") ? type.dropLast(2) : type[...]
            guard !stem.isEmpty, !stem.contains("*") else {
                throw RetentionRefusal("type=\(type) is not a type, nor a prefix such as tool.*")
            }
        }
        guard tenant != "_log" || keepMS == nil || type.map(OwnRecords.mayGo) == true else {
            throw RetentionRefusal(
                "of the log's own records only "
                    + OwnRecords.passing.sorted().joined(separator: ", ")
                    + " may go by a rule that names the type")
        }
    }

    /// Whether a record is of the kind.
    func covers(_ record: RecordTerms) -> Bool {
        if tenant == nil, record.tenant == "_log" { return false }
        return filter.matches(record)
    }

    /// What finds the records.
    var filter: RecordFilter {
        var filter = RecordFilter()
        if let tenant { filter.terms[.tenant] = [tenant] }
        if let type { filter.terms[.type] = [type] }
        return filter
    }
}

/// What is wrong with settings of retention.
package struct RetentionRefusal: Error, Hashable, Sendable {
    package let message: String

    package init(_ message: String) {
        self.message = message
    }
}

/// Ages of records: `45m`, `24h`, `90d`, `26w`, `7y`.
package enum RetentionAge {
    private static let second: UInt64 = 1_000
    static let day: UInt64 = 24 * 3_600 * second
    /// The longest there is, so that nothing is kept for less than a year that was meant.
    private static let year = 366 * day

    /// Nil for anything else, and for ages beyond 1,000 years.
    package static func milliseconds(_ text: String) -> UInt64? {
        let units: [Character: UInt64] = [
            "s": second, "m": 60 * second, "h": 3_600 * second, "d": day, "w": 7 * day, "y": year,
        ]
        guard let unit = text.last.flatMap({ units[$0] }),
            let number = DecimalText.number(text.dropLast()), number > 0
        else { return nil }
        let (age, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || age > 1_000 * year ? nil : age
    }
}

/// The log's own records, by whether a leaf, or what is missing, can be explained without them.
enum OwnRecords {
    /// Those that tell of readings and of who came in: they grow with every request, and explain
    /// nothing but themselves.
    static let passing: Set<String> = [
        "audit.access", "audit.export", "audit.verify", "auth.failure", "auth.success",
    ]

    static func mayGo(_ type: String) -> Bool { passing.contains(type) }
}
