// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogClient
import LogClientHTTP
import LogCrypto
import LogStorage

/// `evident submit`: the lines of a file, each a record, into a log.
struct SubmitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submit the records of an NDJSON file, each exactly once.",
        discussion: """
            Every receipt is verified before its record counts. What has been done is kept in
            FILE.evident-state: after a failure, run the command again, with any --batch, and it
            goes on without a duplicate. Lines that were refused are tried again; equal lines are
            different events, and so is a line that was changed before its answer came.

            EXAMPLES
              evident submit events.ndjson --token-file token
              evident submit events.ndjson --token-file token --receipts receipts --batch 1
              tail -n +1 events.ndjson | evident submit - --state events.state --token-file token

            Exit status 2 means that some lines were refused; they are listed.
            """)

    @Argument(help: "The file, one JSON object a line; - for standard input.")
    var file: String

    @OptionGroup var server: ServerOptions

    @Option(help: "A folder for the receipts: DIR/<line>.json.")
    var receipts: String?

    @Option(help: "Lines in one request; 1 sends each by itself.")
    var batch = 100

    @Option(help: "Where to keep what has been done. [FILE.evident-state]")
    var state: String?

    @Option(help: "The log's verifier key; without it, the key of the first answer is pinned.")
    var vkey: String?

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        guard (1...1_000).contains(batch) else {
            throw ValidationError("--batch is a number from 1 to 1000")
        }
        guard file != "-" || state != nil else {
            throw ValidationError("standard input needs --state FILE, to go on after a failure")
        }
    }

    func run() async throws {
        let statePath = state ?? "\(file).evident-state"
        var reader = try LineReader(file)
        let folder = try receipts.map { (path) throws in try ReceiptFolder(path) }
        guard try server.token() != nil else {
            throw CommandFailure.usage(
                "a producer's token is needed: --token-file FILE or EVIDENT_TOKEN",
                advice: "`evident token create --data DIR --role producer` prints one.")
        }
        let bar = ProgressBar("submit", total: reader.size)
        let endpointOptions = server
        var summary = SubmitRun.Summary()
        try await endpointOptions.withEndpoint { endpoint in
            let ledger = try await ledger(statePath, endpoint)
            var run = SubmitRun(
                ledger: ledger, submitter: RecordSubmitter(endpoint: endpoint), receipts: folder,
                check: try ReceiptCheck(vkeys: [ledger.vkey]), statePath: statePath, batch: batch,
                bar: bar)
            do {
                try await run.run(&reader)
            } catch {
                bar.finish()
                try report(run.summary, isWhole: false)
                throw error
            }
            summary = run.summary
        }
        bar.finish()
        try report(summary, isWhole: true)
        let isWhole = summary.refused.isEmpty
        try (isWhole ? ExitStatus.ok : .unverifiable).end()
    }

    /// The ledger of an earlier run, or a new one that pins the log's key.
    private func ledger(_ path: String, _ endpoint: LogEndpoint) async throws -> SubmitLedger {
        if let bytes = try PrivateFile.readPrivate(path, limit: 1 << 26) {
            guard let ledger = SubmitLedger(json: bytes) else {
                throw CommandFailure.usage(
                    "\(path) is not a state file of evident submit, or was changed")
            }
            guard vkey == nil || vkey == ledger.vkey else {
                throw CommandFailure.usage(
                    "\(path) belongs to another log than --vkey says: \(ledger.vkey)")
            }
            return ledger
        }
        let pinned: String
        if let vkey {
            pinned = vkey
        } else {
            pinned = try await endpoint.verifierKey()
            Terminal.say("evident: pinned the key that \(endpoint.name) shows: \(pinned)")
        }
        return SubmitLedger(salt: .random(), vkey: pinned)
    }

    private func report(_ summary: SubmitRun.Summary, isWhole: Bool) throws {
        if json { return try Terminal.print(json: summary) }
        for refusal in summary.refused {
            Terminal.say("line \(refusal.line): \(refusal.code)  \(refusal.detail)")
        }
        let refused = UInt64(summary.refused.count) + summary.refusedMore
        var parts = [
            "\(summary.accepted.grouped) accepted", "\(summary.replayed.grouped) replayed",
        ]
        parts.append("\(refused.grouped) refused")
        if summary.skipped > 0 { parts.append("\(summary.skipped.grouped) done before") }
        Terminal.print(parts.joined(separator: ", ") + (isWhole ? "" : "; not finished"))
    }
}
