// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import TransparencyLog

/// Which records a request is about: its filters, the indexes it asks for, and what its credential
/// may see of them.
struct RecordSelection: Sendable {
    let scope: TenantScope
    private(set) var filter = RecordFilter()
    /// The first index asked for, and the one after the last.
    let range: Range<UInt64>
    /// The filters as canonical JSON: one text for all orders in which they can be given.
    let canonical: [UInt8]
    /// The parameters that were given, sorted.
    let names: [String]
    /// No record that the credential may see can match, so that none is looked for.
    ///
    /// It is so for each tenant but the reader's own, whether there is such a tenant or not.
    private(set) var isEmpty = false

    /// Whether it is of all records that the credential may see.
    var isUnrestricted: Bool { names.isEmpty }

    private static let valueLimit = 50
    private static let valueBytes = 512

    /// Reads the parameters that ``QueryParameters/selection`` lists.
    ///
    /// - Parameter redactor: what stored records have passed; nil if they have passed none.
    init(
        _ query: Query, of credential: Credential, redactor: Redactor?
    ) throws(Problem) {
        scope = credential.tenant
        range = try Self.range(query)
        var members: [JSONValue.Member] = []
        for field in FilterField.allCases {
            let values = try Self.values(query, field)
            guard !values.isEmpty else { continue }
            filter.terms[field] = values
            members.append(.init(field.name, .array(values.map { .string($0) })))
        }
        filter.severityMin = try Self.severity(query)
        filter.since = try Self.time(query, "since")
        filter.until = try Self.time(query, "until")
        filter.timeBasis = try Self.basis(query)
        if let since = filter.since, let until = filter.until, since >= until {
            throw .invalidParameter(
                "until", "until is later than since, and not part of the range.")
        }
        for name in ["severity_min", "from_index", "to_index", "time_basis"] {
            if let text = query[name] { members.append(.init(name, .string(text))) }
        }
        for (name, time) in [("since", filter.since), ("until", filter.until)] {
            if let time { members.append(.init(name, .string(time.description))) }
        }
        canonical = JSONValue.object(members).canonical
        names = members.map(\.name).sorted()
        confineTenants()
        if let redactor { addStoredForms(redactor) }
    }

    /// Takes away the tenants that a reader may not see, before anything is looked up.
    private mutating func confineTenants() {
        guard let tenants = filter.terms[.tenant] else { return }
        let own = tenants.filter(scope.covers)
        filter.terms[.tenant] = own
        isEmpty = own.isEmpty
    }

    /// Filters whose values the policy may have replaced, and where these stand in a record.
    private static let replaced: [(field: FilterField, path: String)] = [
        (.actor, "actor.id"), (.target, "target.id"), (.sourceIP, "source.ip"),
    ]

    /// Adds what the log has made of the values asked for: a token of the tenant, or a network.
    ///
    /// Tokens are a tenant's own, so that whoever reads all tenants names the one that is meant. A
    /// placeholder that stands for any value finds nothing.
    private mutating func addStoredForms(_ redactor: Redactor) {
        for (field, path) in Self.replaced {
            guard let values = filter.terms[field] else { continue }
            let stored = values.flatMap { storedForms(of: $0, at: path, redactor) }
            let known = Set(values)
            filter.terms[field] =
                values
                + Set(stored).filter { text in
                    !known.contains(text) && !text.contains { $0 == "<" || $0 == "*" }
                }.sorted()
        }
    }

    /// The same without the filters that take records out of what a producer counted.
    var forGaps: RecordSelection {
        var selection = self
        var filter = RecordFilter()
        for field in [FilterField.tenant, .producer] {
            filter.terms[field] = self.filter.terms[field]
        }
        selection.filter = filter
        return selection
    }

    private func storedForms(
        of value: String, at path: String, _ redactor: Redactor
    ) -> [String] {
        let tenants: [String] =
            switch scope {
            case .only(let tenant): [tenant]
            case .all: filter.terms[.tenant] ?? [""]
            }
        return tenants.map { redactor.redact(text: value, at: path, tenant: $0) }
    }

