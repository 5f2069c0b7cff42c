// SPDX-License-Identifier: Apache-2.0

package import AuditChain
package import AuditRecords
import LogCrypto
import LogStorage
package import Merkle
import SignedNote
package import TransparencyLog

/// Makes submissions of records: the last step before the log's queue.
///
/// It knows both how a record looks and what the log stores of it; neither knows the other.
package struct Submissions: GovernanceRecords {
    private let preparer: RecordPreparer
    private let keys: IdempotencyKeys
    private let policies: LogPolicies
    private let now: @Sendable () -> Timestamp

    /// - Parameters:
    ///   - keys: the log's own, under K_idem.
    ///   - policies: what `log.created` names, and the preparer goes by.
    ///   - now: the time that records are stamped with.
    package init(
        preparer: RecordPreparer, keys: IdempotencyKeys, policies: LogPolicies,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.preparer = preparer
        self.keys = keys
        self.policies = policies
        self.now = now
    }

    /// The same with another redactor, or with none.
    func redacting(with redactor: Redactor?, policies: LogPolicies) -> Submissions {
        Submissions(
            preparer: preparer.redacting(with: redactor), keys: keys, policies: policies, now: now)
    }

    /// What a batch may hold.
    var limits: RecordLimits { preparer.limits }

    /// Where the items of a batch lie.
    func split(
        _ body: UnsafeRawBufferPointer, as format: RecordPreparer.BatchFormat
    ) throws(RecordError) -> [Range<Int>] {
        try preparer.split(body, as: format)
    }

    /// All work on one record that needs no index.
    ///
    /// - Parameters:
    ///   - header: the key that the request gives this item; the record's own id goes before it.
    func prepare(
        _ item: UnsafeRawBufferPointer, of credential: Credential, header: String?
    ) throws(RecordError) -> Submission {
        let received = now()
        var lookups: [LookupKey] = []
        let record = try preparer.prepare(
            item, tenant: credential.tenant.grant, received: received, seed: .random(),
            newID: { Self.newID(received) },
            lending: { lookups = RecordLookups.keys(of: $0, keys.lookups) })
        return submission(of: record, by: credential.name, key: header, lookups)
    }

    private func submission(
        of record: PreparedRecord, by name: String, key: String?, _ lookups: [LookupKey]
    ) -> Submission {
        let credential = StoredCredential(tenant: record.tenant, name: name)
        // A record without any key of its producer's gets one that nobody else will use.
        let key = record.idFromProducer ? record.id : key ?? record.id
        return Submission(
            commitment: record.commitment, key: keys.storedKey(key, of: credential),
            credential: credential,
            content: StoredContent(
                record: record.canonical, seed: record.seed, formDigest: record.formDigest),
            form: record.form, lookups: lookups)
    }

    private static func newID(_ time: Timestamp) -> String {
        UUIDv7.make(
            millis: UInt64(max(0, time.microseconds / 1_000)), random: SecureRandom.bytes(10))
    }

    // MARK: The log's own records

    /// One of the log's own records, under the tenant `_log`.
    ///
    /// - Parameter key: with it the same record is taken only once.
    package func governance(_ record: GovernanceRecord, key: String? = nil) -> Submission {
        let received = now()
        do {
            let prepared = try preparer.prepare(
                record, received: received, seed: .random(), id: Self.newID(received))
            return submission(
                of: prepared, by: "evident", key: key,
                RecordLookups.keys(of: prepared.canonical, keys.lookups))
        } catch {
            preconditionFailure("the log's own record is refused: \(error)")
        }
    }

    package func logCreated(_ keys: LogKeys) -> Submission {
        governance(
            .logCreated(
                origin: keys.identity.origin, chain: keys.schedule,
                granularityMS: keys.identity.granularityMS, vkey: keys.signer.verifierKey.vkey,
                treeHeadSPKI: keys.signer.spki, receiptSPKI: keys.receiptSigner.key.spki,
                policies: policies))
    }

    package func clockAccepted(_ now: ClockReading) -> Submission {
        governance(Self.clock(now, event: "accepted"))
    }

    package func clockResumed(_ now: ClockReading) -> Submission {
        governance(Self.clock(now, event: "resumed"))
    }

    /// Whether it is `log.frozen`, by the log itself.
    package func isFinal(_ record: [UInt8]) -> Bool {
        guard let value = try? JSONValue.parse(record, limits: .disclosed) else { return false }
        return value["tenant"]?.text == "_log" && value["type"]?.text == "log.frozen"
    }

    /// What a recovery could not bring back.
    package func logRecovered(_ lost: Range<UInt64>, _ head: TreeHead) -> Submission {
        governance(
            .logRecovered(
                lost: lost, size: head.size, root: head.root.base64))
    }

    private static func clock(_ now: ClockReading, event: String) -> GovernanceRecord {
        GovernanceRecord(
            type: "clock.skew",
            details: [
                "boot_ms": .integer(now.bootMS), "event": .string(event),
                "wall_ms": .integer(now.wallMS),
            ])
    }
}
