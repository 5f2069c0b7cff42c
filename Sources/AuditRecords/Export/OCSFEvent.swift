// SPDX-License-Identifier: Apache-2.0

import AuditChain
import LogCrypto

/// A record as an event of the Open Cybersecurity Schema Framework.
///
/// What the schema asks for is filled, what it has a place for is there, and all else stands in
/// `unmapped` as the record has it: nothing is lost.
struct OCSFEvent {
    static let schemaVersion = "1.8.0"

    private let view: RecordView
    private let activity: OCSFActivity
    private var draft = ObjectDraft()
    private var profiles: [String] = []
    /// Members of the record that stand elsewhere in the event.
    private var told: [String: Set<String>] = [
        "v": [], "id": [], "type": [], "tenant": [], "reason": [], "time": [], "severity": [],
        "trace": ["trace_id"], "error": ["message"], "imported": ["original_id"],
    ]

    init(_ view: RecordView) {
        self.view = view
        activity = OCSFActivity(view)
    }

    /// The event; its members have one order.
    var json: JSONValue {
        var event = self
        event.base()
        event.ending()
        event.acting()
        switch activity.eventClass {
        case .eventLog: event.eventLog()
        case .detectionFinding: event.finding()
        case .authentication: event.authentication()
        case .entityManagement: event.entity()
        case .applicationLifecycle: event.application()
        case .apiActivity: event.api()
        }
        event.control()
        event.metadata()
        event.draft.set("unmapped", view.integrity(view.rest(without: event.told)))
        return event.draft.value ?? [:]
    }

    // MARK: What every class has

    private mutating func base() {
        let kind = activity.eventClass
        draft.set("class_uid", kind.rawValue)
        draft.set("class_name", kind.name)
        draft.set("category_uid", kind.category)
        draft.set("category_name", kind.categoryName)
        draft.set("activity_id", activity.id)
        draft.set("activity_name", activity.name)
        draft.set("type_uid", kind.rawValue * 100 + activity.id)
        draft.set("type_name", "\(kind.name): \(activity.name)")
        draft.set("time", .integer((view.time?.microseconds ?? 0).flooredMillis))
        let severity = severity
        draft.set("severity_id", severity)
        draft.set("severity", Self.severities[Int(severity)])
    }

    private static let severities = [
        "Unknown", "Informational", "Low", "Medium", "High", "Critical", "Fatal",
    ]

    /// The record's own, which has the same scale; else a refusal is of note, and all else is not.
    private var severity: UInt64 {
        view.number("severity").flatMap { 1...6 ~= $0 ? $0 : nil } ?? (view.isDenied ? 3 : 1)
    }

    private mutating func ending() {
        if let outcome = view.outcome {
            let (id, status): (UInt64, String) =
                switch outcome {
                case "success": (1, "Success")
                case "failure", "denied", "timeout": (2, "Failure")
                case "unknown": (0, "Unknown")
                default: (99, outcome)
                }
            draft.set("status_id", id)
            draft.set("status", status)
            if ["success", "failure"].contains(outcome) { told["outcome"] = [] }
        }
        draft.set("status_code", view.text("reason"))
        draft.set("status_detail", view.text("error", "message"))
        // The exact one stays in `unmapped`: here it is in milliseconds.
        draft.set("duration", view.number("duration_us").map { $0 / 1_000 })
    }

    private mutating func metadata() {
        var metadata = ObjectDraft()
        metadata.set("version", Self.schemaVersion)
        metadata.set("product", ["name": "Evident", "vendor_name": "Evident"] as JSONValue)
        metadata.set("uid", view.text("id"))
        metadata.set("event_code", view.type)
        metadata.set("tenant_uid", view.text("tenant"))
        metadata.set("sequence", view.exported.index)
        metadata.set("log_name", view.exported.origin.text)
        metadata.set("log_provider", "Evident")
        metadata.set("log_version", view.text("v"))
        metadata.set("original_time", view.text("time"))
        metadata.set("correlation_uid", view.text("trace", "trace_id"))
        metadata.set("original_event_uid", view.text("imported", "original_id"))
        metadata.set("logged_time", view.received.map { .integer($0.microseconds.flooredMillis) })
        metadata.set("profiles", profiles.sorted())
        draft.set("metadata", metadata)
    }

