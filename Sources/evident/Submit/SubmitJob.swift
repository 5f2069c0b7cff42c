// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditRecords
import LogClient
import LogClientHTTP
import LogCrypto
import LogStorage

/// What `evident submit` and `evident import` have in common: a file's events into a log, with what
/// has been done kept beside the file, and a summary at the end.
struct SubmitJob {
    /// The command's name, for the bar.
    let verb: String
    let server: ServerOptions
    let statePath: String
    /// The log's verifier key; nil pins the one that the log shows.
    let vkey: String?
    /// The folder for receipts.
    let receipts: String?
    let batch: Int
    let json: Bool
    /// Whose records they all are, where they do not say it.
    var tenant: String?
    var adapt: LineAdapter?
    /// The file for refused lines.
    var rejects: String?

    /// Refuses options of the command that are out of their range.
    static func check(batch: Int, tenant: String?) throws(ValidationError) {
        guard (1...1_000).contains(batch) else {
            throw ValidationError("--batch is a number from 1 to 1000")
        }
        guard tenant.map({ TenantGrant.isValid(tenant: $0) }) ?? true else {
            throw ValidationError("--tenant has 1 to 64 characters of a-z 0-9 . _ -")
        }
    }

    /// Runs to the end, and ends the command with its status.
    func run(_ reader: inout some EventReader & ~Copyable) async throws {
        let folder = try receipts.map { (path) throws in try ReceiptFolder(path) }
        guard try server.token() != nil else {
            throw CommandFailure.usage(
                "a producer's token is needed: --token-file FILE or EVIDENT_TOKEN",
                advice: "`evident token create --data DIR --role producer` prints one.")
        }
        let rejected = try rejects.map { (path) throws in try RejectFile(path) }
        let bar = ProgressBar(verb, total: reader.size)
        var summary = SubmitRun.Summary()
        try await server.withEndpoint { endpoint in
            let ledger = try await ledger(endpoint)
            var run = SubmitRun(
                ledger: ledger, submitter: RecordSubmitter(endpoint: endpoint, tenant: tenant),
                receipts: folder, check: try ReceiptCheck(vkeys: [ledger.vkey]),
                statePath: statePath, batch: batch, bar: bar, adapt: adapt, rejects: rejected)
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
    private func ledger(_ endpoint: LogEndpoint) async throws -> SubmitLedger {
        if let bytes = try PrivateFile.readPrivate(statePath, limit: 1 << 26) {
            guard let ledger = SubmitLedger(json: bytes) else {
                throw CommandFailure.usage(
                    "\(statePath) is not a state file of evident \(verb), or was changed")
            }
            guard vkey == nil || vkey == ledger.vkey else {
                throw CommandFailure.usage(
                    "\(statePath) belongs to another log than --vkey says: \(ledger.vkey)")
            }
            guard try await endpoint.shows(verifierKey: ledger.vkey) else {
                throw CommandFailure.usage(
                    "\(statePath) belongs to another log than \(endpoint.name) serves: "
                        + ledger.vkey,
                    advice: "Nothing was sent. Name another --state to send the file to this log.")
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
        if summary.inexact > 0 {
            parts.append("\(summary.inexact.grouped) that will not be exported byte for byte")
        }
        Terminal.print(parts.joined(separator: ", ") + (isWhole ? "" : "; not finished"))
    }
}
