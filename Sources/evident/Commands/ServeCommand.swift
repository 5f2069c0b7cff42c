// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import LogServer
import LogStorage
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import TransparencyLog
import UnixSignals

/// `evident serve`: a log over HTTP.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve a log over HTTP.",
        discussion: """
            EXAMPLES
              evident serve
              evident serve --data /var/lib/evident --listen 127.0.0.1:6962
              EVIDENT_LISTEN=[::1]:7000 evident serve --data /var/lib/evident

              evident serve --data /var/lib/evident --mirror /srv/www/log

            With --evidence a log that refused to start is shown as it is: tree, proofs and receipts,
            and to auditors, with --journal-reads, records. Nothing is signed, sequenced or repaired.

            Without any folder named, the first start makes a log in ./evident-data and prints how
            to submit a first record. SIGTERM and SIGINT finish what was accepted and end the
            server; SIGHUP is `evident reload`.
            """)

    @OptionGroup var folder: DataOptions

    @Option(help: "Where to listen, HOST:PORT; port 0 takes a free one. [127.0.0.1:6962]")
    var listen: String?

    @Option(help: "The file that remembers the newest signed head. [DIR/anchor]")
    var anchor: String?

    @Option(help: "sqlite, or null to keep nothing. [sqlite]")
    var store: String?

    @Option(help: "A folder to write the public tree to, for any web server to serve.")
    var mirror: String?

    @Option(help: "A folder to write every record to, as lines for a log shipper.")
    var sink: String?

    @Option(help: "A file that names the witnesses to ask (c2sp.org/tlog-policy).")
    var witnessPolicy: String?

    @Option(help: "How much to log. [info]")
    var logLevel: String?

    @Flag(help: "Start although the clock is out of bounds; the log records it.")
    var acceptClock = false

    @Flag(help: "Only show what is there, also of a log that refused to start; sign nothing.")
    var evidence = false

    @Flag(help: "With --evidence: let auditors read records, each reading in DIR/reads.ndjson.")
    var journalReads = false

    @Flag(help: .hidden)
    var benchRoutes = false

    func run() async throws {
        ProcessHardening.apply()
        // Until the server takes hang-ups as reloads, none of them ends it.
        signal(SIGHUP, SIG_IGN)
        let source = folder.source([
            .listen: listen, .anchor: anchor.map(NewLog.absolute), .store: store,
            .logLevel: logLevel, .mirrorFolder: mirror.map(NewLog.absolute),
            .sinkDirectory: sink.map(NewLog.absolute), .witnessPolicy: witnessPolicy,
        ])
        let settings = try await source.load()
        try checkFlags(settings)
        let isNew = try prepareFolder(settings)
        let lock = try FolderLock.need(settings.data)
        defer { lock.release() }
        let level = SharedLogLevel(.info)
        let logger = Logger(label: "evident") {
            SharedLevelHandler(StreamLogHandler.standardError(label: $0), level)
        }
        try await Self.checkAddress(settings.listen)
        do {
            if isNew { try Self.makeLog(settings) }
            let opened =
                evidence
                ? try OpenLog.openEvidence(settings, logger: logger, logLevel: level)
                : try await OpenLog.open(
                    settings, acceptsClock: acceptClock, logger: logger, logLevel: level)
            try await serve(opened, settings, source, isNew: isNew, logger)
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    private func checkFlags(_ settings: ServerConfiguration) throws(CommandFailure) {
        guard evidence || !journalReads else {
            throw .usage("--journal-reads goes with --evidence alone")
        }
        guard evidence else { return }
        guard mirror == nil, sink == nil, !acceptClock, settings.store != .null else {
            throw .usage(
                "--evidence writes nothing: leave out --mirror, --sink, --accept-clock and null")
        }
    }

    /// Makes the default folder where nobody named one; true if there is no log in it yet.
    private func prepareFolder(_ settings: ServerConfiguration) throws -> Bool {
        if LogKeys.exist(in: LogFolder.keys(settings.data)) { return false }
        guard !evidence, settings.isDefaultFolder || settings.store == .null else {
            throw CommandFailure.usage(
                "there is no log in \(settings.data)",
                advice: "Make it: evident init --data \(settings.data) --origin NAME")
        }
        try PrivateFile.makeFolder(settings.data)
        return true
    }

    /// Tries the address before anything is opened, so that a mistake there costs nothing.
    private static func checkAddress(_ listen: ListenAddress) async throws {
        do {
            let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .bind(host: listen.host, port: listen.port).get()
            try await channel.close()
        } catch {
            throw CommandFailure(
                .inputOutput, "cannot listen on \(listen): \(error)",
                advice: "Another program may listen there: choose another --listen HOST:PORT.")
        }
    }

    private static func makeLog(_ settings: ServerConfiguration) throws {
        try NewLog(
            folder: settings.data, origin: NewLog.origin(NewLog.randomOrigin()),
            granularityMS: settings.leafGranularityMS ?? NewLog.defaultGranularityMS, anchor: nil
        ).make()
    }

    private func serve(
        _ opened: OpenLog, _ settings: ServerConfiguration, _ source: ConfigurationSource,
        isNew: Bool, _ logger: Logger
    ) async throws {
        let tokens = try TokenStore.open(path: LogFolder.tokens(settings.data))
        let welcome = Welcome(
            opened: opened, settings: settings,
            token: try isNew ? Welcome.firstToken(tokens) : nil)
        if !evidence { await Self.recordPolicies(opened, logger) }
        let mirror = try await Self.mirror(settings, opened.log, logger)
        let sink = try await Self.sink(settings, opened, logger)
        var configuration = try serverConfiguration(settings, welcome)
        configuration.mirror = { mirror?.health }
        if !evidence {
            configuration.backup = BackupWriter(opened, settings, settingsFile: source.file).make
        }
        configuration.sink = { sink?.health }
        let (server, reloader) = opened.server(
            settings, source, tokens, configuration, logger, reopen: { await sink?.reopen() })
        var group = ServiceGroupConfiguration(
            services: [
                .init(service: HangUps(reloader: reloader)), .init(service: server),
            ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(90)
        let writing = Task {
            async let shipping: ()? = sink?.run()
            await mirror?.run()
            await shipping
        }
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            writing.cancel()
            await writing.value
            await opened.shutDown()
            throw error
        }
        writing.cancel()
        await writing.value
        await opened.shutDown()
        Terminal.say("evident: ended; everything that was accepted is in the log")
    }

    /// What writes the public tree as files; nil where no folder is named.
    private static func mirror(
        _ settings: ServerConfiguration, _ log: Log, _ logger: Logger
    ) async throws -> MirrorWriter? {
        guard let path = settings.mirrorFolder, log.mode == .sequencing || log.mode == .frozen
        else { return nil }
        do {
            return try await MirrorWriter(
                log, folder: TileFolder.open(path),
                intervalMS: UInt64(settings.mirrorInterval.inMilliseconds), logger: logger)
        } catch {
            await log.shutDown()
            throw (error as? TileFolderError).map { CommandFailure($0) } ?? error
        }
    }

    /// What writes every record as a line of a file; nil where no folder is named.
    private static func sink(
        _ settings: ServerConfiguration, _ opened: OpenLog, _ logger: Logger
    ) async throws -> SinkWriter? {
        let log = opened.log
        guard let sink = settings.sink, log.mode == .sequencing || log.mode == .frozen
        else { return nil }
        do {
            if settings.store == .null { try sink.needEmptyFolder() }
            let records = SinkRecords(log, opened.settings)
            return try await SinkWriter(
                log, sink, logger: logger, isSaidToFail: try await records.isSaidToFail(),
                say: records.write)
        } catch {
            await log.shutDown()
            throw error
        }
    }

    private func serverConfiguration(
        _ settings: ServerConfiguration, _ welcome: Welcome
    ) throws -> LogServerConfiguration {
        var server = LogServerConfiguration()
        server.host = settings.listen.host
        server.port = settings.listen.port
        server.adminSocket = try LogFolder.freeAdminSocket(settings.data)
        server.hasBenchRoutes = benchRoutes
        server.approvals = evidence ? nil : LogFolder.approvals(settings.data)
        server.connections.connections = settings.connectionsTotal
        server.connections.connectionsPerAddress = settings.connectionsPerAddress
        if journalReads || !evidence {
            server.readJournal = ReadJournal(path: LogFolder.reads(settings.data))
        }
        server.connections.headTimeout = TimeAmount(settings.requestHeaderDeadline)
        server.connections.bodyTimeout = TimeAmount(settings.requestBodyDeadline)
        server.connections.idleTimeout = TimeAmount(settings.requestIdleTimeout)
        server.onListening = { welcome.say(listeningOn: $0) }
        return server
    }

    /// A log that takes no records now still serves what it has: each record names its own policy.
    private static func recordPolicies(_ opened: OpenLog, _ logger: Logger) async {
        do {
            try await opened.settings.recordPolicies(in: opened.log)
        } catch {
            logger.warning(
                "the policies in force could not be recorded; the next start or reload does",
                metadata: ["error": "\(error)"])
        }
    }
}

/// Reloads at every SIGHUP, until the server ends.
private struct HangUps: Service {
    let reloader: Reloader

    func run() async throws {
        for await _ in await UnixSignalsSequence(trapping: .sighup).cancelOnGracefulShutdown() {
            await reloader.reloadOnSignal()
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .milliseconds(Int64(duration.inMilliseconds))
    }
}
