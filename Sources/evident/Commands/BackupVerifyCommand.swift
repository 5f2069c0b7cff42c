// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogStorage
import Merkle
import SignedNote
import TransparencyLog

/// `evident backup verify`: a backup by itself, years later.
struct BackupVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that a backup is whole, unaltered, and under the log's signature.",
        discussion: """
            EXAMPLES
              evident backup verify /mnt/backup/2026-06-01 --vkey KEY
              evident backup verify /mnt/backup/2026-06-01 --vkey KEY --deep --keys /mnt/vault/keys

            Every file is compared with the manifest, the database with its own checks, the leaves
            with the tree, and its root with the signed checkpoint. --deep opens the records too,
            and with --keys follows the chain. Nothing is written.
            """)

    @Argument(help: "The backup's folder.")
    var folder: String

    @Option(help: "The log's verifier key; without it the backup's own is taken. [EVIDENT_VKEY]")
    var vkey: [String] = []

    @Option(help: "A copy of the log's folder `keys`, to follow the chain. [those of the backup]")
    var keys: String?

    @Flag(help: "Open the records too.")
    var deep = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    func run() async throws {
        let (manifest, _) = try BackupManifest.read(folder)
        let given = try VerifyChainCommand.parsed(givenKeys)
        try checkFiles(manifest)
        let keys = try RestoreKeys.verifying(manifest, given: given, folder: keys, backup: folder)
        let report = try await checkStore(manifest, keys)
        if !json {
            Terminal.say(
                "evident: \(manifest.files.count) files are as they were on \(manifest.madeAt)"
                    + (manifest.record.map { "; record \($0) tells of it" } ?? ""))
            if given.isEmpty {
                Terminal.say(
                    "evident: the verifier key is the backup's own: give --vkey to know whose it is"
                )
            }
        }
        try ChainOutcome.local(report, coreSeconds: nil).show(json: json)
    }

    private func checkFiles(_ manifest: BackupManifest) throws {
        let files = BackupFiles(folder: folder, manifest: manifest)
        let bar = ProgressBar("bytes", total: files.byteCount)
        defer { bar.finish() }
        try files.check { bar.move(to: $0) }
    }

    private func checkStore(
        _ manifest: BackupManifest, _ keys: VerificationKeys
    ) async throws -> VerificationReport {
        let bar = ProgressBar("entries", total: manifest.head.size)
        defer { bar.finish() }
        do {
            return try await BackupCheck(
                store: "\(folder)/\(BackupFolder.store)", head: manifest.head,
                checkpoint: manifest.checkpoint, keys: keys, isDeep: deep
            ).run { bar.move(to: $0, of: $1) }
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    private var givenKeys: [String] {
        if !vkey.isEmpty { return vkey }
        let key = ProcessInfo.processInfo.environment["EVIDENT_VKEY"] ?? ""
        return key.isEmpty ? [] : [key]
    }
}
