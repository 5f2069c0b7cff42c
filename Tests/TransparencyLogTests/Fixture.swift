// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogCrypto
import LogStorage
import Logging
import Merkle
import SQLiteStorage
import SignedNote
import Synchronization

@testable import TransparencyLog

/// A log in a temporary folder, with a clock that the test sets.
struct Fixture {
    let folder: TemporaryFolder
    let keys: LogKeys
    let clock = ManualClock()

    init(folder: TemporaryFolder, keys: LogKeys) {
        self.folder = folder
        self.keys = keys
    }

    init() throws {
        folder = try TemporaryFolder()
        try LogKeys.create(
            in: folder.path + "/keys", origin: Origin("log.example.com/test"), granularityMS: 1_000)
        keys = try LogKeys.load(from: folder.path + "/keys")
    }

    var data: String { folder.path + "/data" }
    var anchorPath: String { folder.path + "/anchor" }

    func openStore() throws -> SQLiteStore {
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
        let origin = keys.identity.origin.text
        if !FileManager.default.fileExists(atPath: data + "/log.sqlite") {
            try SQLiteStore.create(directory: data, origin: origin)
        }
        let hasher = keys.idempotency.lookups
        return try SQLiteStore.open(
            directory: data, origin: origin,
            lookupKeys: { TestRecords.lookups(of: $0, hasher) })
    }

    var ledgerPath: String { anchorPath + ".erasures" }

    /// Opens the log as a start of the server would.
    func open(
        store: (any LogStore)? = nil, anchor: Anchor? = nil, ledger: ErasureLedger = .volatile(),
        configuration: LogConfiguration = LogConfiguration(),
        signing: (@Sendable (TreeHead) throws -> String)? = nil
    ) async throws -> Log {
        let store = try store ?? openStore()
        do {
            return try await Log.open(
                keys: keys, store: store, anchor: anchor ?? Anchor.open(path: anchorPath),
                ledger: ledger, configuration: configuration, records: TestRecords(keys: keys),
                clock: clock.read, signing: signing,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            store.close()
            throw error
        }
    }

    /// Opens the log to look at it.
    func openEvidence() throws -> Log {
        let view = try SQLiteStore.openReadOnly(directory: data, lookupKeys: { _ in [] })
        return try Log.openEvidence(
            keys: keys, store: ReadOnlyStore(reader: view.reader) { view.close() },
            anchored: AnchorState.read(path: anchorPath), clock: clock.read,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A submission of one small record; equal texts under equal keys are repeats.
    func submission(_ key: String, text: String = "x") -> Submission {
        TestRecords(keys: keys).submission(key: key, type: "x.test.event", text: text)
    }
}

/// Both clocks, moved by hand.
final class ManualClock: Sendable {
    private let now = Mutex(ClockReading(wallMS: 1_790_000_000_000, bootMS: 1_000))

    var read: @Sendable () -> ClockReading {
        { [self] in now.withLock { $0 } }
    }

    func advance(wallMS: Int64, bootMS: Int64) {
        now.withLock {
            $0 = ClockReading(
                wallMS: UInt64(Int64($0.wallMS) + wallMS),
                bootMS: UInt64(Int64($0.bootMS) + bootMS))
        }
    }
}

/// Records as plain as the log core allows: it never reads them.
struct TestRecords: GovernanceRecords {
    let keys: LogKeys

    func submission(key: String, type: String, text: String) -> Submission {
        submission(key: key, type: type, details: .string(text))
    }

    func submission(key: String, type: String, details: JSONValue) -> Submission {
        let form = (["details": details, "type": .string(type), "v": "1"] as JSONValue).canonical
        let seed = Digest.random()
        guard let record = try? CanonicalRecord(verifying: form) else {
            preconditionFailure("the details must be plain")
        }
        let credential = StoredCredential(tenant: "acme", name: "test")
        let hasher = keys.idempotency.lookups
        return Submission(
            commitment: Commitment.commit(record, seed: seed, origin: keys.identity.origin),
            key: keys.idempotency.storedKey(key, of: credential), credential: credential,
            content: StoredContent(
                record: form, seed: seed, formDigest: FormDigest.digest(seed: seed, form: form)),
            form: form,
            lookups: [hasher.key(.recordID, key)] + Self.lookups(of: form, hasher))
    }

    // MARK: What they say of erasures

    func announcement(
        _ key: String, _ removals: [Removal], firstContent: UInt64? = nil
    ) -> Submission {
        submission(
            key: key, type: "announced",
            details: [
                "first": firstContent.map { .integer($0) } ?? .null,
                "removals": .array(removals.map(\.json)),
            ])
    }

    /// A hold of one record.
    func hold(_ index: UInt64) -> Submission {
        submission(key: "hold \(index)", type: "hold", details: .integer(index))
    }

    func release(_ hold: UInt64) -> Submission {
        submission(key: "release \(hold)", type: "release", details: .integer(hold))
    }

    func erasureComplete(_ request: UInt64) -> Submission {
        submission(key: "\(UUID())", type: "complete", details: .integer(request))
    }

    func erasureDeferred(_ request: UInt64, by holds: [UInt64]) -> Submission {
        submission(key: "\(UUID())", type: "deferred", details: .integer(request))
    }

    func types(_ kind: ErasureStatement.Kind) -> [String] {
        switch kind {
        case .announcement: ["announced"]
        case .completion: ["complete"]
        case .deferral: ["deferred"]
        case .hold: ["hold", "release"]
        }
    }

    func statement(_ record: [UInt8], at index: UInt64) -> ErasureStatement? {
        guard let value = try? JSONValue.parse(record), let details = value["details"] else {
            return nil
        }
        switch value["type"]?.text {
        case "announced":
            return .announced(
                .init(
                    request: index,
                    removals: details["removals"]?.elements?.compactMap { Removal($0) } ?? [],
                    firstContent: details["first"]?.unsigned))
        case "complete": return details.unsigned.map { .completed($0) }
        case "deferred": return details.unsigned.map { .deferred($0) }
        case "release": return details.unsigned.map { .released($0) }
        case "hold":
            return details.unsigned.map { held in
                .held(StandingHold(index: index) { found, _ in found == held })
            }
        default: return nil
        }
    }

    /// What such records are looked up by; others have no keys but their own.
    static func lookups(of record: [UInt8], _ hasher: LookupHasher) -> [LookupKey] {
        guard let type = (try? JSONValue.parse(record))?["type"]?.text,
            ["announced", "complete", "deferred", "hold", "release"].contains(type)
        else { return [] }
        return [hasher.key(.type, type), hasher.key(.tenant, "_log")]
    }

    func logCreated(_ keys: LogKeys) -> Submission {
        submission(key: "created", type: "log.created", text: "first")
    }

    func clockAccepted(_ now: ClockReading) -> Submission {
        submission(key: "accepted \(now.wallMS)", type: "clock.accepted", text: "accepted")
    }

    func isFinal(_ record: [UInt8]) -> Bool {
        String(decoding: record, as: UTF8.self).contains("log.frozen")
    }

    func clockResumed(_ now: ClockReading) -> Submission {
        submission(key: "resumed \(now.wallMS)", type: "clock.resumed", text: "resumed")
    }
}
