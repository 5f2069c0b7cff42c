// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords
import Foundation
import LogClientHTTP
import LogServer
import Logging
import Merkle
import TransparencyLog

/// `evident freeze`: ends a log for good.
struct FreezeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "freeze",
        abstract: "End a log for good: its last record, its last head.",
        discussion: """
            What was accepted before is in the log, then a record that says that no other follows.
            From then on every submission is answered 403 "frozen", after a restart too, and reads
            go on. There is no way back: name the log's origin with --confirm.

            EXAMPLE
              evident freeze --data /var/lib/evident --confirm log.example.com/audit
            """)

    @OptionGroup var folder: DataOptions

    @Option(help: "The log's origin, so that no other log is ended.")
    var confirm: String

    @Option(help: "Why, as a code: closed, migrated, retired. [closed]")
    var reason = "closed"

    @Flag(help: "Print the outcome as JSON.")
    var json = false

    private struct Outcome: Codable {
        let index: UInt64
        let size: UInt64
        let checkpoint: String
    }

    private struct Request: Encodable {
        let origin: String
        let reason: String
    }

    func run() async throws {
        let settings = try await folder.existing()
        let origin = try LogKeys.load(from: LogFolder.keys(settings.data)).identity.origin
        guard origin.text.utf8.elementsEqual(confirm.utf8) else {
            throw CommandFailure.usage(
                "\(settings.data) holds the log \(origin), not \(confirm.quoted)",
                advice: "Give the origin of the log that is to end for good.")
        }
        let outcome: Outcome
        if let lock = try FolderLock.take(settings.data) {
            defer { lock.release() }
            outcome = try await freeze(settings)
        } else {
            outcome = try await askServer(settings.data)
        }
        if json { return try Terminal.print(json: outcome) }
        Terminal.say(
            "evident: \(origin) is frozen: record \(outcome.index) is its last, and this its last "
                + "head:")
        Terminal.write(outcome.checkpoint, to: STDOUT_FILENO)
    }

    /// Opens the log, which no server does, for this one record.
    private func freeze(_ settings: ServerConfiguration) async throws -> Outcome {
        let logger = Logger(label: "evident") { StreamLogHandler.standardError(label: $0) }
        do {
            let opened = try await OpenLog.open(settings, logger: logger)
            do {
                let record = try await opened.log.freeze(
                    opened.settings.governance(of: .logFrozen(reason: reason)))
                let checkpoint = try await opened.log.checkpoint()
                await opened.log.shutDown()
                return Outcome(
                    index: record.index, size: record.proof.treeSize, checkpoint: checkpoint)
            } catch {
                await opened.log.shutDown()
                throw error
            }
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    private func askServer(_ folder: String) async throws -> Outcome {
        try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                let endpoint = try LogEndpoint(
                    socket: LogFolder.adminSocket(folder), client: client)
                let request = Request(origin: confirm, reason: reason)
                let answer = try await endpoint.request(
                    "POST", "/v1/admin/freeze", headers: [("Content-Type", "application/json")],
                    body: Array(try JSONEncoder().encode(request)))
                guard answer.status == 200 else {
                    throw answer.error(asking: "/v1/admin/freeze", of: endpoint)
                }
                return try JSONDecoder().decode(Outcome.self, from: Data(answer.body))
            }
        }
    }
}