    // MARK: Who

    private var user: JSONValue? {
        var user = ObjectDraft()
        user.set("uid", view.text("actor", "id"))
        user.set("name", view.text("actor", "id"))
        user.set("display_name", view.text("actor", "display"))
        if let email = view.text("actor", "email"), Self.isEmail(email) {
            user.set("email_addr", email)
        }
        user.set("credential_uid", view.text("actor", "credential_id"))
        user.set("type", view.text("actor", "type"))
        let type: UInt64 =
            switch view.text("actor", "type") {
            case "human", "os_user": 1
            case "system": 3
            case "service": 4
            case nil, "anonymous": 0
            default: 99
            }
        user.set("type_id", type)
        let roles = view["actor"]?["roles"]?.elements?.compactMap(\.text) ?? []
        if !roles.isEmpty { user.set("groups", .array(roles.map { ["name": .string($0)] })) }
        return view.text("actor", "id") == nil ? nil : user.value
    }

    private mutating func acting() {
        // Erased, it is nobody that is known.
        let actor = user ?? ["name": "unknown", "type_id": 0]
        draft.set("actor", ["user": actor])
        // Elsewhere the classes have it by themselves.
        if [.applicationLifecycle, .detectionFinding].contains(activity.eventClass) {
            profiles.append("host")
        }
        var names: Set = ["id", "type", "display", "roles", "credential_id"]
        if view.text("actor", "email").map(Self.isEmail) ?? false { names.insert("email") }
        told["actor"] = names
    }

