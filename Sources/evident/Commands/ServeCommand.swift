// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Dispatch
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

            Without any folder named, the first start makes a log in ./evident-data and prints how
            to submit a first record. SIGTERM and SIGINT finish what was accepted and end the
            server; SIGHUP reads the tokens again.
            """)

    @OptionGroup var folder: DataOptions

    @Option(help: "Where to listen, HOST:PORT; port 0 takes a free one. [127.0.0.1:6962]")
    var listen: String?

    @Option(help: "The file that remembers the newest signed head. [DIR/anchor]")
    var anchor: String?

    @Option(help: "sqlite, or null to keep nothing. [sqlite]")
    var store: String?

    @Option(help: "How much to log. [info]")
    var logLevel: String?

    @Flag(help: "Start although the clock is out of bounds; the log records it.")
    var acceptClock = false

    @Flag(help: .hidden)
    var benchRoutes = false

    func run() async throws {
        ProcessHardening.apply()
        let settings = try await folder.configuration([
            .listen: listen, .anchor: anchor.map(NewLog.absolute), .store: store,
            .logLevel: logLevel,
        ])
        let isNew = try prepareFolder(settings)
        let lock = try FolderLock.need(settings.data)
        defer { lock.release() }
        let logger = Self.logger(settings.logLevel)
        try await Self.checkAddress(settings.listen)
        do {
            if isNew { try Self.makeLog(settings) }
            let opened = try await OpenLog.open(
                settings, acceptsClock: acceptClock, logger: logger)
            try await serve(opened, settings, isNew: isNew, logger)
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    /// Makes the default folder where nobody named one; true if there is no log in it yet.
    private func prepareFolder(_ settings: ServerConfiguration) throws -> Bool {
        if LogKeys.exist(in: LogFolder.keys(settings.data)) { return false }
        guard settings.isDefaultFolder || settings.store == .null else {
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

    private static func logger(_ level: String) -> Logger {
        var logger = Logger(label: "evident") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: level) ?? .info
        return logger
    }

    private func serve(
        _ opened: OpenLog, _ settings: ServerConfiguration, isNew: Bool, _ logger: Logger
    ) async throws {
        let tokens = try TokenStore.open(path: LogFolder.tokens(settings.data))
        let welcome = Welcome(
            opened: opened, settings: settings,
            token: try isNew ? Welcome.firstToken(tokens) : nil)
        let server = LogServer(
            log: opened.log, tokens: tokens, preparer: opened.preparer,
            configuration: try serverConfiguration(settings, welcome), logger: logger)
        let reload = Self.reloadOnHangUp(tokens, logger)
        defer { reload.cancel() }
        var group = ServiceGroupConfiguration(
            services: [.init(service: server)], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger)
        group.maximumGracefulShutdownDuration = .seconds(90)
        do {
            try await ServiceGroup(configuration: group).run()
        } catch {
            await opened.log.shutDown()
            throw error
        }
        await opened.log.shutDown()
        Terminal.say("evident: ended; everything that was accepted is in the log")
    }

    private func serverConfiguration(
        _ settings: ServerConfiguration, _ welcome: Welcome
    ) throws -> LogServerConfiguration {
        var server = LogServerConfiguration()
        server.host = settings.listen.host
        server.port = settings.listen.port
        server.adminSocket = try adminSocket(settings.data)
        server.hasBenchRoutes = benchRoutes
        server.connections.connections = settings.connectionsTotal
        server.connections.connectionsPerAddress = settings.connectionsPerAddress
        server.accessRecords = settings.accessRecords
        server.connections.headTimeout = TimeAmount(settings.requestHeaderDeadline)
        server.connections.bodyTimeout = TimeAmount(settings.requestBodyDeadline)
        server.connections.idleTimeout = TimeAmount(settings.requestIdleTimeout)
        server.onListening = { welcome.say(listeningOn: $0) }
        return server
    }

    /// The admin socket's path; a socket that a killed server left goes, since the folder's lock
    /// says that no server lives.
    private func adminSocket(_ folder: String) throws -> String {
        let path = LogFolder.adminSocket(folder)
        guard path.utf8.count <= 107 else {
            throw CommandFailure.usage(
                "\(path) is too long for a socket",
                advice: "Start the server from a folder nearer to it, or move it.")
        }
        unlink(path)
        return path
    }

    private static func reloadOnHangUp(
        _ tokens: TokenStore, _ logger: Logger
    ) -> any DispatchSourceSignal {
        signal(SIGHUP, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
        source.setEventHandler {
            do {
                try tokens.reload()
                logger.notice("tokens were read again")
            } catch {
                logger.error(
                    "tokens could not be read again; those from before stay",
                    metadata: ["error": "\(error)"])
            }
        }
        source.resume()
        return source
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        self = .milliseconds(Int64(duration.inMilliseconds))
    }
}
