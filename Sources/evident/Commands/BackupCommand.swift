// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogStorage

/// `evident backup`: a verified copy of a log, beside the running server or without one.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make a verified backup of a log; check one.",
        discussion: """
            EXAMPLES
              evident backup --data /var/lib/evident --to /mnt/backup/2026-06-01
              evident backup verify /mnt/backup/2026-06-01 --vkey KEY

            docs/backup.md says what is in one, and what to keep apart from it.
            """,
        subcommands: [BackupMakeCommand.self, BackupVerifyCommand.self],
        defaultSubcommand: BackupMakeCommand.self)
}

/// `evident backup make`, which is what `evident backup` means by itself.
struct BackupMakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make",
        abstract: "Make a verified backup of a log.",
        discussion: """
            EXAMPLES
              evident backup --data /var/lib/evident --to /mnt/backup/2026-06-01
              evident backup --data DIR --to /mnt/vault/keys-and-all --with-keys

            A server goes on meanwhile; nothing is erased until it is done. The backup ends with the
            newest signed head, is verified against it, and gets its name when it is finished. The
            log has a record of it, the backup too. Keys are left out unless you say so: keep a copy of DIR/keys
            where backups are not, for who has both can forge the log.
            """)

    @OptionGroup var folder: DataOptions

    @Option(help: "The folder to make; there is none of that name.")
    var to: String

    @Flag(help: "Copy the log's keys too. Whoever has them can sign in the log's name.")
    var withKeys = false

    @Flag(help: "Verify records and chain too, not only file, leaves and tree.")
    var deep = false

    @Flag(help: "Remove what an interrupted backup of that name left.")
    var discardUnfinished = false

    @Flag(help: "Print the backup's manifest as JSON.")
    var json = false

    func validate() throws {
        guard !to.isEmpty else { throw ValidationError("--to names the folder to make") }
    }

    func run() async throws {
        let request: JSONValue = [
            "deep": .bool(deep), "discard_unfinished": .bool(discardUnfinished),
            "folder": .string(path), "with_keys": .bool(withKeys),
        ]
        let body = request.canonical
        let manifest = try await AdminSession.with(folder) { session in
            try await Self.ask(session, body)
        }
        if json { return Terminal.print(String(decoding: manifest.canonical, as: UTF8.self)) }
        let size = manifest["size"]?.unsigned ?? 0
        Terminal.print("\(path): \(size.grouped) entries of \(manifest["origin"]?.text ?? "")")
        Terminal.say(
            withKeys
                ? "evident: the log's KEYS are in it: keep it as you keep them"
                : "evident: the log's keys are not in it, and are needed to restore it")
    }

    /// Without a final slash, from the root on, for a server has another working folder.
    private var path: String {
        URL(fileURLWithPath: to).standardizedFileURL.path
    }

    private static func ask(
        _ session: AdminSession, _ body: [UInt8]
    ) async throws -> JSONValue {
        let answer = BackupAnswer()
        defer { answer.finish() }
        try await session.lines(posting: body, to: "/v1/admin/backups") { line in
            if let error = line["error"] { throw failure(error) }
            answer.take(line)
        }
        guard let manifest = answer.manifest else {
            throw CommandFailure(
                .inputOutput, "the server ended before the backup was finished",
                advice: "Start it again, and the backup with --discard-unfinished.")
        }
        return manifest
    }

    private static func failure(_ error: JSONValue) -> CommandFailure {
        let message = error["detail"]?.text ?? error["code"]?.text ?? "for no reason given"
        let status: ExitStatus =
            switch error["reason"]?.text {
            case "exists", "unfinished": .usage
            case "unproven": .tampered
            default: .inputOutput
            }
        return CommandFailure(status, "there is no backup", advice: message)
    }
}

/// What has come of the answer: a bar for each step, and the manifest at the end.
private final class BackupAnswer {
    private(set) var manifest: JSONValue?
    private var step = ""
    private var bar: ProgressBar?

    func take(_ line: JSONValue) {
        if let found = line["backup"] { manifest = found }
        guard let progress = line["progress"], let name = progress["step"]?.text else { return }
        if name != step {
            bar?.finish()
            (step, bar) = (name, ProgressBar(name, total: 0))
        }
        bar?.move(to: progress["done"]?.unsigned ?? 0, of: progress["total"]?.unsigned ?? 0)
    }

    func finish() { bar?.finish() }
}
