// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Foundation
import LogClient
import LogCrypto
import LogStorage
import Merkle
import TransparencyLog

/// Puts a log back from a backup, or refuses: a log never goes on from an older state than one that
/// anybody has seen.
///
/// Order of effects, and what a crash after each leaves:
/// 1. nothing is written before it is settled that nothing newer is known, or that a mirror has it.
/// 2. a folder under another name is filled, verified, completed from the mirror, and loses again
///    what was erased. It is no log: `serve` finds none, and the next restore asks for leave to
///    remove it. Nothing in it was signed. An anchor elsewhere may have been made, or have moved to
///    the mirror's head; a restore that runs again finds it so.
/// 3. the folder gets its name. The log is there; its first start signs, as after any crash.
struct RestoreRun {
    struct Options {
        var keys: String?
        var anchor: String?
        var mirrors: [String] = []
        var ledger: String?
        var witnessPolicy: String?
        var acceptsAsNewest = false
        var refills = false
        var discardsUnfinished = false
        var isShallow = false
    }

    struct Outcome: Encodable {
        let origin: String
        let data: String
        /// The entries of the backup, and those of the log now.
        let backupSize: UInt64
        let size: UInt64
        /// `anchor`, `accepted` or `mirror`: how it is known that nothing is newer.
        let newest: String
        /// The index of the log's record of the restore.
        let recordIndex: UInt64
        let lostCount: UInt64
        /// Erasures that were carried out again.
        let erasures: Int
        /// Erasures that had been announced, and are to be asked for again: what a hold keeps that came
        /// after them is lost.
        let withheld: Int
        /// Holds whose records are lost: nothing is erased until they are released.
        let lostHolds: [UInt64]
        let looked: [String]
        /// Files that settings name, and that are not where they say.
        let missing: [String]
    }

    let from: String
    let target: String
    let options: Options

    private var draft: String { "\(target).restoring" }

    func run() async throws -> Outcome {
        let (manifest, sha256) = try BackupManifest.read(from)
        // What is read from here on must be right; the database is compared while it is copied.
        try BackupFiles(folder: from, manifest: manifest).check(withDatabase: false)
        let (keys, keysFolder) = try RestoreKeys.whole(manifest, folder: options.keys, backup: from)
        try checkTarget()
        let settings = try await settings(in: from, data: target, anchor: options.anchor)
        let claims = try await gather(settings, keys)
        let proof = try proof(claims, manifest.head)
        try BackupFolder.make(draft)
        let lock = try FolderLock.need(draft)
        defer { lock.release() }
        do {
            try copyFiles(manifest, keysFolder)
            try setAnchor()
            let inside = settings.anchor == "\(target)/\(BackupFolder.anchor)"
            let outcome = try await complete(
                manifest, sha256, claims, proof,
                anchor: inside ? "\(draft)/\(BackupFolder.anchor)" : settings.anchor, keys)
            try BackupFolder.name(draft, target)
            return outcome
        } catch {
            try? BackupFolder.discard(draft, others: Self.others)
            throw CommandFailure(opening: error) ?? error
        }
    }

    /// What was added to the store: how many entries it has, and where the record of it is.
    private struct Written {
        let size: UInt64
        let index: UInt64
        var lostCount: UInt64 = 0
        var withheldCount = 0
    }

    /// Names in a draft that a backup does not have.
    private static let others: Set<String> = ["LOCK", "backup-anchor"]

    private func checkTarget() throws {
        guard !BackupFolder.exists(target) else {
            throw CommandFailure.usage(
                "\(target) is there already",
                advice: "Nothing is ever replaced: name a new folder.")
        }
        guard BackupFolder.exists(draft) else { return }
        guard options.discardsUnfinished else {
            throw CommandFailure.usage(
                "\(draft) is what an interrupted restore left, or one that is running",
                advice: "Say --discard-unfinished to remove it.")
        }
        if let lock = try FolderLock.take(draft) {
            defer { lock.release() }
            try BackupFolder.discard(draft, others: Self.others)
        } else {
            throw CommandFailure(.inputOutput, "another restore is filling \(draft)")
        }
    }

    // MARK: What is known

    /// The settings of the log as they are in `folder`; files that they name and that are not where
    /// they say are taken from the backup.
    private func settings(
        in folder: String, data: String, anchor: String?
    ) async throws -> ServerConfiguration {
        let file = BackupFolder.exists("\(folder)/evident.yaml") ? "\(folder)/evident.yaml" : nil
        var flags: [ConfigurationKey: String] = [.data: data]
        flags[.anchor] = anchor
        flags[.witnessPolicy] = options.witnessPolicy
        let found = try await ServerConfiguration.load(flags: flags, file: file)
        let replaced = flags.merging(substitutes(for: found)) { $1 }
        return try await ServerConfiguration.load(flags: replaced, file: file)
    }

