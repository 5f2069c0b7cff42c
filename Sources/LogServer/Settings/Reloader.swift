// SPDX-License-Identifier: Apache-2.0

import AuditRecords
package import Logging
package import TransparencyLog

/// What asked for a reload.
package enum ReloadSource: String, Sendable {
    /// SIGHUP.
    case signal
    /// The admin socket.
    case socket
}

/// Settings as they were read again.
package struct ReadSettings: Sendable {
    package let settings: LogSettings
    /// Names of settings that were found changed, and wait for a restart.
    package let restartRequired: [String]

    package init(_ settings: LogSettings, restartRequired: [String] = []) {
        self.settings = settings
        self.restartRequired = restartRequired
    }
}

/// Why a reload changed nothing.
package struct ReloadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What could not be read; part of the log's record of it.
    package enum Reason: String, Sendable {
        case settings = "settings_refused"
        case redaction = "policy_refused"
        case tokens = "tokens_refused"
    }

    package let reason: Reason
    /// For the operator: it may name files and settings, and is not part of the record.
    package let message: String

    package init(_ reason: Reason, _ message: String) {
        self.reason = reason
        self.message = message
    }

    package var description: String { "\(message) [\(reason.rawValue)]" }
}

/// What a reload changed.
struct ReloadReport: Sendable {
    let changed: [String]
    let restartRequired: [String]
    let policies: LogPolicies
}

/// Reads tokens and settings again: all of them or none, one reload at a time, each on record.
///
/// Order of effects, and what a failure of each leaves:
/// 1. everything is read, compiled and checked: nothing has changed, and the log records that;
/// 2. the log records the change: nothing has changed, and the log takes no records at all;
/// 3. the tokens are taken: nothing else has changed, and a second record says so;
/// 4. the settings are taken, which cannot fail. Requests that are under way keep what they have.
package actor Reloader {
    private let log: Log
    private let tokens: TokenStore
    private let settings: SettingsInForce
    private let read: @Sendable () async throws -> ReadSettings
    private let reopen: @Sendable () async -> Void
    private let logger: Logger
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// - Parameters:
    ///   - reopen: lets go of files that were moved away; done first, whatever else fails.
    ///   - read: reads the settings; throws ``ReloadError``.
    package init(
        log: Log, tokens: TokenStore, settings: SettingsInForce, logger: Logger,
        reopen: @escaping @Sendable () async -> Void = {},
        read: @escaping @Sendable () async throws -> ReadSettings
    ) {
        self.log = log
        self.tokens = tokens
        self.settings = settings
        self.logger = logger
        self.reopen = reopen
        self.read = read
    }

    /// Reloads because of a signal: there is nobody to answer but the server's log.
    package func reloadOnSignal() async {
        do {
            _ = try await reload(.signal)
        } catch {
            logger.error("nothing was reloaded", metadata: ["error": "\(error)"])
        }
    }

    /// Throws ``ReloadError``, or the log's own error where it could not record the change.
    func reload(_ source: ReloadSource) async throws -> ReloadReport {
        await enter()
        defer { leave() }
        await reopen()
        let before = settings.current
        let found: ReadSettings
        let tokenChanges: TokenStore.Changes
        do {
            found = try await read()
            tokenChanges = try changesOfTokens()
        } catch let error as ReloadError {
            await recordFailure(error, source, before)
            throw error
        }
        let changes =
            found.settings.changes(from: before.settings)
            + (tokenChanges.isEmpty ? [] : [SettingChange(secret: "tokens")])
        let record = GovernanceRecord.configReload(
            source: source.rawValue, changes: changes, policies: found.settings.policies,
            restartRequired: found.restartRequired)
        _ = try await log.submit(
            ([record] + tokenChanges.records).map { before.submissions.governance($0) })
        do {
            try tokens.reload()
        } catch {
            let failure = ReloadError(.tokens, error.message)
            await recordFailure(failure, source, before)
            throw failure
        }
        settings.use(found.settings)
        let report = ReloadReport(
            changed: changes.map(\.field), restartRequired: found.restartRequired,
            policies: found.settings.policies)
        logger.notice(
            "settings were read again",
            metadata: [
                "changed": "\(report.changed)", "restart_required": "\(report.restartRequired)",
            ])
        return report
    }

    private func changesOfTokens() throws(ReloadError) -> TokenStore.Changes {
        do {
            return try tokens.changesInFile()
        } catch {
            throw ReloadError(.tokens, error.message)
        }
    }

    private func recordFailure(
        _ error: ReloadError, _ source: ReloadSource, _ before: SettingsInForce.Snapshot
    ) async {
        let record = GovernanceRecord.configReload(
            source: source.rawValue, failure: error.reason.rawValue,
            policies: before.settings.policies)
        do {
            _ = try await log.submit([before.submissions.governance(record)])
        } catch {
            logger.error(
                "a failed reload could not be recorded", metadata: ["error": "\(error)"])
        }
    }

    // MARK: One at a time

    private func enter() async {
        guard isBusy else { return isBusy = true }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func leave() {
        guard !waiting.isEmpty else { return isBusy = false }
        waiting.removeFirst().resume()
    }
}

extension TokenStore.Changes {
    /// What the log says of them.
    fileprivate var records: [GovernanceRecord] {
        added.map { entry in
            let credential = entry.credential
            return .tokenCreated(
                credential: credential.name, role: credential.role.rawValue,
                tenant: credential.tenant.description)
        } + removed.map { .tokenRevoked(credential: $0.credential.name) }
    }
}
