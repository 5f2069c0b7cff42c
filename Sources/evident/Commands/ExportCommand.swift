// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditRecords
import Foundation
import LogClient
import LogClientHTTP
import LogServer

/// `evident export`: records as a file in a format of others, vouched for by the log.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export records as NDJSON, CSV, OCSF and other formats, with a manifest.",
        discussion: """
            EXAMPLES
              evident export --format ndjson --out all.ndjson --token-file auditor-token
              evident export --format ocsf --since 2026-06-01T00:00:00Z --out june.ocsf \\
                --until 2026-07-01T00:00:00Z --token-file auditor-token --vkey KEY
              evident export --format csv --tenant acme --out acme.csv --data ./evident-data

            An auditor's token is needed, or --data and the right to open that folder, whether a
            server runs on it or not. That records were exported is itself recorded. Beside FILE
            comes FILE.manifest, which says what the file is and which the log vouches for: `evident
            verify export FILE` checks both at any time, offline. What is broken off, by a kill too,
            goes on when the same command is given again.
            """)

    @Option(help: "ndjson, csv, ocsf, cloudevents, ecs or kerno.", transform: Self.format)
    var format: ExportFormat

    @Option(name: .shortAndLong, help: "The file to write, which must not be there yet.")
    var out: String

    @OptionGroup var filters: FilterOptions

    @Option(help: "Records from this index on.")
    var fromIndex: UInt64?

    @Option(help: "Records before this index.")
    var toIndex: UInt64?

    @Flag(help: "Of a log that was ended for good: take a file that nothing in it vouches for.")
    var unvouched = false

    @Flag(help: "Prove it under the newest head that witnesses cosigned.")
    var witnessed = false

    @Flag(help: "Print one line of JSON.")
    var json = false

    @OptionGroup var keys: KeyOptions
    @OptionGroup var server: ServerOptions
    @OptionGroup var folder: DataOptions

    private static func format(_ text: String) throws -> ExportFormat {
        guard let format = ExportFormat(rawValue: text) else {
            let names = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("\(text.quoted) is none of \(names)")
        }
        return format
    }

    func validate() throws {
        guard folder.data == nil || (server.url == nil && server.tokenFile == nil) else {
            throw ValidationError("--data asks no server: leave --url and --token-file out")
        }
        guard fromIndex ?? 0 <= toIndex ?? .max else {
            throw ValidationError("--to-index is not before --from-index")
        }
        _ = try filters.items(now: LogServerConfiguration().now())
    }

    func run() async throws {
        let pinned = try keys.pinnedIfGiven(ProcessInfo.processInfo.environment)
        let job = ExportJob(
            path: out, format: format, isUnvouched: unvouched, isWitnessed: witnessed,
            fromIndex: fromIndex, toIndex: toIndex, pinned: pinned, state: try state())
        let outcome: ExportOutcome
        if folder.data != nil {
            outcome = try await AdminSession.with(folder) { try await job.run($0.endpoint) }
        } else {
            // What breaks off is told at once: the same command goes on.
            outcome = try await server.withEndpoint(retry: .never, silence: 600) {
                try await job.run($0)
            }
        }
        if json { return try Terminal.print(json: outcome) }
        for line in outcome.lines { Terminal.print(line) }
    }

    /// What is asked for: as it was at the first call of this command, where this is a later one.
    private func state() throws -> ExportState {
        let now = LogServerConfiguration().now()
        let known = try ExportState.read(out)
        var state = ExportState(
            format: format.rawValue, asked: known?.asked ?? now,
            items: try filters.items(now: known?.asked ?? now), fromIndex: fromIndex,
            toIndex: toIndex)
        if let known {
            state.end = known.end
            guard state == known else {
                throw CommandFailure.usage(
                    "\(ExportState.path(of: out)) tells of another export than this one",
                    advice: "Repeat that command, or remove the file and \(out).partial.")
            }
        }
        return state
    }
}
