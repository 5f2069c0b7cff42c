// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import LogStorage

/// Where a verification reads the entries of a log.
///
/// Nothing that it gives is trusted. Calls block, and may run side by side.
package protocol VerificationSource: Sendable {
    var reader: any LogReader { get }

    /// The log that the store says it is of; nil if it does not say.
    var origin: String? { get }

    /// What was submitted in `range`, by index and in order; what is not there is left out.
    func contents(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [(index: UInt64, content: StoredContent)]

    /// Who submitted the entries of `range`, in order.
    func submissions(_ range: Range<UInt64>) throws(StoreError) -> [StoredSubmission]

    /// What lies around the entries of a log of this size and should not.
    func surroundings(size: UInt64) throws(StoreError) -> [VerificationFinding]

    /// Whether ``surroundings(size:)`` looks at all of the store's file.
    var checksFile: Bool { get }
}

extension VerificationSource {
    package var origin: String? { nil }

    package func contents(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [(index: UInt64, content: StoredContent)] {
        try reader.contents(at: Array(range)).map { ($0.index, $0.content) }
    }

    package func submissions(
        _ range: Range<UInt64>
    ) throws(StoreError) -> [StoredSubmission] {
        try range.map { (index) throws(StoreError) in try reader.submission(at: index) }
    }

    package func surroundings(size: UInt64) throws(StoreError) -> [VerificationFinding] { [] }

    package var checksFile: Bool { false }
}

/// Reads records for a verification, which itself never parses one.
package protocol VerificationRecords: Sendable {
    /// What a verification needs to know of a record.
    func summary(of record: CanonicalRecord) -> RecordSummary
}

/// What a verification needs to know of a record.
package struct RecordSummary: Sendable {
    /// Whose record it is, to be compared with the store's own column.
    package var tenant: String?
    /// Whether it was imported from another system, which alone vouches for its past.
    package var isImported: Bool
    /// What one of the log's own records says.
    package var fact: GovernanceFact?

    package init(tenant: String?, isImported: Bool, fact: GovernanceFact? = nil) {
        self.tenant = tenant
        self.isImported = isImported
        self.fact = fact
    }
}

/// What one of the log's own records says that a verification acts upon.
package enum GovernanceFact: Hashable, Sendable {
    /// `log.created`, the first record.
    case created(origin: String, granularityMS: UInt64, checkValue: [UInt8])
    /// `key.rotate`: the epoch that begins with the next leaf.
    case rotated(epoch: UInt64, checkValue: [UInt8])
    /// `erasure.request`: what was removed by rights.
    case removed([Removal])
    /// `retention.prune`: what was removed because of its age.
    case pruned([Removal])
    /// `log.recovered`: what a recovery could not bring back.
    case lost(Range<UInt64>)
}
