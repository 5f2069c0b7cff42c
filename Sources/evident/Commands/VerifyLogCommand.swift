// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogClientHTTP
import LogCrypto
import Merkle
import SignedNote

/// `evident verify log`: every entry, tile and signature of a log.
struct VerifyLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Verify a whole log from what it publishes.",
        discussion: """
            Every leaf is hashed, every tile is made again from the leaves, and the root is compared
            with the one that the log signed. Nothing secret is needed, and nothing is written but
            the evidence of a fork, if a kept checkpoint shows one (exit status 6).

            EXAMPLES
              evident verify log http://127.0.0.1:6962 --vkey KEY
              evident verify log ./evident-data --vkey KEY
              evident verify log http://127.0.0.1:6962 --vkey KEY --older kept.note
              evident verify log https://log.example.com --policy witnesses.policy
              evident verify log /srv/mirror --vkey KEY
            """)

    @Argument(help: "The log's address, its data folder, or the folder of a mirror.")
    var log: String

    @OptionGroup var keys: KeyOptions

    @Option(help: "A checkpoint that you have kept: this log must extend it.")
    var older: [String] = []

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    /// What has been proven.
    struct Outcome: Encodable {
        let verdict: String
        let origin: String
        let size: UInt64
        let root: String
        let firstTimestampMs: UInt64?
        let lastTimestampMs: UInt64?
        let witnesses: [String]
        let unknownEntries: UInt64
        let firstUnknownEntry: UInt64?
        let seconds: Double
    }

    func run() async throws {
        let pinned = try keys.pinned(ProcessInfo.processInfo.environment)
        let older = try older.map { try OlderCheckpoint($0, pinned) }
        let bar = ProgressBar("entries", total: 0)
        let start = ContinuousClock.now
        let verified: VerifiedLog
        do {
            verified = try await withSource { source in
                let verified = try await LogVerifier(pinned, source: source).verify {
                    bar.move(to: $0, of: $1)
                }
                for kept in older {
                    try await kept.check(verified.checkpoint, source, pinned)
                }
                return verified
            }
        } catch let error as VerifyError {
            bar.finish()
            throw CommandFailure(error)
        } catch {
            bar.finish()
            throw error
        }
        bar.finish()
        try show(verified, pinned, seconds: (ContinuousClock.now - start).inSeconds)
    }

    private func withSource<Result>(
        _ body: (any LogSource) async throws -> Result
    ) async throws -> Result {
        guard log.hasPrefix("http://") || log.hasPrefix("https://") else {
            if FolderLogSource.isTree(log) { return try await body(FolderLogSource(folder: log)) }
            let settings = try await ServerConfiguration.load(flags: [.data: log])
            do {
                let source = try StoreLogSource(settings)
                defer { source.close() }
                return try await body(source)
            } catch {
                throw CommandFailure(opening: error) ?? error
            }
        }
        return try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                try await body(
                    HTTPLogSource(endpoint: LogEndpoint(url: log, client: client)))
            }
        }
    }

    private func show(_ verified: VerifiedLog, _ pinned: PinnedLog, seconds: Double) throws {
        let head = verified.checkpoint.checkpoint.head
        if json {
            return try Terminal.print(
                json: Outcome(
                    verdict: "verified", origin: pinned.origin.text, size: head.size,
                    root: head.root.base64, firstTimestampMs: verified.firstTimestampMS,
                    lastTimestampMs: verified.lastTimestampMS,
                    witnesses: verified.witnesses, unknownEntries: verified.unknownEntries,
                    firstUnknownEntry: verified.firstUnknownEntry, seconds: seconds))
        }
        Terminal.print(
            "verified: all \(head.size.grouped) entries of \(pinned.origin.text), "
                + "root \(head.root.base64)"
                + VerifyReceiptCommand.cosigned(by: verified.witnesses))
        if let first = verified.firstUnknownEntry {
            Terminal.print(
                "\(verified.unknownEntries.grouped) entries are of a kind that this version does "
                    + "not know, the first at index \(first)")
        }
        Terminal.say(
            "\(seconds.text(2)) s, \((Double(head.size) / seconds).rateText) entries/s")
    }
}
