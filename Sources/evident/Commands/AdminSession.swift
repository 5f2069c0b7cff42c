// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogClientHTTP
import LogServer
import LogStorage
import Logging
import TransparencyLog

/// What an operator's command speaks to: the server that holds the folder, or, where none does, one
/// that the command runs for as long as it needs it, on the admin socket alone.
struct AdminSession: Sendable {
    let endpoint: LogEndpoint
    private let folder: String

    /// Runs `body` with the log that `options` name.
    static func with<Result: Sendable>(
        _ options: DataOptions, _ body: @escaping @Sendable (AdminSession) async throws -> Result
    ) async throws -> Result {
        let settings = try await options.existing()
        guard let lock = try FolderLock.take(settings.data) else {
            return try await connect(settings.data, body)
        }
        defer { lock.release() }
        var logger = Logger(label: "evident") { StreamLogHandler.standardError(label: $0) }
        // What fails is told by the answer; the framework calls its own cancellation an error.
        logger.logLevel = .critical
        do {
            let opened = try await OpenLog.open(settings, logger: logger)
            do {
                let result = try await serving(opened, settings, options.source(), logger) {
                    try await connect(settings.data, body)
                }
                await opened.shutDown()
                return result
            } catch {
                await opened.shutDown()
                throw error
            }
        } catch {
            throw CommandFailure(opening: error) ?? error
        }
    }

    /// Serves the admin socket while `body` runs.
    private static func serving<Result: Sendable>(
        _ opened: OpenLog, _ settings: ServerConfiguration, _ source: ConfigurationSource,
        _ logger: Logger, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        var configuration = LogServerConfiguration()
        configuration.adminSocket = try LogFolder.freeAdminSocket(settings.data)
        configuration.approvals = LogFolder.approvals(settings.data)
        let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
        configuration.onAdminListening = { isListening.finish() }
        configuration.readJournal = ReadJournal(path: LogFolder.reads(settings.data))
        configuration.backup = BackupWriter(opened, settings, settingsFile: source.file).make
        let tokens = try TokenStore.open(path: LogFolder.tokens(settings.data))
        let (server, _) = opened.server(settings, source, tokens, configuration, logger)
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask {
                try await server.runAdmin()
                return nil
            }
            group.addTask {
                for await _ in listening {}
                return try await body()
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CommandFailure(.inputOutput, "the log could not be opened for this command")
        }
    }

    /// Runs `body` with the server that holds the folder.
    static func connect<Result>(
        _ folder: String, _ body: (AdminSession) async throws -> Result
    ) async throws -> Result {
        try await ServerOptions.translating {
            // Long work may have nothing to say for a while.
            try await LogEndpoint.withClient(silence: 600) { client in
                let endpoint = try LogEndpoint(
                    socket: LogFolder.adminSocket(folder), client: client)
                return try await body(AdminSession(endpoint: endpoint, folder: folder))
            }
        }
    }

    /// Posts JSON, and takes the answer line by line, as a value each.
    func lines(
        posting body: [UInt8], to path: String, _ take: (JSONValue) throws -> Void
    ) async throws {
        try await endpoint.lines(posting: body, to: path, limit: 8 << 20) { line in
            try take(try JSONValue.parse(line, limits: JSONLimits(byteCount: 8 << 20)))
        }
    }

    /// Sends a request, and returns the body of its answer.
    func ask(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> [UInt8] {
        try await answer(method, path, body: body).body
    }

    /// Sends a request, and returns its answer: a good one, or the one problem that is expected.
    func answer(
        _ method: String, _ path: String, body: [UInt8]? = nil, orProblem problem: String? = nil
    ) async throws -> HTTPAnswer {
        let headers = body == nil ? [] : [("Content-Type", "application/json")]
        let answer: HTTPAnswer
        do {
            answer = try await endpoint.request(method, path, headers: headers, body: body)
        } catch {
            throw CommandFailure(
                .inputOutput, "a server holds \(folder) but does not answer at its admin socket",
                advice: "It may be starting or ending: try again in a moment.")
        }
        let isProblem = problem != nil && answer.problemCode == problem
        guard (200..<300).contains(answer.status) || isProblem else {
            throw answer.error(asking: path, of: endpoint)
        }
        return answer
    }
}