    /// What the schema's own pattern takes; a token or a placeholder is none.
    private static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else { return false }
        func isPlain(_ part: Substring, _ more: String) -> Bool {
            part.utf8.allSatisfy { byte in
                0x61...0x7a ~= byte | 0x20 || 0x30...0x39 ~= byte || more.utf8.contains(byte)
            }
        }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        return isPlain(parts[0], "._+-") && labels.count > 1
            && labels.allSatisfy { !$0.isEmpty && isPlain($0, "-") }
    }

    // MARK: Classes

    private mutating func eventLog() {
        draft.set("log_name", view.exported.origin.text)
        draft.set("log_provider", "Evident")
        setSource(isNeeded: false)
    }

    private mutating func finding() {
        let first = view.target?["name"]?.text ?? view.target?["id"]?.text
        var finding = ObjectDraft()
        finding.set("uid", view.text("id") ?? view.exported.leaf.commitment.hex)
        finding.set(
            "title", view.text("action") ?? view.text("reason") ?? first ?? view.type)
        finding.set("types", [view.type])
        draft.set("finding_info", finding)
        setResources()
    }

    private mutating func authentication() {
        draft.set("user", user ?? ["name": "unknown", "type_id": 0])
        draft.set("service", ["name": .string(component ?? view.exported.origin.text)] as JSONValue)
        setSource(isNeeded: false)
    }

    private mutating func entity() {
        var entity = ObjectDraft()
        let target = view.target
        let name =
            target?["name"]?.text ?? target?["id"]?.text ?? view.text("agent", "id")
            ?? view["details"]?["credential"]?.text ?? component
        entity.set("name", name ?? view.type)
        entity.set("uid", target?["id"]?.text)
        let word = view.type.split(separator: ".").first.map(String.init)
        entity.set("type", target?["type"]?.text ?? word)
        draft.set("entity", entity)
        setSource(isNeeded: false)
    }

    private mutating func application() {
        var app = ObjectDraft()
        app.set("name", component ?? view.text("actor", "id") ?? "unknown")
        app.set("uid", view.text("producer", "instance"))
        app.set("version", view.text("producer", "version"))
        draft.set("app", app)
    }

    private mutating func api() {
        var api = ObjectDraft()
        api.set(
            "operation", view.text("action") ?? view.text("tool", "name") ?? view.type)
        if view.text("action") != nil { told["action"] = [] }
        if let name = view.text("tool", "name") ?? view.text("model", "name") {
            api.set("service", ["name": .string(name)] as JSONValue)
        }
        if let call = view.text("tool", "call_id") ?? view.text("trace", "request_id") {
            api.set("request", ["uid": .string(call)] as JSONValue)
        }
        var response = ObjectDraft()
        response.set("error", view.text("error", "class"))
        response.set("error_message", view.text("error", "message"))
        api.set("response", response)
        told["tool"] = ["name", "call_id"]
        told["error"] = ["message", "class"]
        draft.set("api", api)
        setSource(isNeeded: true)
        setResources()
        setModel()
    }

    private mutating func setModel() {
        guard let provider = view.text("model", "provider"), let name = view.text("model", "name")
        else { return }
        profiles.append("ai_operation")
        draft.set(
            "ai_model", ["ai_provider": .string(provider), "name": .string(name)] as JSONValue)
        told["model"] = ["provider", "name"]
        let tokens: [(String, String)] = [
            ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens"),
            ("total_tokens", "total_tokens"),
        ]
        var context = ObjectDraft()
        for (name, member) in tokens { context.set(name, view.number("usage", member)) }
        guard context.value != nil else { return }
        let caller = view.text("agent", "name") ?? view.text("agent", "id") ?? component
        context.set("application", ["name": .string(caller ?? "unknown")] as JSONValue)
        draft.set("message_context", context)
        told["usage"] = Set(tokens.map(\.1))
    }

    /// What refused or allowed it, in the classes that all have that profile.
    private mutating func control() {
        let decision = view.text("policy", "decision")
        guard view.isDenied || decision != nil else { return }
        profiles.append("security_control")
        let isDenied = view.isDenied
        let (action, disposition): (UInt64, UInt64) =
            isDenied ? (2, 2) : decision == "allow" ? (1, 1) : (99, 99)
        draft.set("action_id", action)
        draft.set("action", isDenied ? "Denied" : decision == "allow" ? "Allowed" : decision)
        draft.set("disposition_id", disposition)
        draft.set(
            "disposition", isDenied ? "Blocked" : decision == "allow" ? "Allowed" : decision)
        var policy = ObjectDraft()
        policy.set("uid", view.text("policy", "id"))
        policy.set("name", view.text("policy", "rule_id"))
        guard policy.value != nil else { return }
        policy.set("version", view.text("policy", "version"))
        draft.set("policy", policy)
        told["policy"] = ["id", "rule_id", "version"]
    }

    // MARK: Parts

    /// The program that reports.
    private var component: String? {
        view.text("producer", "component") ?? view.text("producer", "id")
    }

    private mutating func setSource(isNeeded: Bool) {
        var source = ObjectDraft()
        if let address = view.address {
            source.set("ip", address)
            told["source"] = ["ip", "port"]
            source.set("port", view.number("source", "port").flatMap { $0 < 65_536 ? $0 : nil })
        }
        source.set("svc_name", component)
        source.set("instance_uid", view.text("producer", "instance"))
        if source.value == nil, let text = view.text("source", "ip") {
            // A token or a network stands for the address: a name, and no more.
            source.set("name", text)
        }
        if source.value == nil, isNeeded { source.set("name", "unknown") }
        draft.set("src_endpoint", source)
    }

    private mutating func setResources() {
        let targets = view["target"]?.elements ?? []
        let resources = targets.compactMap { target -> JSONValue? in
            var resource = ObjectDraft()
            resource.set("uid", target["id"]?.text)
            resource.set("name", target["name"]?.text)
            guard resource.value != nil else { return nil }
            resource.set("type", target["type"]?.text)
            return resource.value
        }
        guard !resources.isEmpty else { return }
        draft.set("resources", .array(resources))
        let known: Set = ["id", "name", "type"]
        let isAll =
            resources.count == targets.count
            && targets.allSatisfy { $0.members?.allSatisfy { known.contains($0.name) } ?? false }
        if isAll { told["target"] = [] }
    }
}

extension Int64 {
    /// Whole milliseconds of a number of microseconds, before 1970 too.
    var flooredMillis: Int64 { self >= 0 ? self / 1_000 : (self - 999) / 1_000 }
}
