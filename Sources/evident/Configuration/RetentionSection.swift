// SPDX-License-Identifier: Apache-2.0

import LogServer

/// The settings of retention, and of acts that two operators decide.
enum RetentionSection {
    /// Reads them; throws what is wrong, with the key.
    static func settings(
        _ values: ConfigurationValues
    ) throws(CommandFailure) -> RetentionSettings {
        var settings = RetentionSettings()
        settings.rules = try rules(values)
        settings.profiles = try profiles(values)
        settings.overrideReason = try values.given(.retentionOverrideReason)
        settings.mode = try values.read(.retentionMode, "manual or scheduled") {
            RetentionSettings.Mode(rawValue: $0)
        }
        settings.intervalMS = try age(values, .retentionInterval)
        settings.recordLimit = UInt64(
            try values.count(.retentionRecords, 1...10_000_000))
        settings.requiresExport = try values.read(
            .retentionRequireExport, "true or false"
        ) { Bool($0) }
        settings.needsTwo = try values.read(.approvalTwoPerson, "true or false") { Bool($0) }
        settings.approvalMS = try age(values, .approvalExpiry)
        if let reason = settings.overrideReason, !isCode(reason) {
            throw .usage(
                "\(ConfigurationKey.retentionOverrideReason.rawValue) is \(reason.quoted); it must be"
                    + " a code of 1 to 64 of a-z 0-9 . _ -")
        }
        do {
            try settings.check()
        } catch {
            throw .usage(
                "retention: \(error.message)",
                advice: "Keep them for longer, or give retention.override_reason, which the log"
                    + " then tells.")
        }
        return settings
    }

    private static func rules(
        _ values: ConfigurationValues
    ) throws(CommandFailure) -> [RetentionRule] {
        guard let text = try values.given(.retentionRules) else { return [] }
        var rules: [RetentionRule] = []
        for part in text.split(separator: ";") where part.contains(where: { $0 != " " }) {
            do throws(RetentionRefusal) {
                rules.append(try RetentionRule(part))
            } catch {
                throw .usage("\(ConfigurationKey.retentionRules.rawValue): \(error.message)")
            }
        }
        guard 1...100 ~= rules.count else {
            throw .usage("\(ConfigurationKey.retentionRules.rawValue) holds 1 to 100 rules")
        }
        return rules
    }

    private static func profiles(
        _ values: ConfigurationValues
    ) throws(CommandFailure) -> [RetentionProfile] {
        guard let text = try values.given(.retentionProfile) else { return [] }
        var profiles: [RetentionProfile] = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            let name = name.drop { $0 == " " }
            guard let profile = RetentionProfile(rawValue: String(name)),
                !profiles.contains(profile)
            else {
                let all = RetentionProfile.allCases.map(\.rawValue).joined(separator: ", ")
                throw .usage(
                    "\(ConfigurationKey.retentionProfile.rawValue) is \(text.quoted); it must be some"
                        + " of \(all), each once, with commas")
            }
            profiles.append(profile)
        }
        return profiles
    }

    private static func age(
        _ values: ConfigurationValues, _ key: ConfigurationKey
    ) throws(CommandFailure) -> UInt64 {
        try values.read(key, "a time such as 1h or 7d") { RetentionAge.milliseconds($0) }
    }

    private static func isCode(_ text: String) -> Bool {
        1...64 ~= text.utf8.count
            && text.utf8.allSatisfy { byte in
                0x61...0x7a ~= byte || 0x30...0x39 ~= byte || "._-".utf8.contains(byte)
            }
    }
}
