// SPDX-License-Identifier: Apache-2.0

import AuditChain
import Testing

@testable import AuditRecords

@Suite("The types of records")
struct TypeTests {
    let bench: Bench

    init() throws {
        bench = try Bench()
    }

    /// What each type with rules needs, written by hand: members of a record that is taken.
    static let complete: [(String, [(String, JSONValue)])] = [
        ("agent.run.end", [("outcome", "success")]),
        ("agent.delegate.end", [("outcome", "failure")]),
        ("model.call", [("model", [:])]),
        ("tool.call", [("tool", ["name": "t"])]),
        ("tool.result", [("tool", ["name": "t"]), ("outcome", "denied")]),
        ("tool.orphaned", [("tool", ["name": "t"])]),
        ("guardrail.fired", [("outcome", "denied"), ("reason", "violence")]),
        ("policy.decision", [("policy", ["decision": "allow"])]),
        ("approval.requested", [("approval", ["request_id": "r"])]),
        ("approval.decided", [("approval", ["bound": 7, "status": "approved"])]),
        ("limit.warning", [("reason", "tokens")]), ("limit.exceeded", [("reason", "cost")]),
        ("module.load", [("target", [["id": "m"]])]), ("bpf.load", [("target", [["id": "m"]])]),
        ("finding.emit", [("severity", 3)]),
        ("data.access", [("target", [["id": "d"]])]), ("data.change", [("target", [["id": "d"]])]),
        ("data.delete", [("target", [["id": "d"]])]), ("data.export", [("target", [["id": "d"]])]),
        ("record.annotation", [("target", [["id": "7", "type": "record"]])]),
    ]

    @Test("A type's record is taken with what it needs, and not with anything less")
    func needs() {
        for (type, members) in Self.complete {
            #expect(bench.refusal(type: type, members) == nil, "\(type)")
            for place in members.indices {
                var fewer = members
                let (name, value) = fewer.remove(at: place)
                let path = bench.refusal(type: type, fewer)?.path
                #expect(path?.hasPrefix(name) == true, "\(type)")
                for inner in value.members ?? [] where type != "record.annotation" {
                    let lacking = members.map { member in
                        member.0 == name ? (name, value.setting(inner.name, nil)) : member
                    }
                    let refusal = bench.refusal(type: type, lacking)
                    #expect(refusal?.code == .missingField, "\(type)")
                    #expect(refusal?.path == "\(name).\(inner.name)")
                }
                if value.elements != nil {
                    #expect(bench.refusal(type: type, fewer + [(name, .array([]))])?.path == name)
                }
            }
        }
    }

    @Test("All other types need nothing more than any record")
    func free() {
        let named = Set(Self.complete.map(\.0))
        for type in RecordType.all.map(\.name) where !named.contains(type) {
            let type = type.replacing(".*", with: ".some.thing")
            #expect(bench.refusal(type: type, []) == nil, "\(type)")
        }
    }

