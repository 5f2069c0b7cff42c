// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogClient
import LogClientHTTP
import LogCrypto
import Merkle
import SignedNote

/// `evident verify sink`: the files that a log writes its records to.
struct VerifySinkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sink",
        abstract: "Verify the files of `evident serve --sink`, and that the log is theirs.",
        discussion: """
            Every line must be one that a sink writes, every index the next one, every sealed file
            what its trailer says, and every file the one that the next names; FILE.gz is read as
            what was compressed, by the log or by gzip. With --log every line's time, commitment and
            hash is compared with the signed tree. A line's content is not: whoever needs that proven
            asks the log for a bundle.

            EXAMPLES
              evident verify sink /var/lib/evident-sink
              evident verify sink /var/lib/evident-sink --log http://127.0.0.1:6962 --vkey KEY
            """)

    @Argument(help: "The sink's folder.")
    var folder: String

    @Option(help: "The log's address, or the folder of a mirror.")
    var log: String?

    @OptionGroup var keys: KeyOptions

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    private struct Outcome: Encodable {
        let verdict: String
        let compared: UInt64
        let sink: SinkCheck.Summary
    }

    func run() async throws {
        let bar = ProgressBar("segments", total: 0)
        var check = SinkCheck(folder)
        try check.run { bar.move(to: UInt64($0), of: UInt64($1)) }
        bar.finish()
        var compared: UInt64 = 0
        if let log { (check, compared) = try await compare(check, with: log) }
        let summary = check.summary
        let isSound = summary.findings.isEmpty
        if json {
            let verdict =
                !isSound ? "tampered" : summary.missing.isEmpty ? "verified" : "incomplete"
            try Terminal.print(json: Outcome(verdict: verdict, compared: compared, sink: summary))
        } else {
            show(summary, compared)
        }
        try (!isSound ? .tampered : summary.missing.isEmpty ? ExitStatus.ok : .unverifiable).end()
    }

    private func show(_ summary: SinkCheck.Summary, _ compared: UInt64) {
        for finding in summary.findings {
            Terminal.print("WRONG: \(finding.segment) \(finding.message)")
        }
        for missing in summary.missing {
            Terminal.print("missing: \(missing.segment) \(missing.message)")
        }
        let range = "\(summary.first)..<\(summary.next)"
        if summary.findings.isEmpty, summary.missing.isEmpty {
            Terminal.print(
                "verified: \(summary.records.grouped) records (\(range)) of \(summary.log) in "
                    + "\(summary.segments.grouped) files, \(summary.sealed.grouped) of them sealed"
                    + (summary.compressed > 0 ? ", \(summary.compressed.grouped) compressed" : "")
                    + (compared > 0 ? "; all are the signed log's" : ""))
        }
        if compared == 0 { Terminal.say("not compared with the log itself: --log and --vkey do") }
        if summary.first > 0 {
            Terminal.say("files with the records before \(summary.first.grouped) are not here")
        }
    }

    // MARK: The log

    /// Compares each line's leaf with the one in the signed tree.
    private func compare(
        _ found: SinkCheck, with log: String
    ) async throws -> (SinkCheck, UInt64) {
        let pinned = try keys.pinned(ProcessInfo.processInfo.environment)
        let bar = ProgressBar("entries", total: 0)
        defer { bar.finish() }
        do {
            return try await withSource(log) { source in
                guard let note = try await source.checkpoint() else {
                    throw VerifyError.noCheckpoint
                }
                let head = try pinned.open(note).checkpoint.head
                var check = found
                guard check.summary.next <= head.size else {
                    throw CommandFailure(
                        .unverifiable,
                        "the sink has \(check.summary.next.grouped) records, and the log shows "
                            + "\(head.size.grouped)",
                        advice: "Ask a newer copy of the log; if there is none, it was set back.")
                }
                var (compared, run): (UInt64, Int) = (0, 0)
                try await LogFollower(source, to: head).follow(
                    progress: { bar.move(to: $0, of: $1) }
                ) { part in
                    guard case .leaves(let leaves) = part else { return }
                    for (index, hash) in leaves.newLeafHashes
                    where check.compare(index, hash, from: &run) {
                        compared += 1
                    }
                }
                return (check, compared)
            }
        } catch let error as VerifyError {
            throw CommandFailure(error)
        }
    }

    private func withSource<Result>(
        _ log: String, _ body: (any LogSource) async throws -> Result
    ) async throws -> Result {
        guard log.hasPrefix("http://") || log.hasPrefix("https://") else {
            guard FolderLogSource.isTree(log) else {
                throw CommandFailure.usage(
                    "\(log) is neither an address nor the folder of a mirror",
                    advice: "Give the address of the running log.")
            }
            return try await body(FolderLogSource(folder: log))
        }
        return try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                try await body(HTTPLogSource(endpoint: LogEndpoint(url: log, client: client)))
            }
        }
    }
}

extension VerifiedLeaves {
    /// The entries that are new in this part, each with its leaf hash.
    fileprivate var newLeafHashes: [(index: UInt64, hash: Digest)] {
        let first = hashTile.index * 256
        return newEntries.compactMap { index in
            let start = Int(index - first) * Digest.byteCount
            return Digest(Array(hashes[start..<start + Digest.byteCount])).map { (index, $0) }
        }
    }
}
