// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import Foundation
import LogClient
import LogClientHTTP
import LogCrypto
import LogStorage
import Merkle

/// `evident mirror`: keeps a verified copy of a log's public tree.
struct MirrorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Keep a verified copy of a log as a folder of files.",
        discussion: """
            Every tile and entry is proven to be in the signed tree before it is kept, and every new
            head to begin with the one before. The folder has the layout of c2sp.org/tlog-tiles, so
            that any web server serves it, and every command that reads a log reads it. A log that
            shows another history ends the command with status 6; evidence that anyone can check is
            then kept in DIR/.evident, and the copy stays as it was.

            EXAMPLES
              evident mirror https://log.example.com --vkey KEY --to /srv/mirror
              evident mirror https://log.example.com --vkey KEY --to /srv/mirror --once
              evident verify log /srv/mirror --vkey KEY
            """)

    @Argument(help: "The log's address, or the folder of another mirror.")
    var log: String

    @OptionGroup var keys: KeyOptions

    @Option(help: "The folder to keep the copy in; made if it is not there.")
    var to: String

    @Flag(help: "Fetch what is new and end.")
    var once = false

    @Option(help: "How long to wait before asking again. [60s]")
    var interval: String?

    @Flag(help: "Print each outcome as a line of JSON.")
    var json = false

    private struct Line: Encodable {
        let event: String
        let origin: String
        let size: UInt64
        let root: String
        /// What the folder held before.
        let from: UInt64?
        let seconds: Double
    }

    func run() async throws {
        let pinned = try keys.pinned(ProcessInfo.processInfo.environment)
        let pause = try pause()
        do {
            let folder = try TileFolder.open(to)
            guard log.hasPrefix("http://") || log.hasPrefix("https://") else {
                let source = FolderLogSource(folder: log)
                return try await follow(
                    MirrorUpdate(pinned: pinned, source: source, folder: folder), pause)
            }
            try await ServerOptions.translating {
                try await LogEndpoint.withClient { client in
                    let endpoint = try LogEndpoint(url: log, client: client)
                    let source = HTTPLogSource(endpoint: endpoint)
                    try await follow(
                        MirrorUpdate(pinned: pinned, source: source, folder: folder), pause)
                }
            }
        } catch let error as TileFolderError {
            throw CommandFailure(error)
        }
    }

    private func pause() throws(CommandFailure) -> Duration {
        let text = interval ?? "60s"
        guard let value = Quantities.milliseconds(text), (100...86_400_000).contains(value) else {
            throw .usage("--interval is \(text.quoted); it must be a duration from 100ms to 24h")
        }
        return .milliseconds(Int64(value))
    }

    /// Updates until it is enough: a fork ends it, a log that cannot be read is asked again.
    private func follow(_ update: MirrorUpdate, _ pause: Duration) async throws {
        while true {
            do {
                try await step(update)
            } catch let alarm as MirrorUpdate.Alarm {
                throw failure(alarm, update)
            } catch let error as VerifyError where once {
                throw CommandFailure(error)
            } catch  where !once && Self.maybePassing(error) {
                Terminal.say("evident: \(error); asked again in \(interval ?? "60s")")
            }
            if once { return }
            try await Task.sleep(for: pause)
        }
    }

    /// Whether the next time may go better: the network, a server, and what it served.
    private static func maybePassing(_ error: any Error) -> Bool {
        error is EndpointError || error is VerifyError || error is TileFolderError
    }

    private func step(_ update: MirrorUpdate) async throws {
        let bar = ProgressBar("entries", total: 0)
        defer { bar.finish() }
        let start = ContinuousClock.now
        let outcome = try await update.run { bar.move(to: $0, of: $1) }
        bar.finish()
        let seconds = (ContinuousClock.now - start).inSeconds
        let origin = update.pinned.origin.text
        switch outcome {
        case .unchanged(let head):
            // The log of a daemon is for what happens.
            guard once || json else { return }
            try say("unchanged", origin, head, from: nil, seconds) {
                "unchanged: \(head.size.grouped) entries of \(origin)"
            }
        case .grown(let from, let head):
            try say("grown", origin, head, from: from, seconds) {
                "verified and kept: entries \(from.grouped) to \(head.size.grouped) of \(origin), "
                    + "root \(head.root.base64)"
            }
        case .behind(let shown, let held):
            try say("behind", origin, held, from: nil, seconds) {
                "behind: the log shows \(shown.size.grouped) entries, and \(held.size.grouped) "
                    + "are here; it is the same history"
            }
        }
    }

    private func say(
        _ event: String, _ origin: String, _ head: TreeHead, from: UInt64?, _ seconds: Double,
        _ text: () -> String
    ) throws {
        guard json else { return Terminal.print(text()) }
        try Terminal.print(
            json: Line(
                event: event, origin: origin, size: head.size, root: head.root.base64, from: from,
                seconds: seconds))
    }

    private func failure(
        _ alarm: MirrorUpdate.Alarm, _ update: MirrorUpdate
    ) -> CommandFailure {
        switch alarm {
        case .damaged(let tile):
            return CommandFailure(
                .tampered, "\(to)/\(tile) is not the one of the signed tree: it was altered here",
                advice: "Keep it as evidence; mirror into an empty folder.")
        case .fork(let evidence):
            let path = update.folder.ownFile(evidence.fileName)
            do {
                try PrivateFile.replace(path, with: evidence.json)
            } catch {
                return CommandFailure(
                    .forked, "FORK: the evidence could not be kept: \(error)",
                    advice: "Make room for \(path), and run the command again.")
            }
            let text = try? evidence.verify(by: update.pinned).text
            return CommandFailure(
                .forked, "FORK: \(text ?? "two signed heads contradict each other")",
                advice: "The evidence is in \(path); anyone can check it: "
                    + "evident verify fork \(path) --vkey KEY")
        }
    }
}
