// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogClientHTTP
import LogServer

/// `evident bundle`: evidence to hand on, of one record or of many.
struct BundleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle",
        abstract: "Fetch evidence of one record, or of many in one file, whole or in part.",
        discussion: """
            EXAMPLES
              evident bundle 17 --fields type,actor --output 17.json --token-file token
              evident bundle --actor agent-7 --since 2026-06-01T00:00:00Z \\
                --until 2026-07-01T00:00:00Z --output june.set --token-file token --vkey KEY
              evident bundle --from-index 0 --chain --output all.set --token-file auditor-token

            A reader's or an auditor's token is needed. Each file and its hash are recorded in the
            log. With --vkey the file is verified as it comes; `evident verify bundle` does it at
            any time, offline. A set that was broken off stays as FILE.partial and proves nothing:
            ask again.
            """)

    @Argument(help: "A record's id, or its index in the log; without it, all that match.")
    var record: String?

    @OptionGroup var filters: FilterOptions

    @Option(help: "Records from this index on.")
    var fromIndex: UInt64?

    @Option(help: "Records before this index.")
    var toIndex: UInt64?

    @Option(help: "Names of the fields to show, with commas; the others are named only. [all]")
    var fields: String?

    @Flag(help: "Add the log's own verdict on its chain; for auditors.")
    var chain = false

    @Flag(help: "Add what producers counted and the log does not hold.")
    var gaps = false

    @Flag(help: "Prove it under the newest head that witnesses cosigned; one record always is.")
    var witnessed = false

    @Option(name: .shortAndLong, help: "The file to write, which must not be there yet.")
    var output: String

    @Flag(help: "Print one line of JSON.")
    var json = false

    @OptionGroup var keys: KeyOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let path = try path()
        let check = try keys.pinnedIfGiven(ProcessInfo.processInfo.environment)
            .map { BundleCheck($0) }
        let file = try EvidenceFile(output)
        let bar = ProgressBar("leaves", total: 0)
        do {
            defer { bar.finish() }
            try await server.withEndpoint { (endpoint) async throws in
                try await endpoint.pieces(path) { piece in
                    try file.write(piece)
                    if let (done, total) = file.progress { bar.move(to: done, of: total) }
                }
            }
            try file.checkEnd(isSet: record == nil)
        } catch {
            if file.isEmpty {
                file.discard()
            } else {
                Terminal.say("\(file.partialPath) holds what came; it proves nothing.")
            }
            throw error
        }
        try finish(file, check)
    }

    /// Verifies what came, where keys are at hand, before it gets its name.
    private func finish(_ file: EvidenceFile, _ check: BundleCheck?) throws {
        guard let check else {
            try file.finish()
            if json { return try Terminal.print(json: Saved(file: output, bytes: file.count)) }
            Terminal.print(
                "\(output): \(file.count.grouped) bytes, not verified: `evident verify bundle "
                    + "\(output) --vkey KEY`")
            return
        }
        let finding = try check.verify(file.partialPath)
        try file.finish()
        let outcome = BundleOutcome(output, finding)
        if json { return try Terminal.print(json: outcome) }
        for line in outcome.lines { Terminal.print(line) }
    }

    private struct Saved: Encodable {
        let file: String
        let bytes: UInt64
        let verdict = "not_verified"
    }

    private func path() throws -> String {
        let now = LogServerConfiguration().now()
        var items = try filters.items(now: now)
        if let fromIndex { items.append(("from_index", String(fromIndex))) }
        if let toIndex { items.append(("to_index", String(toIndex))) }
        guard let record else {
            if let fields { items.append(("fields", fields)) }
            if chain { items.append(("report", "chain")) }
            if gaps { items.append(("report", "gaps")) }
            if witnessed { items.append(("head", "witnessed")) }
            return "/v1/audit/bundles" + QueryText.text(items)
        }
        guard items.isEmpty, !chain, !gaps else {
            throw ValidationError("name a record, or give filters and reports, not both")
        }
        guard GetCommand.isRecord(record) else {
            throw ValidationError(
                "\(record.quoted) is neither an id (36 characters) nor an index")
        }
        return "/v1/audit/\(record)/bundle" + QueryText.text(fields.map { [("fields", $0)] } ?? [])
    }
}