    private func substitutes(for found: ServerConfiguration) -> [ConfigurationKey: String] {
        var flags: [ConfigurationKey: String] = [:]
        let kept = [
            (ConfigurationKey.redaction, found.redactionFile, BackupFolder.redaction),
            (.witnessPolicy, found.witness.policy, BackupFolder.witnessPolicy),
        ]
        for (key, path, copy) in kept {
            guard let path, !BackupFolder.exists(path), BackupFolder.exists("\(from)/\(copy)")
            else { continue }
            flags[key] = "\(from)/\(copy)"
        }
        return flags
    }

    private func gather(
        _ settings: ServerConfiguration, _ keys: LogKeys
    ) async throws -> RestoreClaims {
        var claims = RestoreClaims()
        try claims.ask(anchor: settings.anchor, keys)
        claims.add(try await WitnessAnswers.of(settings.witness, keys))
        for mirror in options.mirrors {
            let note = try await MirrorSource.with(mirror) { try await $0.checkpoint() }
            try claims.add(mirror: mirror, note, keys)
        }
        try claims.read(
            ledgers: ["\(from)/\(BackupFolder.ledger)", OpenLog.ledgerPath(settings)]
                + [options.ledger].compactMap(\.self))
        return claims
    }

    /// How it is known that the log may go on, as its record says it; throws where it is not.
    private func proof(_ claims: RestoreClaims, _ head: TreeHead) throws -> String {
        let looked = claims.looked.joined(separator: "; ")
        switch try claims.verdict(on: head) {
        case .proven: return "anchor"
        case .unknown:
            guard options.acceptsAsNewest else {
                throw CommandFailure(
                    .unverifiable,
                    "nothing here proves that the backup's head of \(head.size.grouped) entries is "
                        + "the newest that was ever published: \(looked)",
                    advice: "If there was a newer one, going on gives its indexes a second time,"
                        + " and every receipt from then proves it. Ask monitors and producers, or"
                        + " compare with a mirror (--mirror). If you are sure:"
                        + " --accept-as-newest, which the log records.")
            }
            return "accepted"
        case .behind(let size, let keeper):
            let reaches = claims.mirrors.contains { $0.head.size >= size }
            guard options.refills, reaches else {
                throw CommandFailure(
                    .rollbackSuspected,
                    "the log had \(size.grouped) entries, as \(keeper) shows, and the backup ends"
                        + " at \(head.size.grouped): it would be rolled back",
                    advice: reaches
                        ? "The mirror has the rest of the tree: --refill brings it back. The records"
                            + " since the backup are lost, which the log records."
                        : "Take a newer backup; or a mirror that has that head: --mirror FOLDER|URL"
                            + " --refill. Without either, this log cannot go on under its name:"
                            + " docs/recovery.md, “When nothing helps”.")
            }
            return "mirror"
        }
    }

    // MARK: Files

    private func copyFiles(_ manifest: BackupManifest, _ keysFolder: String) throws {
        let files = BackupFiles(folder: from, manifest: manifest)
        let bar = ProgressBar("bytes", total: files.byteCount)
        defer { bar.finish() }
        var done: UInt64 = 0
        for file in manifest.files where !file.path.hasPrefix("\(BackupFolder.keys)/") {
            let name = file.path == BackupFolder.anchor ? "backup-anchor" : file.path
            try makeParent(of: name)
            let found = try HashedCopy.copy("\(from)/\(file.path)", to: "\(draft)/\(name)") {
                part in
                done += UInt64(part)
                bar.move(to: done)
            }
            try BackupFiles.compare(found, with: file, in: from)
        }
        try copyKeys(manifest, keysFolder)
    }

    private func makeParent(of name: String) throws {
        guard let slash = name.firstIndex(of: "/") else { return }
        let folder = "\(draft)/\(name[..<slash])"
        if !BackupFolder.exists(folder) { try BackupFolder.make(folder) }
    }

    /// Keys from the backup are compared with its manifest; others were loaded, and are the log's.
    private func copyKeys(_ manifest: BackupManifest, _ folder: String) throws {
        let known = Dictionary(
            uniqueKeysWithValues: manifest.files.map { ($0.path, $0) })
        try BackupFolder.make("\(draft)/\(BackupFolder.keys)")
        for name in try BackupFolder.names(in: folder) {
            let path = "\(BackupFolder.keys)/\(name)"
            let found = try HashedCopy.copy("\(folder)/\(name)", to: "\(draft)/\(path)")
            if options.keys == nil, let file = known[path] {
                try BackupFiles.compare(found, with: file, in: from)
            }
        }
        try PrivateFile.flushFolder("\(draft)/\(BackupFolder.keys)")
    }

    /// Has the settings name the anchor that was asked for, so that the next start finds it.
    private func setAnchor() throws {
        guard let anchor = options.anchor else { return }
        let path = LogFolder.settings(draft)
        let text = String(decoding: try PrivateFile.read(path) ?? [], as: UTF8.self)
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if let line = try ConfigurationFile(parsing: text, path: path)
            .keys[ConfigurationKey.anchor.rawValue]
        {
            lines[line - 1] = "anchor: \(anchor)"
        } else {
            lines += ["anchor: \(anchor)", ""]
        }
        try PrivateFile.replace(path, with: Array(lines.joined(separator: "\n").utf8))
    }

