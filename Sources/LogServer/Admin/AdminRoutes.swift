// SPDX-License-Identifier: Apache-2.0

import AuditChain
import AuditRecords
import HTTPTypes
import Hummingbird
import LogStorage
import Logging
import TransparencyLog

/// What the operator's own commands ask of a running server, over its Unix socket.
struct AdminRoutes: Sendable {
    let log: Log
    let tokens: TokenStore
    let settings: SettingsInForce
    let reloader: Reloader
    let configuration: LogServerConfiguration

    private static let bodyLimit = 4_096

    var routes: [Route] {
        [list, create, revoke, health, reload]
            + FreezeRoute(log: log, settings: settings).routes
            + BackupRoute(log: log, settings: settings, configuration: configuration).routes
    }

    private var list: Route {
        Route(
            .get, "/v1/admin/tokens", access: .socket,
            Operation(
                "listTokens", "All tokens, without their secrets",
                successes: [.json("Tokens", "The tokens.")])
        ) { [tokens] _ in
            var json = JSONWriter(capacity: 4_096)
            json.open()
            json.name("tokens")
            json.openArray()
            for entry in tokens.list { json.token(entry) }
            json.closeArray()
            json.close()
            return .json(json)
        }
    }

    private var create: Route {
        Route(
            .post, "/v1/admin/tokens", access: .socket,
            Operation(
                "createToken", "Makes a token",
                "Its text is in the answer and nowhere else. A new token with the name and tenant"
                    + " of an old one replaces it for idempotency keys and receipts.",
                body: [("application/json", "NewToken")],
                successes: [.json("Token", "The token.", status: 201)],
                problems: [
                    .invalidToken, .overloaded, .shuttingDown, .sequencingStopped,
                    .clockDisagrees, .storageFailed, .storageFull, .notPublished, .frozen,
                    .evidenceOnly,
                ])
        ) { [self] call in
            let body = try await call.request.body.collect(upTo: Self.bodyLimit)
            let request = try Self.read(body)
            let (text, entry) = try tokens.create(
                name: request.name, role: request.role, tenant: request.tenant,
                now: configuration.now())
            try await record(creationOf: entry)
            var json = JSONWriter(capacity: 384)
            json.token(entry, text: text)
            return .json(json, status: .created)
        }
    }

    /// A log that was ended takes no record of it: the journal of readings does, for a reader of the
    /// log may need a token for as long as it is kept.
    private func record(_ event: GovernanceRecord) async throws {
        let submission = settings.current.submissions.governance(event)
        if log.mode == .frozen, let journal = configuration.readJournal {
            return try journal.append(submission.content.record)
        }
        _ = try await log.submit([submission])
    }

    /// A token that the log does not know of is not handed out.
    private func record(creationOf entry: TokenEntry) async throws {
        let credential = entry.credential
        do {
            try await record(
                .tokenCreated(
                    credential: credential.name, role: credential.role.rawValue,
                    tenant: credential.tenant.description))
        } catch {
            try tokens.revoke(prefix: entry.prefix)
            throw error
        }
    }

    private static func read(
        _ body: ByteBuffer
    ) throws(Problem) -> (name: String?, role: Role, tenant: TenantScope) {
        guard let value = try? JSONValue.parse(Array(body.readableBytesView)),
            let members = value.members,
            members.allSatisfy({ ["name", "role", "tenant"].contains($0.name) }),
            let role = value["role"]?.text.flatMap(Role.init(rawValue:)),
            let tenant = value["tenant"]?.text.flatMap({ TenantScope($0) })
        else { throw Problem(.invalidToken) }
        guard let name = value["name"] else { return (nil, role, tenant) }
        guard let name = name.text else { throw Problem(.invalidToken) }
        return (name, role, tenant)
    }

    private var revoke: Route {
        Route(
            .delete, "/v1/admin/tokens/{prefix}", access: .socket,
            Operation(
                "revokeToken", "Ends a token at once",
                parameters: [
                    .path(
                        "prefix", ["type": "string", "pattern": "^[a-z2-7]{12}$"],
                        "The token's public prefix.")
                ],
                successes: [Operation.Success(status: 204, description: "It ended.", content: [])],
                problems: [.notFound])
        ) { [self] call in
            let prefix = String(try call.parameter("prefix"))
            guard let entry = tokens.list.first(where: { $0.prefix == prefix }),
                try tokens.revoke(prefix: prefix)
            else { throw Problem(.notFound) }
            do {
                try await record(.tokenRevoked(credential: entry.credential.name))
            } catch {
                // It has ended all the same: no state of the log keeps a token alive.
                call.context.logger.error(
                    "a token's end could not be recorded", metadata: ["error": "\(error)"])
            }
            return Response(status: .noContent, headers: [.cacheControl: "no-store"])
        }
    }

    private var health: Route {
        Route(
            .get, "/v1/admin/health", access: .socket,
            Operation(
                "getLogHealth", "The log's state, with the operator's own text",
                successes: [.json("Readiness", "The state.")])
        ) { [log] _ in
            var json = JSONWriter(capacity: 384)
            json.health(log.health, withDetail: true)
            return .json(json)
        }
    }

    private var reload: Route {
        Route(
            .post, "/v1/admin/reload", access: .socket,
            Operation(
                "reload", "Reads tokens, redaction policy and log settings again",
                "All of it or nothing: what cannot be read, compiled or recorded changes nothing."
                    + " Requests that are under way keep what they began with. The log has a record"
                    + " of it, also where it failed.",
                successes: [.json("Reload", "They were read.")],
                problems: [.reloadFailed] + AccessRecords.problems)
        ) { [reloader] call in
            do {
                return .json(Self.answer(try await reloader.reload(.socket)))
            } catch let error as ReloadError {
                call.context.logger.error("nothing was reloaded", metadata: ["error": "\(error)"])
                var problem = Problem(.reloadFailed)
                problem.reason = error.reason.rawValue
                problem.advice = "\(error.message). Nothing has changed."
                throw problem
            }
        }
    }

    private static func answer(_ report: ReloadReport) -> JSONWriter {
        var json = JSONWriter(capacity: 384)
        json.open()
        json.member("changed", report.changed)
        json.member("restart_required", report.restartRequired)
        json.member("access_records", report.policies.accessRecords)
        if let redaction = report.policies.redaction {
            json.name("redaction")
            json.policy(redaction)
        }
        json.close()
        return json
    }
}

extension JSONWriter {
    fileprivate mutating func token(_ entry: TokenEntry, text: String? = nil) {
        open()
        if let text { member("token", text) }
        member("prefix", entry.prefix)
        member("name", entry.credential.name)
        member("role", entry.credential.role.rawValue)
        member("tenant", entry.credential.tenant.description)
        member("created", entry.created)
        close()
    }
}
