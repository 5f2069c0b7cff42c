// SPDX-License-Identifier: Apache-2.0

import AuditRecords
import LogCrypto
import LogServer
import Logging
import TransparencyLog

extension LogSettings {
    /// What a configuration says of the settings that a reload may change: compiles the policy, and
    /// runs the samples of its rules.
    init(_ configuration: ServerConfiguration, tokenKey: Digest) throws {
        self.init()
        redactor = try RedactionSection.redactor(
            named: configuration.redaction, tokenKey: tokenKey)
        accessRecords = configuration.accessRecords
        logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        retention = configuration.retention
    }
}

extension ReadSettings {
    /// Reads everything again, for a server that was started with `started`.
    ///
    /// Throws ``ReloadError``.
    static func read(
        _ source: ConfigurationSource, started: ServerConfiguration, tokenKey: Digest
    ) async throws -> ReadSettings {
        let configuration: ServerConfiguration
        do {
            configuration = try await source.load()
        } catch {
            throw ReloadError(.settings, text(of: error))
        }
        let waiting = configuration.keys(differingFrom: started).filter { !$0.isReloadable }
        do {
            var settings = try LogSettings(configuration, tokenKey: tokenKey)
            settings.retention = started.retention
            return ReadSettings(
                settings,
                restartRequired: waiting.map(\.rawValue))
        } catch {
            throw ReloadError(.redaction, text(of: error))
        }
    }

    private static func text(of error: any Error) -> String {
        (error as? CommandFailure)?.message ?? "\(error)"
    }
}

extension LogKeys {
    /// What makes redaction's tokens and digests of equal values equal.
    var redactionTokenKey: Digest {
        idempotency.derived(for: "evident.redaction.tokens.v1").code(for: [])
    }
}