    @Test(
        "Rules between members",
        arguments: [
            (
                #""type":"tool.call","tool":{"name":"t"},"phase":"outcome","outcome":"success""#,
                "phase"
            ),
            (#""type":"tool.call","tool":{"name":"t"},"phase":"intent""#, nil),
            (#""type":"tool.call","tool":{"name":"t"},"phase":"intent","outcome":"unknown""#, nil),
            (
                #""type":"tool.call","tool":{"name":"t"},"phase":"intent","outcome":"success""#,
                "outcome"
            ),
            (#""type":"tool.call","tool":{"name":"t"},"phase":"single","outcome":"denied""#, nil),
            (
                #""type":"tool.result","tool":{"name":"t"},"phase":"intent","outcome":"unknown""#,
                "phase"
            ),
            (#""type":"a.b","phase":"outcome""#, "outcome"),
            (#""type":"a.b","phase":"outcome","outcome":"timeout""#, nil),
            (#""type":"agent.run.cancelled","outcome":"success""#, "outcome"),
            (#""type":"agent.run.cancelled","outcome":"cancelled""#, nil),
            (#""type":"auth.success","outcome":"failure""#, "outcome"),
            (#""type":"auth.failure","outcome":"success""#, "outcome"),
            (#""type":"auth.failure","outcome":"denied""#, nil),
            (
                #""type":"approval.requested","approval":{"request_id":"r","status":"approved"}"#,
                "approval.status"
            ),
            (
                #""type":"approval.decided","approval":{"bound":1,"status":"requested"}"#,
                "approval.status"
            ),
            (
                #""type":"approval.decided","approval":{"bound":-1,"status":"approved"}"#,
                "approval.bound"
            ),
            (#""type":"policy.decision","policy":{"decision":"deny"}"#, "outcome"),
            (
                #""type":"policy.decision","policy":{"decision":"deny"},"outcome":"failure""#,
                "outcome"
            ),
            (#""type":"policy.decision","policy":{"decision":"deny"},"outcome":"denied""#, nil),
            (#""type":"policy.decision","policy":{"decision":"deny","mode":"observe"}"#, nil),
            (
                #""type":"policy.decision","policy":{"decision":"deny","mode":"enforce"}"#,
                "outcome"
            ),
            (#""type":"policy.decision","policy":{"decision":"ask"},"outcome":"success""#, nil),
        ])
    func rules(members: String, path: String?) {
        let refusal = bench.refusal(#"{"actor":{"id":"x","type":"agent"},"# + members + "}")
        #expect(refusal?.path == path)
    }

    @Test(
        "Category and verb are derived from the type",
        arguments: [
            ("tool.call", "tool", "x"), ("tool.unheard.of", "tool", "x"), ("tool", "tool", "x"),
            ("toolx.call", "other", "x"), ("data.access", "data", "r"),
            ("data.delete", "data", "d"),
            ("data.change", "data", "u"), ("policy.decision", "policy", "a"),
            ("approval.decided", "approval", "a"), ("auth.failure", "auth", "a"),
            ("account.token.created", "auth", "u"), ("agent.skill.learned", "agent", "u"),
            ("work.taken", "agent", "x"), ("log.created", "audit", "c"),
            ("erasure.request", "audit", "d"), ("config.reload", "config", "u"),
            ("model.call", "model", "x"), ("x.acme.reactor", "other", "x"),
            ("x.acme", "other", "x"),
            ("zz", "other", "x"), ("a", "other", "x"), ("daemon.start", "system", "x"),
            ("skill.learned", "other", "x"), ("audit.access", "audit", "r"),
        ])
    func derived(type: String, category: String, verb: String) {
        #expect(RecordType.category(of: type) == category)
        #expect(RecordType.verb(of: type) == verb)
    }

    @Test("The registry finds every entry, and every family its members")
    func registry() {
        for type in RecordType.all {
            let name = type.name.replacing(".*", with: ".some.thing")
            #expect(RecordType.registered(name)?.name == type.name)
            #expect(type.numberedName == "\(type.name)@1")
            #expect(type.summary.hasSuffix("."))
        }
        let names = RecordType.all.map(\.name)
        #expect(Set(names).count == names.count && names == names.sorted())
        for unknown in ["tool", "tool.calls", "agent.skill", "agent.skill.", "x.acme", "x", ""] {
            #expect(RecordType.registered(unknown) == nil, "\(unknown)")
        }
    }

    @Test("The types of the first design are all there")
    func complete() {
        let types = """
            agent.run.start agent.run.end agent.run.cancelled agent.delegate.start \
            agent.delegate.end agent.handoff agent.trust.changed agent.skill.* agent.stage.* \
            agent.state.checkpointed agent.state.recovered prompt.assembled context.compaction \
            model.call tool.call tool.result tool.orphaned guardrail.fired policy.decision \
            approval.requested approval.decided limit.warning limit.exceeded loop.break work.* \
            daemon.start daemon.stop daemon.restart daemon.panic module.load bpf.load \
            config.reload finding.emit auth.success auth.failure account.* role.* data.access \
            data.change data.delete data.export audit.access audit.export audit.verify \
            audit.suppressed audit.pause audit.resume key.rotate retention.prune erasure.request \
            erasure.complete hold.place hold.release checkpoint.anchor clock.skew \
            record.annotation x.*
            """
        let missing = Set(types.split(separator: " ").map(String.init))
            .subtracting(RecordType.all.map(\.name))
        #expect(missing.isEmpty, "\(missing)")
    }
}
