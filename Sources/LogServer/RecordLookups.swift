// SPDX-License-Identifier: Apache-2.0

import AuditChain
package import AuditRecords
package import LogStorage
package import TransparencyLog

/// What a record can be found by: the one place where the log, which parses no record, learns how
/// one looks.
///
/// Whatever changes the keys of a record raises ``LookupField/version``.
package enum RecordLookups {
    /// The keys of a stored record, from its canonical text; none of what is no record.
    ///
    /// For making look-ups again. Cost: one parse and about 20 ns a key.
    @Sendable package static func keys(
        of canonical: [UInt8], _ hasher: LookupHasher
    ) -> [LookupKey] {
        guard let terms = try? RecordTerms.read(canonical: canonical) else { return [] }
        return keys(
            hasher, severity: terms.severity, time: terms.time, received: terms.received,
            forEachText: terms.forEachText)
    }

    /// The same keys of a record that is being prepared, for the write path.
    static func keys(of terms: LentTerms, _ hasher: LookupHasher) -> [LookupKey] {
        keys(
            hasher, severity: terms.severity, time: terms.time, received: terms.received,
            forEachText: terms.forEachText)
    }

    private static func keys(
        _ hasher: LookupHasher, severity: Int?, time: Timestamp?, received: Timestamp?,
        forEachText: ((FilterField?, UnsafeRawBufferPointer) -> Void) -> Void
    ) -> [LookupKey] {
        var keys: [LookupKey] = []
        keys.reserveCapacity(32)
        forEachText { field, text in
            keys.append(hasher.key(field.map(lookupField) ?? .recordID, text))
            guard field == .type else { return }
            for (place, byte) in text.enumerated() where byte == UInt8(ascii: ".") {
                keys.append(
                    hasher.key(.typePrefix, UnsafeRawBufferPointer(rebasing: text[...place])))
            }
            let type = String(decoding: text, as: UTF8.self)
            keys.append(hasher.key(.category, RecordType.category(of: type)))
        }
        if let severity { keys.append(hasher.key(.severity, "\(severity)")) }
        for case (let field, let time?) in [(LookupField.time, time), (.received, received)] {
            keys.append(LookupKey(field, milliseconds: time.wholeMilliseconds))
        }
        return keys
    }

    /// The query that finds what passes a filter.
    package static func query(
        _ filter: RecordFilter, scope: RecordScope
    ) -> RecordQuery<RecordTerms> {
        var keys = filter.terms.sorted { $0.key.rawValue < $1.key.rawValue }.map { field, values in
            Set(values).sorted().map { value in
                if field == .type, let prefix = RecordFilter.typePrefix(value) {
                    return RecordKey(.typePrefix, String(prefix))
                }
                return RecordKey(lookupField(field), value)
            }
        }
        if let least = filter.severityMin {
            keys.append(severities.filter { $0 >= least }.map { RecordKey(.severity, "\($0)") })
        }
        let hasTime = filter.since != nil || filter.until != nil
        let span =
            hasTime
            ? LookupSpan(
                filter.timeBasis == .time ? .time : .received,
                since: filter.since?.microseconds, until: filter.until?.microseconds) : nil
        return RecordQuery(
            scope: scope, keys: keys, span: span, isEmpty: hasTime && span == nil,
            read: { try? RecordTerms.read(canonical: $0) }, tenant: \.tenant,
            matches: { filter.matches($0) })
    }

    /// Those that have a number of their own.
    private static let severities = 1...6

    private static func lookupField(_ field: FilterField) -> LookupField {
        switch field {
        case .type: .type
        case .category: .category
        case .action: .action
        case .outcome: .outcome
        case .reason: .reason
        case .tenant: .tenant
        case .actor: .actor
        case .actorType: .actorType
        case .agent: .agent
        case .model: .model
        case .tool: .tool
        case .approvalStatus: .approvalStatus
        case .rule: .rule
        case .target: .target
        case .targetType: .targetType
        case .sourceIP: .sourceIP
        case .traceID: .traceID
        case .sessionID: .sessionID
        case .runID: .runID
        case .cycleID: .cycleID
        case .parentID: .parentID
        case .dataClass: .dataClass
        case .producer: .producer
        case .imported: .imported
        }
    }
}

extension Timestamp {
    /// Rounded down.
    fileprivate var wholeMilliseconds: Int64 {
        microseconds / 1000 - (microseconds % 1000 < 0 ? 1 : 0)
    }
}
