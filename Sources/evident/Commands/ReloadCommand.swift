// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `evident reload`: a running server reads tokens, redaction policy and log settings again.
struct ReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a running server read tokens, redaction policy and log settings again.",
        discussion: """
            EXAMPLES
              evident redact --policy redaction.yaml --check && evident reload
              evident reload --data /var/lib/evident --json

            Takes tokens.json, `redaction`, `access.records` and `log.level`: all of it, or nothing
            if any of it cannot be read, compiled or recorded. Other settings wait for a restart
            and are named. Requests that are under way keep what they began with. The log has a
            record of every reload, also of one that failed. SIGHUP does the same.
            """)

    @OptionGroup var folder: DataOptions

    @Flag(help: "Print what changed as one line of JSON.")
    var json = false

    func run() async throws {
        let report = try await TokenAccess.with(folder) { (access) async throws in
            try await access.reload()
        }
        guard let report else {
            return Terminal.say("evident: no server runs; the next one reads everything")
        }
        if json { return try Terminal.print(json: report) }
        let changed = report.changed.isEmpty ? "nothing" : report.changed.joined(separator: ", ")
        Terminal.say("evident: read again; changed: \(changed)")
        let policy = report.redaction.map { "\($0.id) version \($0.version), \($0.digest)" }
        Terminal.say("evident: redaction policy in force: \(policy ?? "none")")
        if !report.restartRequired.isEmpty {
            let names = report.restartRequired.joined(separator: ", ")
            Terminal.say("evident: changed too, and waiting for a restart: \(names)")
        }
    }
}
