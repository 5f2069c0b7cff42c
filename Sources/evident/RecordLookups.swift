// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogStorage

/// What a record can be found by: the one place where the store, which parses no record, learns
/// how one looks when it makes its look-ups again.
enum RecordLookups {
    /// The keys of id, tenant, type and actor, from a record's canonical text.
    @Sendable static func keys(of canonical: [UInt8]) -> [LookupKey] {
        guard let record = try? JSONValue.parse(canonical, limits: .disclosed) else { return [] }
        let values: [(LookupField, String?)] = [
            (.recordID, record["id"]?.text), (.tenant, record["tenant"]?.text),
            (.type, record["type"]?.text), (.actor, record["actor"]?["id"]?.text),
        ]
        return values.compactMap { field, value in value.map { LookupKey(field, text: $0) } }
    }
}
