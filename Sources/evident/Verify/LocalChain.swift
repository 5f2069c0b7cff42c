// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Foundation
import LogServer
import LogStorage
import SQLiteStorage
import Synchronization
import TransparencyLog

/// Verifies the log of a data folder.
struct LocalChain {
    private let settings: ServerConfiguration
    private let command: VerifyChainCommand

    init(_ settings: ServerConfiguration, _ command: VerifyChainCommand) {
        self.settings = settings
        self.command = command
    }

    func verify(kept: [UInt8]?) async throws -> VerificationReport {
        let keys = try loadKeys()
        let witnessed = try witnessed()
        // The anchor before the store: what is stored is then as new as it, or newer.
        let note = try StoreLogSource.anchoredNote(settings.anchor)
        let view: SQLiteView
        do {
            view = try SQLiteStore.openReadOnly(directory: LogFolder.store(settings.data))
        } catch {
            guard let finding = Self.finding(opening: error) else {
                throw CommandFailure(opening: error) ?? error
            }
            return VerificationReport(
                origin: keys.origin.text, findings: [finding],
                notChecked: ["any entry, for the store cannot be opened"])
        }
        defer { view.close() }
        let report = try await verify(view, keys, note, kept, witnessed)
        guard report.finding == nil || !view.isDisturbed else {
            throw CommandFailure(
                .inputOutput, "a server opened the log meanwhile, and the check beside it is void",
                advice: "Run it again.")
        }
        return report
    }

    private func verify(
        _ view: SQLiteView, _ keys: VerificationKeys, _ note: [UInt8]?, _ kept: [UInt8]?,
        _ witnessed: WitnessedNote?
    ) async throws -> VerificationReport {
        var options = ChainVerifier.Options()
        options.from = command.from
        options.end = command.to
        options.isDeep = !command.shallow
        options.workers = command.workers ?? ProcessInfo.processInfo.activeProcessorCount
        let file = command.resume.map { PositionFile(path: $0, keys: keys) }
        options.resume = try file?.read(isDeep: options.isDeep)
        let bar = ProgressBar("entries", total: 0)
        defer { bar.finish() }
        do {
            let report = try await ChainVerifier(
                source: StoreVerification(view: view, checksFile: options.isDeep), keys: keys,
                records: StoredRecords(), published: note, given: kept,
                witnessed: witnessed, options: options
            ).run { done, total in
                bar.move(to: done, of: total)
            } save: { position in
                file?.keep(position)
            }
            try file?.write()
            return report
        } catch let error as StoreError {
            throw CommandFailure(.inputOutput, error.message)
        }
    }

    /// The newest head that witnesses cosigned, and the policy that it is to meet.
    private func witnessed() throws -> WitnessedNote? {
        let policy = try (command.policy ?? settings.witness.policy).map(PolicyFile.read)
        let newest = try CheckpointArchive.newest(in: LogFolder.witnessed(settings.data))
        return WitnessedNote(
            newest.map { Array($0.note.utf8) }, policy: policy,
            isRequired: command.policy != nil)
    }

    private func loadKeys() throws -> VerificationKeys {
        do {
            return try VerificationKeys.load(
                from: LogFolder.keys(settings.data),
                given: VerifyChainCommand.parsed(command.vkeys))
        } catch let error as KeyError {
            throw CommandFailure(
                .unverifiable, error.message, advice: "Restore the folder keys from its backup.")
        }
    }

    /// A store whose tables were changed, or that is no database any more.
    private static func finding(opening error: StoreError) -> VerificationFinding? {
        switch error.code {
        case .mismatch:
            VerificationFinding(.derivedColumnMismatch, nil, "schema", error.message)
        case .corrupt: VerificationFinding(.unopenable, nil, "the database file", error.message)
        default: nil
        }
    }
}

/// The file in which a verification remembers how far it came.
private final class PositionFile: Sendable {
    private let path: String
    private let keys: VerificationKeys
    private let state = Mutex(State())

    private struct State {
        var newest: VerificationPosition?
        var written = ContinuousClock.now
    }

    /// How much work a crash may cost.
    private static let interval = Duration.seconds(5)

    init(path: String, keys: VerificationKeys) {
        self.path = path
        self.keys = keys
    }

    /// The position to go on from; nil without a file.
    func read(isDeep: Bool) throws -> VerificationPosition? {
        guard !keys.epochs.isEmpty, keys.epochs[0].key != nil else {
            throw CommandFailure(
                .unverifiable,
                "--resume needs the log's first chain key, which vouches for the file")
        }
        guard let bytes = try PrivateFile.read(path) else { return nil }
        guard let position = VerificationPosition(bytes, keys) else {
            throw CommandFailure(
                .unverifiable, "\(path) was not written by a verification with this log's key",
                advice: "Remove it, to verify from the beginning.")
        }
        guard position.isDeep || !isDeep else {
            throw CommandFailure.usage(
                "\(path) is of a verification that left payloads closed",
                advice: "Go on with --shallow, or name another file.")
        }
        return position
    }

    func keep(_ position: VerificationPosition) {
        let isDue = state.withLock { state in
            state.newest = position
            return ContinuousClock.now - state.written >= Self.interval
        }
        // What cannot be written now is tried again at the end, which reports it.
        if isDue { try? write() }
    }

    func write() throws {
        let newest = state.withLock { state in
            state.written = .now
            return state.newest
        }
        guard let bytes = newest?.encoded(keys) else { return }
        try PrivateFile.replace(path, with: bytes)
    }
}