    /// The filters as canonical JSON, values as the log stores them: fit for a record of the log's.
    ///
    /// Throws for a value of which redaction keeps nothing that could be found again.
    func storedCanonical(_ redactor: Redactor?) throws(Problem) -> [UInt8] {
        guard let members = (try? JSONValue.parse(canonical))?.members else {
            throw Problem(.internalError)
        }
        var stored: [JSONValue.Member] = []
        for member in members {
            guard let redactor, let values = member.value.elements?.compactMap(\.text),
                let path = Self.replaced.first(where: { $0.field.name == member.name })?.path
            else {
                stored.append(member)
                continue
            }
            let forms = Set(values.flatMap { storedForms(of: $0, at: path, redactor) }).sorted()
            guard !forms.contains(where: { $0.contains { $0 == "<" || $0 == "*" } }) else {
                throw .invalidParameter(
                    member.name,
                    "Redaction keeps no form of this value: name the tenant too, or"
                        + " the range of indexes.")
            }
            stored.append(.init(member.name, .array(forms.map { .string($0) })))
        }
        return JSONValue.object(stored).canonical
    }

    /// The engine's query for it; order and place are the caller's.
    var query: RecordQuery<RecordTerms> {
        let recordScope: RecordScope =
            switch scope {
            case .all: .all
            case .only(let tenant): .only(tenant: tenant)
            }
        var query = RecordLookups.query(filter, scope: recordScope)
        query.range = range
        return query
    }

    /// What a record of the reading says of it: the filters' names and a digest, never values,
    /// and the indexes within the tree.
    func members(
        treeSize: UInt64, _ access: AccessRecords
    ) -> [(name: String, value: JSONValue)] {
        var members: [(name: String, value: JSONValue)] = [
            ("first", .integer(min(range.lowerBound, treeSize))),
            ("end", .integer(min(range.upperBound, treeSize))),
        ]
        if !names.isEmpty {
            members.append(
                (
                    "filter",
                    [
                        "digest": .string(access.digest(ofFilter: canonical).hex),
                        "names": .array(names.map { .string($0) }),
                    ]
                ))
        }
        return members
    }

    // MARK: Parameters

    /// Different values, sorted.
    private static func values(_ query: Query, _ field: FilterField) throws(Problem) -> [String] {
        let values = query.all(field.name)
        guard values.count <= valueLimit else {
            throw .invalidParameter(field.name, "Give at most \(valueLimit) values of one filter.")
        }
        guard values.allSatisfy({ 1...valueBytes ~= $0.utf8.count }) else {
            throw .invalidParameter(
                field.name, "A value has 1 to \(valueBytes) bytes; leave out what is not asked for."
            )
        }
        if field == .type { try checkTypes(values) }
        return Set(values).sorted()
    }

    /// A star is the last segment, after a dot.
    private static func checkTypes(_ values: [String]) throws(Problem) {
        for value in values {
            let stem = value.hasSuffix(".*") ? value.dropLast(2) : value[...]
            guard !stem.isEmpty, !stem.contains("*") else {
                throw .invalidParameter(
                    "type", "A type is exact, as tool.call, or a prefix before a dot, as tool.*.")
            }
        }
    }

    private static func severity(_ query: Query) throws(Problem) -> Int? {
        guard let number = try query.number("severity_min") else { return nil }
        guard 1...6 ~= number else {
            throw .invalidParameter("severity_min", "A severity is a number from 1 to 6.")
        }
        return Int(number)
    }

    private static func time(_ query: Query, _ name: String) throws(Problem) -> Timestamp? {
        guard let text = query[name] else { return nil }
        guard let time = Timestamp(rfc3339: text) else {
            throw .invalidParameter(
                name, "A time is RFC 3339 with an offset, such as 2026-06-01T08:00:00Z.")
        }
        return time
    }

    private static func basis(_ query: Query) throws(Problem) -> RecordFilter.TimeBasis {
        switch query["time_basis"] {
        case nil, "time": .time
        case "received": .received
        default: throw .invalidParameter("time_basis", "Ask for time or received.")
        }
    }

    private static func range(_ query: Query) throws(Problem) -> Range<UInt64> {
        let first = try query.number("from_index") ?? 0
        let end = try query.number("to_index") ?? .max
        guard first <= end else {
            throw .invalidParameter(
                "to_index", "to_index is not before from_index, and not part of the range.")
        }
        return first..<end
    }
}
