// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import LogCrypto
import Logging
import LogServer
import LogStorage
import SQLiteStorage
import SignedNote
import TransparencyLog

/// The whole composition: configuration → keys, store, anchor → log.
///
/// Order of effects when a log is made, and what a crash after each leaves for the next start:
/// 1. keys, all or nothing: a log without a store. The next start makes the store.
/// 2. an empty store for the origin. The next start goes on.
/// 3. the empty head, signed, in both slots of the anchor. The next start goes on.
/// 4. `log.created` at index 0. The log is complete.
struct OpenLog {
    let log: Log
    let settings: SettingsInForce
    let keys: LogKeys
    /// Nil where no witness is asked.
    private let witnesses: WitnessHTTP?

    /// Ends the log, after all that it has accepted.
    func shutDown() async {
        await log.shutDown()
        await witnesses?.close()
    }

    /// A server of the log, and what has it read its settings again.
    func server(
        _ started: ServerConfiguration, _ source: ConfigurationSource, _ tokens: TokenStore,
        _ configuration: LogServerConfiguration, _ logger: Logger,
        reopen: @escaping @Sendable () async -> Void = {}
    ) -> (LogServer, Reloader) {
        let tokenKey = keys.redactionTokenKey
        let reloader = Reloader(
            log: log, tokens: tokens, settings: settings, logger: logger, reopen: reopen
        ) {
            try await ReadSettings.read(source, started: started, tokenKey: tokenKey)
        }
        let server = LogServer(
            log: log, tokens: tokens, settings: settings, reloader: reloader,
            configuration: configuration, logger: logger)
        return (server, reloader)
    }

    /// Opens the log of a folder whose lock this process holds; makes what is not there yet.
    ///
    /// - Parameter logLevel: the level that `logger` goes by, if it is to follow the settings.
    static func open(
        _ configuration: ServerConfiguration, acceptsClock: Bool = false, logger: Logger,
        logLevel: SharedLogLevel = SharedLogLevel(.info)
    ) async throws -> OpenLog {
        let kept = try LogKeys.load(from: LogFolder.keys(configuration.data))
        // A log that dies with its process would begin another history under kept keys each time.
        let keys =
            configuration.store == .null
            ? try LogKeys.ephemeral(
                origin: kept.identity.origin, granularityMS: kept.identity.granularityMS) : kept
        if let wanted = configuration.leafGranularityMS, wanted != keys.identity.granularityMS {
            throw CommandFailure.usage(
                "leaf.granularity is \(Quantities.text(milliseconds: wanted)), but this log was "
                    + "made with \(Quantities.text(milliseconds: keys.identity.granularityMS))",
                advice: "It is in the log's first record and never changes: take the key away.")
        }
        let settings = try settings(configuration, keys, logLevel)
        var options = LogConfiguration()
        options.queueRecords = configuration.queueLimit
        options.queueBytes = configuration.queueBytes
        options.acceptsClock = acceptsClock
        let witnesses = WitnessHTTP()
        do {
            let asked = try configuration.witness.settings(
                for: keys.signer.verifierKey,
                data: configuration.store == .null ? nil : configuration.data,
                transport: witnesses.transport)
            let log = try await Log.open(
                keys: keys, store: try store(configuration, keys),
                anchor: try anchor(configuration), ledger: try ledger(configuration),
                configuration: options, records: settings.governance, witnesses: asked,
                logger: logger)
            return OpenLog(log: log, settings: settings, keys: keys, witnesses: witnesses)
        } catch {
            await witnesses.close()
            throw error
        }
    }

    /// Opens a log to look at it: nothing is locked, made or written.
    static func openEvidence(
        _ configuration: ServerConfiguration, logger: Logger, logLevel: SharedLogLevel
    ) throws -> OpenLog {
        let keys = try LogKeys.load(from: LogFolder.keys(configuration.data))
        let settings = try settings(configuration, keys, logLevel)
        let hasher = keys.idempotency.lookups
        let view = try SQLiteStore.openReadOnly(
            directory: LogFolder.store(configuration.data),
            lookupKeys: { RecordLookups.keys(of: $0, hasher) })
        guard view.origin == keys.identity.origin.text else {
            throw CommandFailure(
                .rollbackSuspected, "the store and the keys are of different logs",
                advice: "Put together what belongs together.")
        }
        let log = try Log.openEvidence(
            keys: keys, store: ReadOnlyStore(reader: view.reader) { view.close() },
            anchored: try AnchorState.read(path: configuration.anchor), logger: logger)
        return OpenLog(log: log, settings: settings, keys: keys, witnesses: nil)
    }

