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
        return try SQLiteStore.open(directory: data, origin: origin, lookupKeys: { _ in [] })
    }

    /// Opens the log as a start of the server would.
    func open(
        store: (any LogStore)? = nil, anchor: Anchor? = nil,
        configuration: LogConfiguration = LogConfiguration(),
        signing: (@Sendable (TreeHead) throws -> String)? = nil
    ) async throws -> Log {
        let store = try store ?? openStore()
        do {
            return try await Log.open(
                keys: keys, store: store, anchor: anchor ?? Anchor.open(path: anchorPath),
                configuration: configuration, records: TestRecords(keys: keys),
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
        let form = Array("{\"details\":\"\(text)\",\"type\":\"\(type)\",\"v\":\"1\"}".utf8)
        let seed = Digest.random()
        guard let record = try? CanonicalRecord(verifying: form) else {
            preconditionFailure("the text must be plain")
        }
        let credential = StoredCredential(tenant: "acme", name: "test")
        return Submission(
            commitment: Commitment.commit(record, seed: seed, origin: keys.identity.origin),
            key: keys.idempotency.storedKey(key, of: credential), credential: credential,
            content: StoredContent(
                record: form, seed: seed, formDigest: FormDigest.digest(seed: seed, form: form)),
            form: form, lookups: [keys.idempotency.lookups.key(.recordID, key)])
    }

    func logCreated(_ keys: LogKeys) -> Submission {
        submission(key: "created", type: "log.created", text: "first")
    }

    func erasureComplete(_ request: UInt64) -> Submission {
        submission(key: "erased \(request)", type: "erasure.complete", text: "done")
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
