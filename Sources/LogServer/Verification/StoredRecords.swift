// SPDX-License-Identifier: Apache-2.0

package import AuditChain
import LogCrypto
package import TransparencyLog

/// Reads stored records for a verification: whose they are, and what the log's own ones say.
package struct StoredRecords: VerificationRecords {
    package init() {}

    private static let tenantName = Array("tenant".utf8)
    private static let importedName = Array("imported".utf8)

    package func summary(of record: CanonicalRecord) -> RecordSummary {
        var summary = RecordSummary(tenant: nil, isImported: false)
        for member in record.members {
            // Names and their colon are plain, so the value follows at a known place.
            let name = record.bytes[member.name]
            if name.elementsEqual(Self.tenantName) {
                let value = record.bytes[(member.name.upperBound + 2)..<member.member.upperBound]
                // A tenant's name needs no escape; one that has some is nobody's.
                summary.tenant = String(decoding: value.dropFirst().dropLast(), as: UTF8.self)
            } else if name.elementsEqual(Self.importedName) {
                summary.isImported = true
            }
        }
        if summary.tenant == "_log" { summary.fact = Self.fact(of: record) }
        return summary
    }

    private static func fact(of record: CanonicalRecord) -> GovernanceFact? {
        guard let value = try? JSONValue.parse(record.bytes, limits: .disclosed),
            let type = value["type"]?.text, let details = value["details"]
        else { return nil }
        switch type {
        case "log.created": return created(details)
        case "key.rotate": return rotated(details)
        case "erasure.request": return removed(details).map { .removed($0) }
        case "retention.prune": return pruned(details).map { .pruned($0) }
        case "log.recovered": return lost(details)
        default: return nil
        }
    }

    private static func created(_ details: JSONValue) -> GovernanceFact? {
        guard let origin = details["origin"]?.text,
            let granularity = details["granularity_ms"]?.unsigned,
            let epoch = details["chain"]?.elements?.first, let text = epoch["kcv"]?.text,
            let checkValue = Hex.decode(text)
        else { return nil }
        return .created(origin: origin, granularityMS: granularity, checkValue: checkValue)
    }

    private static func lost(_ details: JSONValue) -> GovernanceFact? {
        guard let first = details["first"]?.unsigned, let count = details["count"]?.unsigned
        else { return nil }
        let (end, overflow) = first.addingReportingOverflow(count)
        return overflow ? nil : .lost(first..<end)
    }

    private static func rotated(_ details: JSONValue) -> GovernanceFact? {
        guard let epoch = details["epoch"]?.unsigned, let text = details["kcv"]?.text,
            let checkValue = Hex.decode(text)
        else { return nil }
        return .rotated(epoch: epoch, checkValue: checkValue)
    }

    /// What `{"pruned":[[INDEX],[FIRST,LAST],…]}` lists: whole records alone.
    static func pruned(_ details: JSONValue) -> [Removal]? {
        guard let list = details["pruned"]?.elements else { return nil }
        let removals = list.compactMap { Removal($0) }
        let isOfWhole = removals.allSatisfy(\.names.isEmpty)
        return isOfWhole && removals.count == list.count ? removals : nil
    }

    /// What `{"erased":[[INDEX],[INDEX,"name",…],…]}` lists.
    ///
    /// A list that is not of this form explains nothing.
    static func removed(_ details: JSONValue) -> [Removal]? {
        guard let list = details["erased"]?.elements else { return nil }
        let removals = list.compactMap { Removal($0) }
        let isOfRecords = removals.allSatisfy { $0.range.count == 1 }
        return isOfRecords && removals.count == list.count ? removals : nil
    }
}
