// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords
import Foundation
import LogServer
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// Makes a backup of an open log.
///
/// Order of effects, and what a crash after each leaves:
/// 1. the log has a record of it, which the backup will hold: nothing is copied without one.
/// 2. a folder under another name is filled, and verified. It is no backup: `restore` refuses it,
///    and the next backup asks for leave to remove it.
/// 3. the manifest is written, the last of its files. The same.
/// 4. the folder gets its name. The backup is there.
struct BackupWriter: Sendable {
    let log: Log
    let settings: ServerConfiguration
    /// The configuration file that was named; nil for the folder's own.
    let settingsFile: String?
    let now: @Sendable () -> Timestamp

    init(_ opened: OpenLog, _ settings: ServerConfiguration, settingsFile: String?) {
        log = opened.log
        self.settings = settings
        self.settingsFile = settingsFile ?? ProcessInfo.processInfo.environment["EVIDENT_CONFIG"]
        now = LogServerConfiguration().now
    }

    /// Files are copied, hashed and removed on a thread of their own, which gives way to all others.
    private static let niceness: Int32 = 10

    func make(
        _ request: BackupRequest, record: @Sendable (GovernanceRecord) async throws -> UInt64?,
        progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> [UInt8] {
        let draft = BackupFolder.unfinished(request.folder)
        let pool = BlockingPool(threads: 1, niceness: Self.niceness)
        defer { pool.close() }
        do {
            try await pool.run { try prepare(request, draft) }
        } catch {
            throw Self.failure(error, in: request.folder)
        }
        do {
            let index = try await record(.logBackup(hasKeys: request.withKeys))
            let manifest = try await fill(draft, request, index, pool, progress)
            return try await pool.run {
                try PrivateFile.replace("\(draft)/\(BackupManifest.name)", with: manifest.json)
                try BackupFolder.name(draft, request.folder)
                return manifest.json.dropLast()
            }
        } catch {
            // Room is short where this is most likely to happen.
            try? await pool.run { try BackupFolder.discard(draft) }
            throw Self.failure(error, in: request.folder)
        }
    }

    private func prepare(_ request: BackupRequest, _ draft: String) throws {
        guard !BackupFolder.exists(request.folder) else {
            throw BackupFailure(
                .exists,
                "\(request.folder) is there already. A backup never replaces anything: name another"
                    + " folder.")
        }
        if BackupFolder.exists(draft) {
            guard request.discardsUnfinished else {
                throw BackupFailure(
                    .unfinished,
                    "\(draft) is what an interrupted backup left, or one that is being made. Say"
                        + " --discard-unfinished to remove it, or name another folder.")
            }
            try BackupFolder.discard(draft)
        }
        try BackupFolder.make(draft)
    }

    // MARK: Files

    private func fill(
        _ draft: String, _ request: BackupRequest, _ record: UInt64?, _ pool: BlockingPool,
        _ progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws -> BackupManifest {
        let identity = try PrivateFile.read("\(settings.data)/\(BackupFolder.identity)")
        try BackupFolder.make("\(draft)/\(BackupFolder.store)")
        let copy = try await log.copy(to: "\(draft)/\(BackupFolder.store)") { done, total in
            progress(BackupProgress("copy", done: done, total: total))
        }
        try await pool.run {
            try copyFiles(to: draft, withKeys: request.withKeys)
            try write(copy, to: draft)
            // A key that was rotated meanwhile is in one of the two alone.
            guard try PrivateFile.read("\(draft)/\(BackupFolder.identity)") == identity else {
                throw BackupFailure(.failed, "The log's keys changed meanwhile. Try again.")
            }
        }
        let report = try await BackupCheck(
            store: "\(draft)/\(BackupFolder.store)", head: copy.head, checkpoint: copy.note,
            keys: VerificationKeys(log.keys), isDeep: request.isDeep, niceness: Self.niceness
        ).run { done, total in progress(BackupProgress("verify", done: done, total: total)) }
        guard report.finding == nil else {
            throw BackupFailure(
                .unproven, "The copy is not sound, and was removed. \(report.summary)")
        }
        return try await pool.run {
            try manifest(of: draft, copy, withKeys: request.withKeys, record, progress)
        }
    }

    private func copyFiles(to draft: String, withKeys: Bool) throws {
        func copy(_ source: String, _ name: String, followingLinks: Bool = false) throws {
            guard BackupFolder.exists(source) else { return }
            _ = try HashedCopy.copy(
                source, to: "\(draft)/\(name)", followingLinks: followingLinks)
        }
        try copy(
            settingsFile ?? LogFolder.settings(settings.data), "evident.yaml", followingLinks: true)
        for name in BackupFolder.files { try copy("\(settings.data)/\(name)", name) }
        for folder in BackupFolder.folders + [BackupFolder.keys] {
            let names = try BackupFolder.names(in: "\(settings.data)/\(folder)")
            guard !names.isEmpty else { continue }
            try BackupFolder.make("\(draft)/\(folder)")
            for name in names
            where folder != BackupFolder.keys || withKeys
                || "\(folder)/\(name)" == BackupFolder.identity
            {
                try copy("\(settings.data)/\(folder)/\(name)", "\(folder)/\(name)")
            }
        }
        let named = [
            (BackupFolder.redaction, settings.redactionFile),
            (BackupFolder.witnessPolicy, settings.witness.policy),
        ].compactMap { name, path in path.map { (name, $0) } }
        guard !named.isEmpty else { return }
        try BackupFolder.make("\(draft)/\(BackupFolder.settings)")
        for (name, path) in named { try copy(path, name, followingLinks: true) }
    }

    /// What the copy's end says: the head, in an anchor of its own, and what is to stay erased.
    private func write(_ copy: LogCopy, to draft: String) throws {
        try Self.create("\(draft)/\(BackupFolder.checkpoint)", Array(copy.note.utf8))
        try Self.create("\(draft)/\(BackupFolder.ledger)", copy.ledger)
        let newest = try AnchorState.read(path: settings.anchor)
        let anchor = try Anchor.open(path: "\(draft)/\(BackupFolder.anchor)")
        try anchor.initialise(
            AnchorState(note: copy.note, treeHeadTimeMS: newest?.treeHeadTimeMS ?? 0))
        anchor.release()
    }

    private static func create(_ path: String, _ bytes: [UInt8]) throws(FileError) {
        var failure: FileError?
        bytes.withUnsafeBytes { bytes in
            do throws(FileError) {
                try PrivateFile.create(path, bytes)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func manifest(
        of draft: String, _ copy: LogCopy, withKeys: Bool, _ record: UInt64?,
        _ progress: (BackupProgress) -> Void
    ) throws -> BackupManifest {
        var paths: [String] = []
        for name in try BackupFolder.names(in: draft) {
            let inside = try? BackupFolder.names(in: "\(draft)/\(name)").map { "\(name)/\($0)" }
            paths += inside ?? [name]
        }
        let total = try paths.reduce(UInt64(0)) { sum, path in
            sum + (try Self.size(of: "\(draft)/\(path)"))
        }
        var (files, done) = ([BackupManifest.File](), UInt64(0))
        for path in paths.sorted(by: { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }) {
            guard BackupManifest.File.isPlain(path[...]) else {
                throw BackupFailure(
                    .failed, "\(settings.data)/\(path) has a name that a backup does not take.")
            }
            let (bytes, hash) = try HashedCopy.hash("\(draft)/\(path)") { part in
                done += UInt64(part)
                progress(BackupProgress("hash", done: done, total: total))
            }
            files.append(BackupManifest.File(path: path, bytes: bytes, sha256: hash))
        }
        for folder in Set(paths.compactMap { PrivateFile.parent(of: $0) }) {
            try PrivateFile.flushFolder("\(draft)/\(folder)")
        }
        return BackupManifest(
            origin: log.keys.identity.origin.text, vkey: log.keys.signer.verifierKey.vkey,
            madeAt: now().description, version: Evident.configuration.version, head: copy.head,
            checkpoint: copy.note, hasKeys: withKeys, record: record, files: files)
    }

    private static func size(of path: String) throws(FileError) -> UInt64 {
        var found = Glibc.stat()
        guard lstat(path, &found) == 0 else { throw .system("inspect it", path) }
        return UInt64(found.st_size)
    }

    // MARK: Failures

    private static func failure(_ error: any Error, in folder: String) -> any Error {
        switch error {
        case is BackupFailure, is LogError: error
        case let error as StoreError where error.code == .full:
            BackupFailure(
                .failed,
                "The volume of \(folder) has no room for the backup. What was copied is removed;"
                    + " name a folder on another volume.")
        case let error as StoreError:
            BackupFailure(error.code == .corrupt ? .unproven : .failed, error.message)
        case let error as FileError: BackupFailure(.failed, "\(error)")
        default: BackupFailure(.failed, "\(error)")
        }
    }
}
