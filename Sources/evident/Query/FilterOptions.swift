// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuditChain
import AuditRecords

/// Which records are meant: the filters of the interface as flags.
struct FilterOptions: ParsableArguments {
    @Option(help: "Type, or tool.* for all that begin so. Every filter here can be repeated.")
    var type: [String] = []

    @Option(help: "Category, such as tool, model, policy, auth.")
    var category: [String] = []

    @Option(help: "Action.")
    var action: [String] = []

    @Option(help: "Outcome: success, failure, denied, timeout, cancelled, partial, unknown.")
    var outcome: [String] = []

    @Option(help: "Reason.")
    var reason: [String] = []

    @Option(help: "Tenant; a reader sees its own only.")
    var tenant: [String] = []

    @Option(help: "Actor's id.")
    var actor: [String] = []

    @Option(help: "Actor's type, such as human, service, agent.")
    var actorType: [String] = []

    @Option(help: "Agent's id.")
    var agent: [String] = []

    @Option(help: "Model's name.")
    var model: [String] = []

    @Option(help: "Tool's name.")
    var tool: [String] = []

    @Option(help: "Approval's status.")
    var approvalStatus: [String] = []

    @Option(help: "Policy's rule.")
    var rule: [String] = []

    @Option(help: "A target's id.")
    var target: [String] = []

    @Option(help: "A target's type.")
    var targetType: [String] = []

    @Option(help: "Source address, as it is stored.")
    var sourceIp: [String] = []

    @Option(help: "Trace.")
    var traceId: [String] = []

    @Option(help: "Session.")
    var sessionId: [String] = []

    @Option(help: "Run.")
    var runId: [String] = []

    @Option(help: "Cycle.")
    var cycleId: [String] = []

    @Option(help: "Parent.")
    var parentId: [String] = []

    @Option(help: "Data class, such as pii.")
    var dataClass: [String] = []

    @Option(help: "Producer's id or component.")
    var producer: [String] = []

    @Option(help: "System that the record was imported from, or its identifier there.")
    var imported: [String] = []

    @Option(help: "Severity from 1 to 6, and all above it.")
    var severityMin: Int?

    @Option(help: "From this time on: RFC 3339 with an offset, or an age such as 15m, 2h, 7d.")
    var since: String?

    @Option(help: "Before this time; the same forms.")
    var until: String?

    @Flag(help: "Take --since and --until by the log's clock instead of the producer's.")
    var received = false

    /// The parameters of the request, in a fixed order.
    ///
    /// - Parameter now: what ages are counted back from.
    func items(now: Timestamp) throws -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        for field in FilterField.allCases {
            items += values(of: field).map { (field.name, $0) }
        }
        if let severityMin {
            guard 1...6 ~= severityMin else {
                throw ValidationError("--severity-min is a number from 1 to 6")
            }
            items.append(("severity_min", String(severityMin)))
        }
        if let since { items.append(("since", try Self.time(since, "--since", now))) }
        if let until { items.append(("until", try Self.time(until, "--until", now))) }
        if received { items.append(("time_basis", "received")) }
        return items
    }

    private func values(of field: FilterField) -> [String] {
        switch field {
        case .type: type
        case .category: category
        case .action: action
        case .outcome: outcome
        case .reason: reason
        case .tenant: tenant
        case .actor: actor
        case .actorType: actorType
        case .agent: agent
        case .model: model
        case .tool: tool
        case .approvalStatus: approvalStatus
        case .rule: rule
        case .target: target
        case .targetType: targetType
        case .sourceIP: sourceIp
        case .traceID: traceId
        case .sessionID: sessionId
        case .runID: runId
        case .cycleID: cycleId
        case .parentID: parentId
        case .dataClass: dataClass
        case .producer: producer
        case .imported: imported
        }
    }

    /// A time as the interface takes it.
    static func time(_ text: String, _ flag: String, _ now: Timestamp) throws -> String {
        if let time = Timestamp(rfc3339: text) { return time.description }
        guard let age = age(text), let time = Timestamp(microseconds: now.microseconds - age)
        else {
            throw ValidationError(
                "\(flag) is RFC 3339 with an offset (2026-06-01T08:00:00Z), or an age (15m, 2h, 7d)"
            )
        }
        return time.description
    }

    /// `90s`, `15m`, `2h`, `7d` in microseconds; nil for anything else.
    private static func age(_ text: String) -> Int64? {
        let units: [Character: Int64] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let last = text.last, let unit = units[last],
            let number = Int64(text.dropLast()), 1...1_000_000 ~= number
        else { return nil }
        return number * unit * 1_000_000
    }
}

/// The text of a query, percent-encoded; empty without any parameter.
enum QueryText {
    static func text(_ items: [(name: String, value: String)]) -> String {
        guard !items.isEmpty else { return "" }
        return "?" + items.map { "\($0.name)=\(encode($0.value))" }.joined(separator: "&")
    }

    private static func encode(_ value: String) -> String {
        var text = ""
        for byte in value.utf8 {
            let isPlain =
                0x61...0x7a ~= byte | 0x20 || 0x30...0x39 ~= byte || "-._~:*".utf8.contains(byte)
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }
}
