// SPDX-License-Identifier: Apache-2.0

/// The types of event that version 1 of kerno's audit log has.
enum KernoType: String, CaseIterable {
    case daemonStart = "daemon.start"
    case daemonStop = "daemon.stop"
    case daemonPanic = "daemon.panic"
    case configReload = "config.reload"
    case aiCall = "ai.call"
    case findingEmit = "finding.emit"
    case authFailure = "auth.failure"
    case bpfLoad = "bpf.load"

    /// Before a type that version 1 does not have.
    static let vendorPrefix = "x.kerno."
    /// What kerno writes instead of a model that it did not ask.
    static let cachedModel = "cached"
    /// What kerno writes instead of a model after a failure.
    static let unknownModel = "unknown"

    /// The type of a record.
    var recordType: String { self == .aiCall ? "model.call" : rawValue }

    /// The type that a record's type is written as.
    static func name(ofRecordType type: String) -> String {
        switch type {
        case "model.call": aiCall.rawValue
        case "module.load": bpfLoad.rawValue
        default:
            type.hasPrefix(vendorPrefix) ? String(type.dropFirst(vendorPrefix.count)) : type
        }
    }

    /// The members of `details` in the order in which kerno writes them.
    var order: [String] {
        switch self {
        case .daemonStart, .daemonStop, .daemonPanic: ["version", "panic_digest"]
        case .configReload:
            ["path", "changed_fields", "applied", "restart_required", "source", "uid"]
        case .aiCall:
            [
                "provider", "model", "tokens", "prompt_size", "response_size", "redactions",
                "duration_ms",
            ]
        case .findingEmit: ["rule", "severity", "sink", "payload_hash", "cycle_id"]
        case .authFailure: ["endpoint", "reason", "remote_ip"]
        case .bpfLoad: ["program", "success", "error"]
        }
    }

    /// The members of `redactions` in theirs.
    static let redactionOrder = ["pid", "ip", "path"]

    private static let severities: [(name: String, scale: UInt64)] = [
        ("INFO", 1), ("WARNING", 3), ("CRITICAL", 5),
    ]

    /// A severity on a record's scale.
    static func severity(of name: String?) -> UInt64? {
        severities.first { $0.name == name }?.scale
    }

    /// The name of the nearest severity that kerno has.
    static func name(ofSeverity scale: UInt64) -> String {
        severities.last { $0.scale <= scale }?.name ?? "INFO"
    }
}