    // MARK: The log

    private func complete(
        _ manifest: BackupManifest, _ sha256: Digest, _ claims: RestoreClaims, _ proof: String,
        anchor: String, _ keys: LogKeys
    ) async throws -> Outcome {
        try await verify(manifest, keys)
        try makeAnchor(anchor, manifest, keys)
        let settings = try await settings(in: draft, data: draft, anchor: anchor)
        try ErasureLedger.replace(path: OpenLog.ledgerPath(settings), with: claims.ledger)
        let recovery = try open(settings, size: manifest.head.size)
        defer { recovery.close() }
        for claim in claims.claims where 1..<manifest.head.size ~= claim.head.size {
            guard try recovery.storedTree(extends: claim.head) else {
                throw RestoreClaims.fork(claim)
            }
        }
        let record = GovernanceRecord.logRestored(
            manifest: sha256.hex, size: manifest.head.size, root: manifest.head.root.base64,
            proof: proof)
        let done =
            proof == "mirror"
            ? try await refill(recovery, claims, record)
            : Written(size: try recovery.append(record).size, index: manifest.head.size)
        let erasures = try recovery.reapply()
        unlink("\(draft)/backup-anchor")
        unlink("\(draft)/\(BackupFolder.checkpoint)")
        return Outcome(
            origin: manifest.origin, data: target, backupSize: manifest.head.size, size: done.size,
            newest: proof, recordIndex: done.index, lostCount: done.lostCount, erasures: erasures,
            withheld: done.withheldCount, lostHolds: try recovery.lostHolds(),
            looked: claims.looked, missing: try await missing())
    }

    /// Opens the copy for writing, which makes its look-ups again.
    private func open(_ settings: ServerConfiguration, size: UInt64) throws -> RecoverRun {
        let bar = ProgressBar("look-ups", total: size)
        defer { bar.finish() }
        return try RecoverRun(
            settings, acceptsNewAnchor: false, isDryRun: false, onLookup: bar.advance)
    }

    private func verify(_ manifest: BackupManifest, _ keys: LogKeys) async throws {
        let bar = ProgressBar("entries", total: manifest.head.size)
        defer { bar.finish() }
        let report = try await BackupCheck(
            store: "\(draft)/\(BackupFolder.store)", head: manifest.head,
            checkpoint: manifest.checkpoint, keys: VerificationKeys(keys),
            isDeep: !options.isShallow
        ).run { bar.move(to: $0, of: $1) }
        guard report.finding == nil else {
            throw CommandFailure(
                .tampered, "the backup is not sound: \(report.summary)",
                advice: "Nothing was restored. Take another backup.")
        }
    }

    /// An anchor with the backup's head, unless one is there: that one only moves forward.
    private func makeAnchor(_ path: String, _ manifest: BackupManifest, _ keys: LogKeys) throws {
        let anchor = try Anchor.open(path: path)
        defer { anchor.release() }
        guard anchor.state == nil else { return }
        let kept = try AnchorState.read(path: "\(draft)/backup-anchor")
        guard !anchor.isDamaged, let kept, kept.note.utf8.elementsEqual(manifest.checkpoint.utf8)
        else {
            throw CommandFailure(
                .tampered,
                "the backup's anchor is not that of its checkpoint, or \(path) is damaged")
        }
        try anchor.initialise(kept)
    }

    private func refill(
        _ recovery: RecoverRun, _ claims: RestoreClaims, _ record: GovernanceRecord
    ) async throws -> Written {
        guard let mirror = claims.mirrors.max(by: { $0.head.size < $1.head.size }) else {
            throw CommandFailure.usage("--refill goes with --mirror")
        }
        let bar = ProgressBar("leaves", total: 0)
        defer { bar.finish() }
        let found = try await MirrorSource.with(mirror.location) { source in
            let found = try await recovery.read(source) { bar.move(to: $0, of: $1) }
            for claim in claims.claims
            where recovery.gap.stored.size..<found.head.size ~= claim.head.size {
                let split = try await LogFollower(source, from: claim.head, to: found.head).split()
                guard split?.prefix ?? .empty == claim.head else {
                    throw RestoreClaims.fork(claim)
                }
            }
            return found
        }
        // The mirror may show less now than when it was asked.
        if case .behind(let size, let keeper) = try claims.verdict(on: found.head) {
            throw CommandFailure(
                .rollbackSuspected,
                "the log had \(size.grouped) entries, as \(keeper) shows, and the mirror has "
                    + found.head.size.grouped, advice: "Find a newer mirror.")
        }
        let (done, withheld) = try recovery.write(found, further: [record])
        return Written(
            size: done.head.size, index: done.recordIndex + 1, lostCount: UInt64(done.lost.count),
            withheldCount: withheld)
    }

    private func missing() async throws -> [String] {
        let file = LogFolder.settings(draft)
        let settings = try await ServerConfiguration.load(
            flags: [.data: draft], file: BackupFolder.exists(file) ? file : nil)
        return [settings.redactionFile, settings.witness.policy].compactMap(\.self)
            .filter { !BackupFolder.exists($0) }
    }
}
