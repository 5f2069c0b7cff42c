// SPDX-License-Identifier: Apache-2.0

/// A class of OCSF events.
enum OCSFClass: UInt64, CaseIterable {
    case eventLog = 1008
    case detectionFinding = 2004
    case authentication = 3002
    case entityManagement = 3004
    case applicationLifecycle = 6002
    case apiActivity = 6003

    var name: String {
        switch self {
        case .eventLog: "Event Log Activity"
        case .detectionFinding: "Detection Finding"
        case .authentication: "Authentication"
        case .entityManagement: "Entity Management"
        case .applicationLifecycle: "Application Lifecycle"
        case .apiActivity: "API Activity"
        }
    }

    /// The class's identifier begins with its category's.
    var category: UInt64 { rawValue / 1_000 }

    var categoryName: String {
        switch category {
        case 1: "System Activity"
        case 2: "Findings"
        case 3: "Identity & Access Management"
        default: "Application Activity"
        }
    }
}

/// Which OCSF class and activity a type of record is.
struct OCSFActivity {
    let eventClass: OCSFClass
    let id: UInt64
    /// The schema's own caption; for 99, other, a word of ours.
    let name: String

    private init(_ eventClass: OCSFClass, _ id: UInt64, _ name: String) {
        self.eventClass = eventClass
        self.id = id
        self.name = name
    }

    /// Types by name, before their families are asked.
    private static let exact: [String: OCSFActivity] = [
        "auth.success": .init(.authentication, 1, "Logon"),
        "auth.failure": .init(.authentication, 1, "Logon"),
        "agent.trust.changed": .init(.entityManagement, 3, "Update"),
        "daemon.start": .init(.applicationLifecycle, 3, "Start"),
        "daemon.stop": .init(.applicationLifecycle, 4, "Stop"),
        "daemon.restart": .init(.applicationLifecycle, 5, "Restart"),
        "finding.emit": .init(.detectionFinding, 1, "Create"),
        "guardrail.fired": .init(.detectionFinding, 1, "Create"),
        "audit.export": .init(.eventLog, 3, "Export"),
        "audit.pause": .init(.eventLog, 7, "Stop"),
        "audit.resume": .init(.eventLog, 6, "Start"),
        "log.created": .init(.eventLog, 6, "Start"),
        "log.frozen": .init(.eventLog, 7, "Stop"),
        "retention.prune": .init(.eventLog, 2, "Delete"),
        "retention.compact": .init(.eventLog, 2, "Delete"),
        "erasure.request": .init(.eventLog, 2, "Delete"),
        "erasure.complete": .init(.eventLog, 2, "Delete"),
    ]

    private static let entities = [
        "account.", "role.", "config.", "agent.skill.", "agent.stage.",
    ]

    init(_ view: RecordView) {
        self = Self.activity(of: view.type, verb: view.verb, category: view.category)
    }

    /// - Parameters:
    ///   - verb: the registry's, as a letter.
    ///   - category: the registry's.
    static func activity(of type: String, verb: String, category: String) -> OCSFActivity {
        if let known = exact[type] { return known }
        if entities.contains(where: type.hasPrefix) { return managed(.entityManagement, verb) }
        if type.hasPrefix("daemon.") {
            return .init(.applicationLifecycle, 99, lastWord(type))
        }
        if category == "audit" || type == "clock.skew" {
            return .init(.eventLog, 99, lastWord(type))
        }
        return managed(.apiActivity, verb)
    }

    /// Classes that both count create, read, update and delete from 1.
    private static func managed(_ eventClass: OCSFClass, _ verb: String) -> OCSFActivity {
        switch verb {
        case "c": .init(eventClass, 1, "Create")
        case "r": .init(eventClass, 2, "Read")
        case "u": .init(eventClass, 3, "Update")
        case "d": .init(eventClass, 4, "Delete")
        case "a": .init(eventClass, 99, "Authorize")
        default: .init(eventClass, 99, "Execute")
        }
    }

    private static func lastWord(_ type: String) -> String {
        type.split(separator: ".").last.map { $0.prefix(1).uppercased() + $0.dropFirst() }
            ?? "Other"
    }
}
