// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// What is done with records past their time, and by how many people.
package struct RetentionSettings: Hashable, Sendable {
    package enum Mode: String, Sendable {
        /// When an operator says so.
        case manual
        /// At an interval too.
        case scheduled
    }

    /// The first that a record passes holds.
    package var rules: [RetentionRule] = []
    /// The frameworks whose shortest times hold.
    package var profiles: [RetentionProfile] = []
    /// Why these are shortened all the same.
    package var overrideReason: String?
    package var mode = Mode.manual
    package var intervalMS = RetentionAge.day
    /// Records that one run takes at most.
    package var recordLimit: UInt64 = 100_000
    /// Whether a prune takes only what was exported.
    package var requiresExport = false
    /// Whether a second operator must agree to what destroys or allows it.
    package var needsTwo = false
    /// For how long a request waits for the second one.
    package var approvalMS = RetentionAge.day

    package init() {}

    /// The shortest time that a record must be kept, milliseconds; 0 without a profile, and where it is
    /// overridden.
    var floorMS: UInt64 {
        overrideReason == nil ? profiles.map(\.floorMS).max() ?? 0 : 0
    }

    /// Throws where a rule keeps records for less than a profile asks for, without a reason.
    package func check() throws(RetentionRefusal) {
        for rule in rules {
            guard let keep = rule.keepMS, keep < floorMS,
                let profile = profiles.max(by: { $0.floorMS < $1.floorMS })
            else { continue }
            throw RetentionRefusal(
                "\"\(rule)\" keeps records for less than the \(profile.floorMS / RetentionAge.day)"
                    + " days of the profile \(profile.rawValue)")
        }
        guard mode == .manual || rules.contains(where: { $0.keepMS != nil }) else {
            throw RetentionRefusal("scheduled runs need a rule with an age")
        }
    }

    /// What the log's own records say of it; nil where nothing is set.
    var policy: String? {
        guard self != RetentionSettings() else { return nil }
        return String(decoding: value.canonical, as: UTF8.self)
    }

    /// The same as JSON.
    var value: JSONValue {
        var members: [JSONValue.Member] = [
            .init("mode", .string(mode.rawValue)), .init("two_person", .bool(needsTwo)),
            .init("profiles", .array(profiles.map { .string($0.rawValue) })),
            .init("records", .integer(recordLimit)),
            .init("rules", .array(rules.map { .string($0.description) })),
        ]
        if mode == .scheduled { members.append(.init("interval_ms", .integer(intervalMS))) }
        if requiresExport { members.append(.init("require_export", .bool(true))) }
        if let overrideReason {
            members.append(.init("override_reason", .string(overrideReason)))
        }
        return .object(members)
    }
}

/// A framework that asks for logs to be kept for some time at least.
///
/// The figures are for orientation: docs/retention.md has their sources.
package enum RetentionProfile: String, CaseIterable, Sendable {
    case euAIAct = "eu-ai-act"
    case pci
    case hipaa
    case fedramp

    /// Milliseconds; of months and years, the longest that there are.
    var floorMS: UInt64 {
        switch self {
        case .euAIAct: 184 * RetentionAge.day
        case .pci: 366 * RetentionAge.day
        case .hipaa: 6 * 366 * RetentionAge.day
        case .fedramp: 916 * RetentionAge.day
        }
    }
}
