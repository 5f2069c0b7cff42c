// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import Glibc
package import Hummingbird
import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle
package import TransparencyLog

/// The HTTP server of one log: a public listener, and a socket for administration.
///
/// On graceful shutdown it accepts no more connections, answers every request that it has begun
/// to read, which waits for the log to settle what was submitted, and returns. Deadlines bound
/// how long that takes. The log itself is its owner's to shut down, afterwards.
package struct LogServer: Service {
    package let publicApplication: Application<RouteTable>
    package let adminApplication: Application<RouteTable>?
    private let publicAddress: String
    private let adminSocket: String?
    private let retention: RetentionSchedule

    package init(
        log: Log, tokens: TokenStore, settings: SettingsInForce, reloader: Reloader,
        configuration: LogServerConfiguration = LogServerConfiguration(), logger: Logger
    ) {
        var configuration = configuration
        configuration.connections.bodyBytes = settings.limits.batchByteCount
        let admin = AdminRoutes(
            log: log, tokens: tokens, settings: settings, reloader: reloader,
            configuration: configuration)
        let search = RecordSearch(log: log, settings: settings)
        let holds = HoldBook(log: log, settings: settings, search: search)
        let access = AccessRecords(
            log: log, settings: settings, journal: configuration.readJournal,
            now: configuration.now)
        let desk = ActDesk(
            surroundings: ActSurroundings(
                log: log, settings: settings, search: search, holds: holds),
            approvals: ApprovalBook(path: configuration.approvals), now: configuration.now)
        retention = RetentionSchedule(desk: desk, logger: logger)
        let acts = { [retention] (access: Access) in
            Self.acts(desk, retention, access)
        }
        let routes = Self.publicRoutes(
            log: log, tokens: tokens, settings: settings, search: search, access: access,
            configuration: configuration, acts: acts(.roles([.operator])), admin: admin.routes)
        publicApplication = Self.application(
            RouteTable(routes, tokens: tokens),
            address: .hostname(configuration.host, port: configuration.port),
            configuration, logger,
            direct: DirectRoutes(log: log, settings: settings, tokens: tokens, logger: logger),
            onRunning: configuration.onListening)
        let host = configuration.host
        publicAddress =
            (host.contains(":") ? "[\(host)]" : host) + ":\(configuration.port)"
        adminSocket = configuration.adminSocket
        adminApplication = configuration.adminSocket.map { path in
            Self.application(
                RouteTable(
                    admin.routes + acts(.socket)
                        + ExportRoutes(
                            log: log, records: access, search: search, tokens: nil,
                            now: configuration.now
                        ).routes,
                    tokens: nil),
                address: .unixDomainSocket(path: path),
                configuration, logger, direct: nil,
                onRunning: { [configuration] _ in
                    // Until here the data folder's own mode keeps others away.
                    chmod(path, 0o600)
                    await configuration.onAdminListening()
                })
        }
    }

    /// Serves until it is shut down.
    ///
    /// Throws ``ListenerError`` where one of the two cannot listen; the other one is then ended.
    package func run() async throws {
        defer { if let adminSocket { unlink(adminSocket) } }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await Self.run(publicApplication, at: publicAddress) }
            if let adminApplication, let adminSocket {
                group.addTask { try await Self.run(adminApplication, at: adminSocket) }
            }
            group.addTask { await retention.run() }
            // The first failure leaves here, which cancels the rest of the group.
            for try await _ in group {}
        }
    }

    /// Serves the socket for administration alone, until its task is cancelled.
    package func runAdmin() async throws {
        guard let adminApplication, let adminSocket else { return }
        defer { unlink(adminSocket) }
        try await Self.run(adminApplication, at: adminSocket)
    }

    static func run(
        _ application: Application<RouteTable>, at address: String
    ) async throws {
        do {
            try await application.run()
        } catch {
            throw ListenerError(address: address, cause: error)
        }
    }

    /// The text of `spec/openapi.yaml`: both listeners' routes, without those for benchmarks.
    package static func openAPIDocument(_ routes: [Route]) -> String {
        OpenAPIDocument(routes: routes).text
    }

    private static func publicRoutes(
        log: Log, tokens: TokenStore, settings: SettingsInForce, search: RecordSearch,
        access: AccessRecords, configuration: LogServerConfiguration, acts: [Route],
        admin: [Route]
    ) -> [Route] {
        let survey = RecordSurvey(log: log, access: access, search: search)
        let reports = ForkReports()
        let verifications = VerificationSlot()
        let own = LogRoutes(
            log: log, limits: settings.limits, connections: configuration.connections,
            mirror: configuration.mirror, sink: configuration.sink, forks: reports)
        let documented =
            SubmitRoute(log: log, settings: settings, configuration: configuration).routes
            + QueryRoutes(log: log, access: access, search: search, now: configuration.now).routes
            + StatsRoutes(survey: survey).routes + GapsRoutes(survey: survey).routes
            + StreamRoutes(
                log: log, access: access, search: search, tokens: tokens,
                configuration: configuration
            ).routes
            + VerifyRoutes(log: log, access: access, slot: verifications).routes
            + BundleRoutes(
                log: log, access: access, search: search, tokens: tokens,
                verifications: verifications, now: configuration.now
            ).routes
            + ExportRoutes(
                log: log, records: access, search: search, tokens: tokens, now: configuration.now
            ).routes
            + RecordRoutes(log: log, access: access).routes + TreeRoutes(log: log).routes
            + WitnessedRoutes(log: log).routes + ExplorerRoutes().routes
            + RFC6962Routes(log: log).routes + ReceiptKeyRoutes(log: log).routes
            + SchemaRoutes().routes
            + RedactionRoutes(settings: settings, limits: settings.limits.record).routes
            + ForkRoutes(log: log, settings: settings, reports: reports).routes
            + acts
        let document = openAPIDocument(
            documented + own.routes(document: ByteBuffer()) + admin)
        return documented + own.routes(document: ByteBuffer(string: document))
            + (configuration.hasBenchRoutes ? BenchRoutes().routes : [])
    }

    /// What destroys, or keeps from it.
    private static func acts(
        _ desk: ActDesk, _ schedule: RetentionSchedule, _ access: Access
    ) -> [Route] {
        let world = desk.surroundings
        return ErasureRoutes(desk: desk, access: access).routes
            + HoldRoutes(
                book: world.holds, search: world.search, desk: desk, access: access
            ).routes
            + RetentionRoutes(desk: desk, schedule: schedule, access: access).routes
            + ApprovalRoutes(desk: desk, access: access).routes
    }

    static func application(
        _ table: RouteTable, address: BindAddress, _ configuration: LogServerConfiguration,
        _ logger: Logger, direct: DirectRoutes?,
        onRunning: @escaping @Sendable (SocketAddress?) async -> Void
    ) -> Application<RouteTable> {
        let limits = configuration.connections
        let gate = ConnectionGate(limits: limits)
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [
                ConnectionGuardInstaller(limits: limits, gate: gate, direct: direct)
            ],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.headBytes, maxHeaderListSize: limits.headBytes,
                maxHeaderFieldCount: limits.headFields))
        return Application(
            responder: table, server: .http1(configuration: channel),
            configuration: ApplicationConfiguration(
                address: address, serverName: nil, backlog: configuration.backlog),
            onServerRunning: { await onRunning($0.localAddress) }, logger: logger)
    }
}
