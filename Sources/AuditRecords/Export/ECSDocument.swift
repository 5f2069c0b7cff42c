// SPDX-License-Identifier: Apache-2.0

import AuditChain

/// A record as a document of the Elastic Common Schema; what it has no field for is under
/// `evident`, as the record has it.
struct ECSDocument {
    static let schemaVersion = "8.17.0"

    private let view: RecordView
    private var told: [String: Set<String>] = [
        "v": [], "id": [], "type": [], "tenant": [], "time": [], "received": [], "action": [],
        "reason": [], "severity": [], "error": ["class", "message"],
        "producer": ["component", "instance", "version"], "policy": ["id", "rule_id", "version"],
        "trace": ["trace_id", "span_id"], "source": ["ip", "port", "ua"],
        "actor": ["id", "display", "email", "roles"],
    ]

    init(_ view: RecordView) {
        self.view = view
    }

    /// The document; its members have one order.
    var json: JSONValue {
        var document = ObjectDraft()
        document.set("@timestamp", view.time?.description)
        document.set("ecs", ["version": .string(Self.schemaVersion)] as JSONValue)
        document.set("event", event)
        document.set("user", user)
        document.set("source", source)
        document.set("service", service)
        document.set("rule", rule)
        setNamed(&document)
        var told = told
        if ["success", "failure"].contains(view.outcome) { told["outcome"] = [] }
        if view.text("producer", "component") == nil { told["producer"]?.insert("id") }
        document.set("evident", view.integrity(view.rest(without: told)))
        return document.value ?? [:]
    }

    /// Fields that stand alone in their set.
    private func setNamed(_ document: inout ObjectDraft) {
        for (set, field, text) in [
            ("organization", "id", view.text("tenant")),
            ("trace", "id", view.text("trace", "trace_id")),
            ("span", "id", view.text("trace", "span_id")),
            ("user_agent", "original", view.text("source", "ua")),
        ] {
            guard let text else { continue }
            document.set(set, .object([.init(field, .string(text))]))
        }
        var error = ObjectDraft()
        error.set("type", view.text("error", "class"))
        error.set("message", view.text("error", "message"))
        document.set("error", error)
        var related = ObjectDraft()
        related.set("user", view.text("actor", "id").map { [$0] } ?? [])
        related.set("ip", view.address.map { [$0] } ?? [])
        document.set("related", related)
    }

    private var event: JSONValue? {
        var event = ObjectDraft()
        let (category, type) = classification
        event.set("kind", isAlert ? "alert" : "event")
        event.set("category", [category])
        event.set("type", [type])
        event.set("action", view.text("action") ?? view.type)
        event.set("code", view.type)
        event.set("module", "evident")
        event.set("dataset", "evident.audit")
        event.set("id", view.text("id"))
        event.set("sequence", view.exported.index)
        event.set("ingested", view.received?.description)
        event.set("reason", view.text("reason"))
        event.set("severity", view.number("severity"))
        // In nanoseconds, as far as JSON's numbers go; the exact one stands under evident.
        event.set(
            "duration", view.number("duration_us").flatMap { $0 < 1 << 43 ? $0 * 1_000 : nil })
        event.set("outcome", outcome)
        return event.value
    }

    private var isAlert: Bool { ["finding.emit", "guardrail.fired"].contains(view.type) }

    private var outcome: String? {
        switch view.outcome {
        case "success": "success"
        case "failure", "denied", "timeout", "cancelled": "failure"
        case nil: nil
        default: "unknown"
        }
    }

    /// A category and a type of it, both of the lists that the schema allows.
    private var classification: (category: String, type: String) {
        if isAlert { return ("intrusion_detection", view.isDenied ? "denied" : "info") }
        let type = view.type
        if type.hasPrefix("auth.") { return ("authentication", "start") }
        if type.hasPrefix("account.") || type.hasPrefix("role.") { return ("iam", change) }
        switch type {
        case "daemon.start", "daemon.restart": return ("process", "start")
        case "daemon.stop", "daemon.panic": return ("process", "end")
        case "tool.call", "agent.run.start", "agent.delegate.start": return ("api", "start")
        case "tool.result", "agent.run.end", "agent.delegate.end": return ("api", "end")
        default: break
        }
        if view.category == "config" { return ("configuration", "change") }
        if view.isDenied { return ("api", "denied") }
        return ("api", view.verb == "r" ? "access" : change)
    }

    private var change: String {
        switch view.verb {
        case "c": "creation"
        case "u": "change"
        case "d": "deletion"
        default: "info"
        }
    }

    private var user: JSONValue? {
        var user = ObjectDraft()
        user.set("id", view.text("actor", "id"))
        user.set("full_name", view.text("actor", "display"))
        user.set("email", view.text("actor", "email"))
        user.set("roles", view["actor"]?["roles"]?.elements?.compactMap(\.text) ?? [])
        return user.value
    }

    /// An address is a field of type ip, which takes no token and no network.
    private var source: JSONValue? {
        var source = ObjectDraft()
        source.set("address", view.text("source", "ip"))
        source.set("ip", view.address)
        source.set("port", view.number("source", "port"))
        return source.value
    }

    private var service: JSONValue? {
        var service = ObjectDraft()
        service.set("name", view.text("producer", "component") ?? view.text("producer", "id"))
        service.set("version", view.text("producer", "version"))
        if let instance = view.text("producer", "instance") {
            service.set("node", ["name": .string(instance)] as JSONValue)
        }
        return service.value
    }

    private var rule: JSONValue? {
        var rule = ObjectDraft()
        rule.set("id", view.text("policy", "rule_id"))
        rule.set("ruleset", view.text("policy", "id"))
        rule.set("version", view.text("policy", "version"))
        return rule.value
    }
}
