// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogClientHTTP
import LogStorage
import Merkle
import TransparencyLog

/// `evident recover`: brings the end of a store back from a mirror.
struct RecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Bring back what a store lost, from a mirror of its public tree.",
        discussion: """
            For a log that refuses to start because its store ends before a head that was signed: an
            older copy was restored, or the store is gone. The leaves between come back from a
            mirror, each proven under the newest signed head, which must begin with the stored tree
            and with the anchor's. With them all receipts and proofs hold again. The records
            themselves were in the store alone, and are lost: the log's own record log.recovered says
            which, and a verification reports them as lost, not as tampered with.

            A mirror is any folder that `evident mirror` or `serve --mirror` wrote, or the address
            where one is served.

            EXAMPLES
              evident recover --data /var/lib/evident --from /srv/mirror
              evident recover --data /var/lib/evident --from https://mirror.example.com/log --dry-run
              evident recover --data /var/lib/evident --from /srv/mirror --new-anchor
            """)

    @OptionGroup var folder: DataOptions

    @Option(help: "The folder or the address of the mirror.")
    var from: String

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    @Flag(
        help: """
            Also where the anchor is missing or unreadable: the mirror's head takes its place. Be sure \
            that no newer head was ever signed.
            """)
    var newAnchor = false

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    private struct Outcome: Encodable {
        let done: Bool
        let origin: String
        let storedSize: UInt64
        let anchoredSize: UInt64?
        let mirrorSize: UInt64
        let lostFrom: UInt64
        let lostCount: UInt64
        /// The index of the record that says so.
        let recordIndex: UInt64?
    }

    func run() async throws {
        let settings = try await folder.existing()
        let lock = try FolderLock.need(settings.data)
        defer { lock.release() }
        do {
            let recovery = try RecoverRun(
                settings, acceptsNewAnchor: newAnchor, isDryRun: dryRun)
            defer { recovery.close() }
            guard from.hasPrefix("http://") || from.hasPrefix("https://") else {
                return try show(try await recover(recovery, FolderLogSource(folder: from)))
            }
            let outcome = try await ServerOptions.translating {
                try await LogEndpoint.withClient { client in
                    try await recover(
                        recovery,
                        HTTPLogSource(endpoint: try LogEndpoint(url: from, client: client)))
                }
            }
            try show(outcome)
        } catch let error as VerifyError {
            throw CommandFailure(error)
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    private func recover(
        _ recovery: RecoverRun, _ source: any LogSource
    ) async throws -> Outcome {
        let bar = ProgressBar("leaves", total: 0)
        defer { bar.finish() }
        let found = try await recovery.read(source) { bar.move(to: $0, of: $1) }
        let written = dryRun ? nil : try recovery.write(found)
        let done = written?.outcome
        LostActs.say(
            holds: dryRun ? [] : try recovery.lostHolds(), withheld: written?.withheldCount ?? 0)
        return Outcome(
            done: done != nil, origin: recovery.keys.identity.origin.text,
            storedSize: recovery.gap.stored.size, anchoredSize: recovery.gap.anchored?.size,
            mirrorSize: found.head.size, lostFrom: recovery.gap.stored.size,
            lostCount: UInt64(found.leaves.count), recordIndex: done?.recordIndex)
    }

    private func show(_ outcome: Outcome) throws {
        if json { return try Terminal.print(json: outcome) }
        let (from, count) = (outcome.lostFrom, outcome.lostCount)
        Terminal.print(
            count == 0
                ? "the store has all \(outcome.storedSize.grouped) entries of the mirror's head"
                : "\(count.grouped) leaves from index \(from.grouped) on "
                    + (outcome.done ? "were brought back" : "can be brought back")
                    + "; the records there are lost")
        guard outcome.done, let index = outcome.recordIndex else { return }
        Terminal.print("record \(index.grouped), log.recovered, says so; start the server again")
    }
}
