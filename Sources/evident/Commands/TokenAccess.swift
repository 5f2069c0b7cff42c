// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClientHTTP
import LogServer

/// The tokens of a log: through the server that holds its folder, or straight in the file.
enum TokenAccess {
    case server(LogEndpoint, folder: String)
    case file(TokenStore)

    /// What is shown of a token.
    struct Shown: Codable {
        /// The token itself, when it has just been made.
        var token: String?
        let prefix: String
        let name: String
        let role: String
        let tenant: String
        let created: String
    }

    private struct ShownList: Codable { let tokens: [Shown] }

    private struct Request: Codable {
        let name: String?
        let role: String
        let tenant: String
    }

    /// Runs `body` with the tokens of the log that `options` name.
    static func with<Result>(
        _ options: DataOptions, _ body: (TokenAccess) async throws -> Result
    ) async throws -> Result {
        let folder = try await options.existing().data
        if let lock = try FolderLock.take(folder) {
            defer { lock.release() }
            return try await body(.file(try open(folder)))
        }
        return try await ServerOptions.translating {
            try await LogEndpoint.withClient { client in
                let socket = LogFolder.adminSocket(folder)
                return try await body(
                    .server(try LogEndpoint(socket: socket, client: client), folder: folder))
            }
        }
    }

    private static func open(_ folder: String) throws -> TokenStore {
        do {
            return try TokenStore.open(path: LogFolder.tokens(folder))
        } catch {
            throw CommandFailure(error)
        }
    }

    func create(name: String?, role: Role, tenant: TenantScope) async throws -> Shown {
        switch self {
        case .file(let store):
            do {
                let (text, entry) = try store.create(
                    name: name, role: role, tenant: tenant, now: LogServerConfiguration().now())
                return Shown(entry, token: text)
            } catch {
                throw CommandFailure(error)
            }
        case .server(let endpoint, let folder):
            let request = Request(name: name, role: role.rawValue, tenant: tenant.description)
            let answer = try await ask(
                endpoint, folder, "POST", "/v1/admin/tokens",
                body: Array(try JSONEncoder().encode(request)))
            return try JSONDecoder().decode(Shown.self, from: Data(answer.body))
        }
    }

    func list() async throws -> [Shown] {
        switch self {
        case .file(let store): return store.list.map { Shown($0) }
        case .server(let endpoint, let folder):
            let answer = try await ask(endpoint, folder, "GET", "/v1/admin/tokens")
            return try JSONDecoder().decode(ShownList.self, from: Data(answer.body)).tokens
        }
    }

    /// Whether there was such a token.
    func revoke(_ prefix: String) async throws -> Bool {
        switch self {
        case .file(let store):
            do {
                return try store.revoke(prefix: prefix)
            } catch {
                throw CommandFailure(error)
            }
        case .server(let endpoint, let folder):
            let isPrefix = prefix.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard isPrefix, !prefix.isEmpty else { return false }
            let answer = try await ask(
                endpoint, folder, "DELETE", "/v1/admin/tokens/\(prefix)", orProblem: "not_found")
            return answer.status != 404
        }
    }

    /// What a reload changed.
    struct Reloaded: Codable {
        struct Policy: Codable {
            let id: String
            let version: Int
            let digest: String
        }

        let changed: [String]
        let restartRequired: [String]
        let accessRecords: String
        /// Absent where records pass none.
        let redaction: Policy?
    }

    /// Has a server read its settings again; nil if there is none.
    func reload() async throws -> Reloaded? {
        guard case .server(let endpoint, let folder) = self else { return nil }
        let answer = try await ask(
            endpoint, folder, "POST", "/v1/admin/reload", orProblem: "reload_failed")
        guard answer.status == 200 else {
            throw CommandFailure.usage(answer.problemDetail ?? "the server could not reload")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reloaded.self, from: Data(answer.body))
    }

    private func ask(
        _ endpoint: LogEndpoint, _ folder: String, _ method: String, _ path: String,
        body: [UInt8]? = nil, orProblem problem: String? = nil
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

extension TokenAccess.Shown {
    fileprivate init(_ entry: TokenEntry, token: String? = nil) {
        self.init(
            token: token, prefix: entry.prefix, name: entry.credential.name,
            role: entry.credential.role.rawValue, tenant: entry.credential.tenant.description,
            created: entry.created)
    }
}

extension CommandFailure {
    init(_ error: TokenError) {
        self.init(error.code == .invalid ? .usage : .inputOutput, error.message)
    }
}
