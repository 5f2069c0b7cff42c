// SPDX-License-Identifier: Apache-2.0

import Foundation
import LogClientHTTP
import LogServer

/// The tokens of a log: through the server that holds its folder, or straight in the file.
enum TokenAccess {
    case server(AdminSession)
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
        return try await AdminSession.connect(folder) { try await body(.server($0)) }
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
        case .server(let session):
            let request = Request(name: name, role: role.rawValue, tenant: tenant.description)
            let answer = try await session.ask(
                "POST", "/v1/admin/tokens", body: Array(try JSONEncoder().encode(request)))
            return try JSONDecoder().decode(Shown.self, from: Data(answer))
        }
    }

    func list() async throws -> [Shown] {
        switch self {
        case .file(let store): return store.list.map { Shown($0) }
        case .server(let session):
            let answer = try await session.ask("GET", "/v1/admin/tokens")
            return try JSONDecoder().decode(ShownList.self, from: Data(answer)).tokens
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
        case .server(let session):
            let isPrefix = prefix.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
            guard isPrefix, !prefix.isEmpty else { return false }
            let answer = try await session.answer(
                "DELETE", "/v1/admin/tokens/\(prefix)", orProblem: "not_found")
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
        guard case .server(let session) = self else { return nil }
        let answer = try await session.answer(
            "POST", "/v1/admin/reload", orProblem: "reload_failed")
        guard answer.status == 200 else {
            throw CommandFailure.usage(answer.problemDetail ?? "the server could not reload")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Reloaded.self, from: Data(answer.body))
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
