// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogClientHTTP
import LogServer

/// `evident tail`: records as they are published.
struct TailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tail",
        abstract: "Follow the records of a log as they come.",
        discussion: """
            EXAMPLES
              evident tail --token-file auditor-token
              evident tail --outcome denied --outcome failure --token-file token
              evident tail --from 0 --ndjson --token-file token >> copy.ndjson

            A connection that breaks is taken up again where it ended: no record is left out, and
            none comes twice. Interrupt it to end it.
            """)

    @OptionGroup var filters: FilterOptions

    @Option(help: "Begin with this index instead of the next record.")
    var from: UInt64?

    @Option(help: "End after this many records.")
    var limit: UInt64?

    @Flag(help: "One JSON object a line: index and record.")
    var ndjson = false

    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit != 0 else { throw ValidationError("--limit is at least 1") }
        _ = try filters.items(now: LogServerConfiguration().now())
    }

    func run() async throws {
        var items = try filters.items(now: LogServerConfiguration().now())
        if let from { items.append(("from_index", String(from))) }
        let path = "/v1/audit/stream" + QueryText.text(items)
        try await server.withEndpoint { (endpoint) async throws in
            var tail = RecordTail(
                limit: limit, listing: ndjson ? nil : RecordListing(.current(), typical: true))
            try await tail.follow(endpoint, path)
        }
    }
}
