// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogStorage

/// `evident restore`: a log put back from a backup, never behind what was published.
struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put a log back from a backup, without rolling it back.",
        discussion: """
            The backup is verified while it is copied. What was erased since is erased again. If the
            anchor, a witness or a mirror shows a newer head than the backup has, nothing is restored
            (exit status 5) unless a mirror brings the rest of the tree back; if nothing shows that
            there is none, your word is asked for and recorded.

            EXAMPLES
              evident restore /mnt/backup/2026-06-01 --data /var/lib/evident --keys /mnt/vault/keys
              evident restore BACKUP --data DIR --keys KEYS --mirror /srv/mirror --refill
              evident restore BACKUP --data DIR --keys KEYS --accept-as-newest
            """)

    @Argument(help: "The backup's folder.")
    var from: String

    @Option(help: "The data folder to make; there is none of that name.")
    var data: String

    @Option(help: "The copy of the log's folder `keys`. [those of the backup, made --with-keys]")
    var keys: String?

    @Option(help: "Where the anchor is, or is to be. [as the backup's settings say]")
    var anchor: String?

    @Option(help: "A mirror's folder or address, to compare with. Can be repeated.")
    var mirror: [String] = []

    @Flag(help: "Bring back from the mirror what the backup lacks of the tree; records are lost.")
    var refill = false

    @Option(help: "A copy of the erasure ledger, kept elsewhere, so that erased content goes.")
    var ledger: String?

    @Option(help: "A file that names the witnesses to ask. [as the backup's settings say]")
    var witnessPolicy: String?

    @Flag(help: "Go on although nothing proves that no newer head was published; it is recorded.")
    var acceptAsNewest = false

    @Flag(help: "Verify file, leaves, chain and tree alone, and leave the records closed.")
    var shallow = false

    @Flag(help: "Remove what an interrupted restore of that name left.")
    var discardUnfinished = false

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    func validate() throws {
        guard !refill || !mirror.isEmpty else {
            throw ValidationError("--refill needs a --mirror to fill from")
        }
        for path in [ledger].compactMap(\.self) where !BackupFolder.exists(path) {
            throw ValidationError("\(path): there is no such file")
        }
    }

    func run() async throws {
        ProcessHardening.apply()
        var options = RestoreRun.Options()
        options.keys = keys
        options.anchor = anchor.map(NewLog.absolute)
        options.mirrors = mirror
        options.ledger = ledger
        options.witnessPolicy = witnessPolicy.map(NewLog.absolute)
        options.acceptsAsNewest = acceptAsNewest
        options.refills = refill
        options.discardsUnfinished = discardUnfinished
        options.isShallow = shallow
        let target = URL(fileURLWithPath: data).standardizedFileURL.path
        let outcome = try await RestoreRun(from: from, target: target, options: options).run()
        if json { return try Terminal.print(json: outcome) }
        say(outcome)
    }

    private func say(_ outcome: RestoreRun.Outcome) {
        Terminal.print(
            "\(outcome.data): \(outcome.backupSize.grouped) entries of \(outcome.origin)")
        for line in outcome.looked { Terminal.say("evident: \(line)") }
        let proof =
            switch outcome.newest {
            case "anchor": "the anchor shows that no newer head was published"
            case "mirror":
                "\(outcome.lostCount.grouped) leaves came back from the mirror; their records are lost"
            default: "that no newer head was published rests on your word"
            }
        Terminal.say("evident: \(proof); record \(outcome.recordIndex) says so")
        if outcome.erasures > 0 {
            Terminal.say("evident: \(outcome.erasures) erasures were carried out again")
        }
        LostActs.say(holds: outcome.lostHolds, withheld: outcome.withheld)
        for path in outcome.missing {
            Terminal.say("evident: the settings name \(path), which is not here; see settings/")
        }
        Terminal.say(
            """
            evident: tokens are those of the backup: end what was withdrawn since (evident token list)
            Next: evident serve --data \(outcome.data)
            """)
    }
}
