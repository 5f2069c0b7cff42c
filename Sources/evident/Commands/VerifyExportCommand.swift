// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// `evident verify export`: an exported file and its manifest, offline.
struct VerifyExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Verify exported files and their manifests offline.",
        discussion: """
            EXAMPLES
              evident verify export june.ocsf --vkey KEY
              evident verify export june.ocsf --manifest elsewhere.manifest --vkey KEY --json

            The file must be the one that the manifest tells of, and the manifest the one that a
            record in the log's signed tree holds the hash of. What stands in a record is then the
            log's word, made permanent; `evident bundle` proves records against their commitments.
            """)

    @Argument(help: "Files, each with FILE.manifest beside it.")
    var files: [String]

    @Option(help: "The manifest, of one file. [FILE.manifest]")
    var manifest: String?

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Print one line of JSON for each file.")
    var json = false

    func validate() throws {
        guard manifest == nil || files.count == 1 else {
            throw ValidationError("--manifest is of one file")
        }
    }

    func run() async throws {
        let pinned = try keys.pinned(ProcessInfo.processInfo.environment)
        var worst = ExitStatus.ok
        for file in files {
            let bar = ProgressBar("bytes", total: 0)
            var outcome: ExportOutcome
            do throws(CommandFailure) {
                outcome = ExportOutcome(
                    file,
                    try ExportCheck(pinned).verify(
                        file, manifest: manifest ?? "\(file).manifest"
                    ) { bar.move(to: $0, of: $1) })
                if outcome.vouchedBy == nil {
                    worst = VerifyReceiptCommand.worse(worst, .unverifiable)
                }
            } catch {
                outcome = ExportOutcome(file, error)
                worst = VerifyReceiptCommand.worse(worst, error.status)
            }
            bar.finish()
            try show(outcome)
        }
        try worst.end()
    }

    private func show(_ outcome: ExportOutcome) throws {
        if json { return try Terminal.print(json: outcome) }
        for line in outcome.lines { Terminal.print(line) }
    }
}