    static func settings(
        _ configuration: ServerConfiguration, _ keys: LogKeys, _ logLevel: SharedLogLevel
    ) throws -> SettingsInForce {
        let limits = RecordLimits(
            record: JSONLimits(byteCount: configuration.recordBytes),
            itemCount: configuration.batchItems, batchByteCount: configuration.batchBytes,
            fieldByteCount: configuration.recordFieldBytes)
        return SettingsInForce(
            try LogSettings(configuration, tokenKey: keys.redactionTokenKey),
            preparer: RecordPreparer(
                origin: keys.identity.origin, limits: limits, options: configuration.recordOptions),
            keys: keys.idempotency, logLevel: logLevel, now: LogServerConfiguration().now)
    }

    /// The folder's store, made if it is not there.
    ///
    /// - Parameter onLookup: called for each record whose look-ups are made again, which takes long
    ///   where all of them are gone.
    static func store(
        _ configuration: ServerConfiguration, _ keys: LogKeys,
        onLookup: @escaping @Sendable () -> Void = {}
    ) throws -> any LogStore {
        if configuration.store == .null { return NullStore() }
        let folder = LogFolder.store(configuration.data)
        try PrivateFile.makeFolder(folder)
        let origin = keys.identity.origin.text
        do {
            return try openStore(folder, keys, onLookup)
        } catch  where error.code == .mismatch {
            // There is none yet, or a crash left one without tables; `create` touches no other.
            do {
                try SQLiteStore.create(directory: folder, origin: origin)
            } catch  where error.code == .mismatch {
                return try openStore(folder, keys, onLookup)
            }
            return try openStore(folder, keys, onLookup)
        }
    }

    private static func openStore(
        _ folder: String, _ keys: LogKeys, _ onLookup: @escaping @Sendable () -> Void
    ) throws(StoreError) -> SQLiteStore {
        let hasher = keys.idempotency.lookups
        return try SQLiteStore.open(
            directory: folder, origin: keys.identity.origin.text,
            lookupKeys: {
                onLookup()
                return RecordLookups.keys(of: $0, hasher)
            })
    }

    /// What was announced for erasure, beside the anchor.
    private static func ledger(_ configuration: ServerConfiguration) throws -> ErasureLedger {
        configuration.store == .null
            ? .volatile() : try ErasureLedger.open(path: ledgerPath(configuration))
    }

    static func ledgerPath(_ configuration: ServerConfiguration) -> String {
        configuration.anchor + ".erasures"
    }

    static func anchor(_ configuration: ServerConfiguration) throws -> Anchor {
        configuration.store == .null ? .volatile() : try Anchor.open(path: configuration.anchor)
    }
}

extension CommandFailure {
    /// What stopped a log from opening, with the exit status that it asks for; nil for an error
    /// that says nothing of its own.
    init?(opening error: any Error) {
        switch error {
        case let refusal as StartupRefusal:
            self.init(
                Self.status(of: refusal.code), "the log does not start: \(refusal.message)",
                advice: refusal.firstBadIndex.map { "The first index concerned is \($0)." } ?? "")
        case let error as StoreError:
            self.init(
                error.code == .corrupt ? .tampered : .inputOutput, error.message,
                advice: error.code == .locked ? "One log has one server: stop that one first." : "")
        case let error as KeyError:
            self.init(.inputOutput, error.message)
        case let error as AnchorError:
            self.init(.inputOutput, error.message)
        case let error as LogError:
            self.init(.inputOutput, error.message)
        case let error as FileError:
            self.init(.inputOutput, "\(error)")
        default: return nil
        }
    }

    private static func status(of code: StartupRefusal.Code) -> ExitStatus {
        switch code {
        case .rollbackSuspected, .forkSuspected, .anchorMissing, .foreign: .rollbackSuspected
        case .tampered: .tampered
        case .clockBehind, .clockAhead: .inputOutput
        }
    }
}
