// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation

/// `evident verify bundle`: evidence, offline.
struct VerifyBundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Verify evidence bundles and bundle sets offline.",
        discussion: """
            EXAMPLES
              evident verify bundle evidence.json --vkey KEY
              evident verify bundle june.set --vkey KEY --policy witnesses --erasure erasures.set

            Fields that are not shown are named: withheld, or erased where the log's erasure record
            lists them. That record is in the set, or is given with --erasure; without it, an
            erasure is a claim.
            """)

    @Argument(help: "Files, each a bundle or a set.")
    var files: [String]

    @Option(help: "A bundle or set of erasure records that the files refer to.")
    var erasure: [String] = []

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Print one line of JSON for each file.")
    var json = false

    func run() async throws {
        var check = BundleCheck(try keys.pinned(ProcessInfo.processInfo.environment))
        for file in erasure { try check.learn(file) }
        var worst = ExitStatus.ok
        for file in files {
            let bar = ProgressBar("leaves", total: 0)
            do throws(CommandFailure) {
                let finding = try check.verify(file) { bar.move(to: $0, of: $1) }
                bar.finish()
                try? show(BundleOutcome(file, finding))
            } catch {
                bar.finish()
                try? show(BundleOutcome(file, error))
                worst = VerifyReceiptCommand.worse(worst, error.status)
            }
        }
        try worst.end()
    }

    private func show(_ outcome: BundleOutcome) throws {
        if json { return try Terminal.print(json: outcome) }
        for line in outcome.lines { Terminal.print(line) }
    }
}
