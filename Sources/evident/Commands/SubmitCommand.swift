// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

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
              evident submit acme.ndjson --token-file any-tenant --tenant acme
              tail -n +1 events.ndjson | evident submit - --state events.state --token-file token

            Exit status 2 means that some lines were refused; they are listed.
            """)

    @Argument(help: "The file, one JSON object a line; - for standard input.")
    var file: String

    @Option(help: "Whose records they all are; needed by a token for many where lines name none.")
    var tenant: String?

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
        try SubmitJob.check(batch: batch, tenant: tenant)
        guard file != "-" || state != nil else {
            throw ValidationError("standard input needs --state FILE, to go on after a failure")
        }
    }

    func run() async throws {
        var reader = try LineReader(file)
        let job = SubmitJob(
            verb: "submit", server: server, statePath: state ?? "\(file).evident-state",
            vkey: vkey, receipts: receipts, batch: batch, json: json, tenant: tenant)
        try await job.run(&reader)
    }
}
