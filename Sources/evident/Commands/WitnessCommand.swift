// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import LogServer
import LogStorage
import Logging
import NIOCore
import ServiceLifecycle
import SignedNote
import TransparencyLog
import UnixSignals

/// `evident witness`: vouches for other people's logs.
struct WitnessCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "witness",
        abstract: "Cosign the heads of logs, as a witness (c2sp.org/tlog-witness).",
        discussion: """
            EXAMPLES
              evident witness init --data /var/lib/witness --name witness.example.net/w1
              evident witness --data /var/lib/witness --log KEY --listen 127.0.0.1:6963

            A witness remembers the newest head of each log, and cosigns only heads that extend it.
            It needs no trust of the log, and nothing but the log's verifier key.
            """,
        subcommands: [WitnessInitCommand.self, WitnessServeCommand.self],
        defaultSubcommand: WitnessServeCommand.self)
}

/// `evident witness init`: a new witness.
struct WitnessInitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new witness's key, and print its verifier key.")

    @Option(help: "The folder to make.")
    var data: String

    @Option(help: "The witness's name, such as witness.example.net/w1.")
    var name: String

    func run() async throws {
        do {
            let key = try WitnessKey.create(in: data, name: name)
            Terminal.say(
                """
                evident: the witness \(key.name) is ready in \(data)
                Its verifier key, for the policies of those who are to count on it:
                """)
            Terminal.print(key.vkey)
        } catch let error as KeyError {
            throw CommandFailure.usage(error.message)
        }
    }
}

/// `evident witness serve`: a witness over HTTP.
struct WitnessServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve a witness over HTTP.")

    @Option(help: "The witness's folder, made by `evident witness init`.")
    var data: String

    @Option(help: "The verifier key of a log to witness; repeat it for several.")
    var log: [String] = []

    @Option(help: "A file whose log lines name the logs (c2sp.org/tlog-policy).")
    var policy: String?

    @Option(help: "Where to listen, HOST:PORT; port 0 takes a free one.")
    var listen = "127.0.0.1:6963"

    @Option(help: "How much to log.")
    var logLevel = "info"

    func run() async throws {
        ProcessHardening.apply()
        guard let address = ListenAddress(listen) else {
            throw CommandFailure.usage("--listen is \(listen.quoted); it must be HOST:PORT")
        }
        guard let level = Logger.Level(rawValue: logLevel) else {
            throw CommandFailure.usage("--log-level is \(logLevel.quoted), which is no level")
        }
        var logger = Logger(label: "evident") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = level
        let keys = try logKeys()
        try Self.need(data)
        let lock = try FolderLock.need(data)
        defer { lock.release() }
        let witness = try open(keys)
        defer { witness.close() }
        var configuration = LogServerConfiguration()
        configuration.host = address.host
        configuration.port = address.port
        configuration.onListening = { Self.say(witness, address, $0) }
        var group = ServiceGroupConfiguration(
            services: [
                .init(
                    service: WitnessServer(witness, configuration: configuration, logger: logger))
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(60)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch let error as ListenerError {
            throw CommandFailure(.inputOutput, "\(error)")
        }
    }

    /// The keys of the logs, from the command line and the policy.
    private func logKeys() throws(CommandFailure) -> [VerifierKey] {
        var keys = try VerifyChainCommand.parsed(log)
        if let policy { keys += try PolicyFile.read(policy).logs.map(\.key) }
        guard !keys.isEmpty else {
            throw .usage(
                "no log to witness: --log KEY, or --policy FILE with log lines",
                advice: "A log's operator has its key: `evident init` and `evident serve` print it."
            )
        }
        guard keys.allSatisfy({ $0.algorithm != .cosignature }) else {
            throw .usage("a log's key is not that of a witness: type 0x04 is refused here")
        }
        return keys
    }

    private static func need(_ folder: String) throws {
        guard try PrivateFile.read("\(folder)/witness.vkey") != nil else {
            throw CommandFailure.usage(
                "there is no witness in \(folder)",
                advice: "Make it: evident witness init --data \(folder) --name NAME")
        }
    }

    private func open(_ keys: [VerifierKey]) throws -> CosigningWitness {
        do {
            return try CosigningWitness(
                signer: WitnessKey.load(from: data), logs: keys, folder: "\(data)/logs")
        } catch let error as KeyError {
            throw CommandFailure(.inputOutput, error.message)
        }
    }

    private static func say(
        _ witness: CosigningWitness, _ listen: ListenAddress, _ address: SocketAddress?
    ) {
        let shown = ListenAddress(host: listen.host, port: address?.port ?? listen.port)
        Terminal.say("evident: the witness \(witness.verifierKey.name) listens on http://\(shown)")
        for origin in witness.origins { Terminal.say("  cosigns \(origin)") }
        Terminal.say("A line for a policy:")
        Terminal.print(
            "witness \(witness.verifierKey.name) \(witness.verifierKey.vkey) http://\(shown)")
    }
}
