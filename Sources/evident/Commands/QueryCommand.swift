// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditRecords
import LogClientHTTP
import LogServer

/// `evident query`: records by what they say.
struct QueryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Find records by type, actor, outcome, time and more.",
        discussion: """
            EXAMPLES
              evident query --outcome denied --since 7d --token-file auditor-token
              evident query --type 'tool.*' --actor agent-7 --newest --token-file token
              evident query --tenant acme --since 2026-06-01T00:00:00Z --all --csv > june.csv
              evident query --run-id 42 --all --ndjson | jq .record.details

            A reader's or an auditor's token is needed, and that records were read is itself
            recorded. What is printed is as the log was when the command began.
            """)

    @OptionGroup var filters: FilterOptions

    @Option(help: "Records from this index on.")
    var fromIndex: UInt64?

    @Option(help: "Records before this index.")
    var toIndex: UInt64?

    @Option(help: "How many records to print at most. [50]")
    var limit: Int?

    @Flag(help: "Print all records that match.")
    var all = false

    @Flag(help: "The newest records first.")
    var newest = false

    @Flag(help: "One JSON object.")
    var json = false

    @Flag(help: "One JSON object a line: index and record.")
    var ndjson = false

    @Flag(help: "A table for spreadsheets.")
    var csv = false

    @Flag(help: "With --json or --ndjson: each record's receipt.")
    var receipts = false

    @Flag(help: "With --json or --ndjson: each record's proof file.")
    var proofs = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard [json, ndjson, csv].filter(\.self).count <= 1 else {
            throw ValidationError("--json, --ndjson and --csv exclude one another")
        }
        guard limit == nil || !all else {
            throw ValidationError("--all prints all; leave --limit out")
        }
        guard (1...1_000_000_000).contains(limit ?? 1) else {
            throw ValidationError("--limit is at least 1")
        }
        guard !(receipts || proofs) || json || ndjson else {
            throw ValidationError("--receipts and --proofs need --json or --ndjson")
        }
        _ = try items()
    }

    private func items() throws -> [(name: String, value: String)] {
        var items = try filters.items(now: LogServerConfiguration().now())
        if let fromIndex { items.append(("from_index", String(fromIndex))) }
        if let toIndex { items.append(("to_index", String(toIndex))) }
        if newest { items.append(("order", "desc")) }
        if receipts { items.append(("include", "receipt")) }
        if proofs { items.append(("include", "proof")) }
        return items
    }

    private var output: any PageOutput {
        if json { return JSONOutput() }
        if ndjson { return LineOutput() }
        if csv { return CSVOutput() }
        return TableOutput(Screen.current())
    }

    func run() async throws {
        let items = try items()
        var output = output
        let wanted = all ? Int.max : limit ?? 50
        // The bar and a table on one terminal would write over one another.
        let bar = ProgressBar(
            "query", total: 1, isShown: Terminal.isWatched && Screen.current().width == nil)
        defer { bar.finish() }
        let printed = try await server.withEndpoint { (endpoint) async throws -> Int in
            var walk = QueryWalk(endpoint, items)
            var printed = 0
            repeat {
                let page = try await walk.next(wanted - printed)
                try output.print(page)
                printed += page.records.count
                if let last = page.records.last?.index {
                    bar.move(to: newest ? page.treeSize - last : last + 1, of: page.treeSize)
                }
            } while !walk.isFinished && printed < wanted
            try output.end(hasMore: !walk.isFinished)
            if !walk.isFinished {
                bar.finish()
                Terminal.say("evident: more records match; --all prints them")
            }
            return printed
        }
        if printed == 0, !json, !csv { Terminal.say("evident: no record matches") }
    }
}
