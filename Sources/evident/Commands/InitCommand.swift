// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import LogStorage
import Logging
import Merkle
import SignedNote
import TransparencyLog

/// `evident init`: a new log.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new log: keys, store, and its first record.",
        discussion: """
            EXAMPLES
              evident init --data /var/lib/evident --origin log.example.com/audit
              evident init --data DIR --origin log.example.com/audit --anchor /mnt/other/anchor

            The origin names the log in everything that it signs, for ever. An interrupted init is
            finished by running it again. Back up DIR/keys now: without the keys there is no log.
            """)

    @Option(help: "The folder to make. [EVIDENT_DATA, else ./evident-data]")
    var data: String?

    @Option(help: "The log's name: a host name in lower case and a path.")
    var origin: String

    @Option(help: "How finely the public sees when a record came: 1ms to 1h. [1s]")
    var granularity: String?

    @Option(help: "Where to keep the newest signed head, best on another volume. [DIR/anchor]")
    var anchor: String?

    @Flag(help: "Print what was made as JSON.")
    var json = false

    /// What was made.
    struct Outcome: Encodable {
        let origin: String
        let vkey: String
        let data: String
        let size: UInt64
    }

    func run() async throws {
        ProcessHardening.apply()
        var flags: [ConfigurationKey: String] = [:]
        flags[.data] = data
        flags[.leafGranularity] = granularity
        flags[.anchor] = anchor.map(NewLog.absolute)
        let settings = try await ServerConfiguration.load(flags: flags)
        let new = NewLog(
            folder: settings.data, origin: try NewLog.origin(origin),
            granularityMS: settings.leafGranularityMS ?? NewLog.defaultGranularityMS,
            anchor: flags[.anchor])
        let outcome = try await Self.make(new, settings)
        if json { return try Terminal.print(json: outcome) }
        Terminal.say(
            """
            evident: the log \(outcome.origin) is ready in \(outcome.data)
            Its verifier key, for everyone who is to check it:
            """)
        Terminal.print(outcome.vkey)
        Terminal.say(
            """
            Next:
              back up \(LogFolder.keys(outcome.data)) where nobody else can read it
              evident serve --data \(outcome.data)
              evident token create --data \(outcome.data) --role producer
            """)
    }

    /// Makes the log, or finishes making it, and closes it again.
    private static func make(
        _ new: NewLog, _ settings: ServerConfiguration
    ) async throws -> Outcome {
        try PrivateFile.makeFolder(new.folder)
        let lock = try FolderLock.need(new.folder)
        defer { lock.release() }
        do {
            try new.make()
            let opened = try await OpenLog.open(
                settings,
                logger: Logger(label: "evident", factory: { _ in SwiftLogNoOpLogHandler() }))
            let outcome = Outcome(
                origin: new.origin.text, vkey: opened.keys.signer.verifierKey.vkey,
                data: new.folder, size: opened.log.published.head.size)
            await opened.shutDown()
            return outcome
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }
}
