// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogCrypto
import LogServer
import LogStorage
import Merkle
import SQLiteStorage
import TransparencyLog

/// Verifies a store that was copied: that it is sound, and is the tree under the signed head.
struct BackupCheck {
    /// The folder that the store lies in.
    let store: String
    let head: TreeHead
    let checkpoint: String
    let keys: VerificationKeys
    /// Records and chain too, not only leaves, tree and file.
    let isDeep: Bool
    var niceness: Int32 = 0

    func run(
        _ progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void
    ) async throws -> VerificationReport {
        let view = try SQLiteStore.openReadOnly(directory: store)
        defer { view.close() }
        var options = ChainVerifier.Options()
        options.isDeep = isDeep
        options.niceness = niceness
        options.workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
        let report = try await ChainVerifier(
            source: StoreVerification(view: view, checksFile: true), keys: keys,
            records: StoredRecords(), published: Array(checkpoint.utf8), options: options
        ).run(progress: progress)
        guard report.finding == nil, report.treeSize != head.size || report.root != head.root.base64
        else { return report }
        return VerificationReport(
            origin: report.origin,
            findings: [
                VerificationFinding(
                    .rootMismatch, nil, "head",
                    "the store is not the tree of \(head.size) entries that the backup is of")
            ], notChecked: [])
    }
}

/// Goes through the files of a backup, and compares them with its manifest.
struct BackupFiles {
    let folder: String
    let manifest: BackupManifest

    var byteCount: UInt64 { manifest.files.reduce(0) { $0 + $1.bytes } }

    /// Hashes every file, or all but the database; throws what is not as the manifest has it.
    func check(
        withDatabase: Bool = true, _ progress: (UInt64) -> Void = { _ in }
    ) throws {
        try checkNames()
        var done: UInt64 = 0
        for file in manifest.files where withDatabase || file.path != BackupFolder.database {
            guard BackupFolder.exists("\(folder)/\(file.path)") else {
                throw Self.differs(folder, file, "it is missing")
            }
            let found = try HashedCopy.hash("\(folder)/\(file.path)") { part in
                done += UInt64(part)
                progress(done)
            }
            try Self.compare(found, with: file, in: folder)
        }
    }

    /// A file that the manifest does not name was put there by somebody.
    private func checkNames() throws {
        let known = Set(manifest.files.map(\.path))
        for name in try BackupFolder.names(in: folder) where name != BackupManifest.name {
            var found = Glibc.stat()
            guard lstat("\(folder)/\(name)", &found) == 0 else { continue }
            let isFolder = found.st_mode & S_IFMT == S_IFDIR
            let paths =
                isFolder
                ? try BackupFolder.names(in: "\(folder)/\(name)").map { "\(name)/\($0)" } : [name]
            for path in paths where !known.contains(path) {
                throw CommandFailure(
                    .tampered, "\(folder)/\(path) is not in the backup's manifest",
                    advice: "It was put there afterwards: find out by whom.")
            }
        }
    }

    static func compare(
        _ found: (bytes: UInt64, sha256: Digest), with file: BackupManifest.File, in folder: String
    ) throws {
        guard found.bytes == file.bytes else {
            throw differs(folder, file, "it has \(found.bytes) bytes, and had \(file.bytes)")
        }
        guard found.sha256 == file.sha256 else {
            throw differs(folder, file, "its SHA-256 is another one")
        }
    }

    private static func differs(
        _ folder: String, _ file: BackupManifest.File, _ how: String
    ) -> CommandFailure {
        CommandFailure(
            .tampered, "\(folder)/\(file.path) is not as it was backed up: \(how)",
            advice: "Take another backup, and keep this one to find out how.")
    }
}
