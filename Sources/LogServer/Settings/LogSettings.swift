// SPDX-License-Identifier: Apache-2.0

package import AuditRecords
package import Logging

/// What a server goes by and a reload may change: one value, of which a request sees all or nothing
/// of a change.
package struct LogSettings: Sendable {
    /// What records pass before anything is hashed or kept; nil for none.
    package var redactor: Redactor?
    /// How many records the log writes about those who read it.
    package var accessRecords = AccessGranularity.request
    package var logLevel = Logger.Level.info
    /// What is done with records past their time; no reload changes it.
    package var retention = RetentionSettings()

    package init() {}

    /// What the log's own records say of them.
    var policies: LogPolicies {
        LogPolicies(
            redaction: redactor?.identity, accessRecords: accessRecords.rawValue,
            retention: retention.policy)
    }

    /// What is otherwise than before, by the settings' names.
    func changes(from before: LogSettings) -> [SettingChange] {
        var changes: [SettingChange] = []
        if redactor?.identity != before.redactor?.identity {
            changes.append(
                SettingChange(
                    "redaction", before: before.redactor?.identity, after: redactor?.identity))
        }
        if accessRecords != before.accessRecords {
            changes.append(
                SettingChange(
                    "access.records", before: before.accessRecords.rawValue,
                    after: accessRecords.rawValue))
        }
        if logLevel != before.logLevel {
            changes.append(
                SettingChange(
                    "log.level", before: before.logLevel.rawValue, after: logLevel.rawValue))
        }
        return changes
    }
}
