# SPDX-License-Identifier: Apache-2.0
"""Records of every type that the registry knows, with what their schemas allow, for exports.py."""

ACTORS = [
    {"id": "alice@example.com", "type": "human", "display": "Alice", "email": "alice@example.com",
     "roles": ["admin", "on-call"], "auth_method": "oidc", "credential_id": "c-1"},
    {"id": "release-bot", "type": "service"}, {"id": "agent-7", "type": "agent"},
    {"id": "1000", "type": "os_user"}, {"id": "nobody", "type": "anonymous"},
]
OUTCOMES = ["success", "failure", "denied", "timeout", "cancelled", "partial", "unknown"]
SOURCES = [
    {"ip": "192.0.2.7", "port": 443, "ua": "curl/8.5", "transport": "https"},
    {"ip": "2001:db8::7"}, {"ip": "198.51.100.0/24"}, {"transport": "stdio"}, None,
]
TYPES = """agent.run.start agent.run.end agent.delegate.start agent.delegate.end agent.handoff
agent.run.cancelled agent.skill.learned agent.stage.promoted agent.state.checkpointed
agent.state.recovered agent.trust.changed approval.requested approval.decided audit.pause
audit.resume audit.suppressed auth.success auth.failure account.locked role.granted config.loaded
config.reload context.compaction daemon.start daemon.stop daemon.restart daemon.panic data.access
data.change data.delete data.export finding.emit guardrail.fired limit.warning limit.exceeded
loop.break model.call module.load bpf.load policy.decision prompt.assembled record.annotation
tool.call tool.result tool.orphaned work.done x.acme.custom something.else""".split()


def records():
    """One of each type and actor, with everything else in turn."""
    number = 0
    for kind in TYPES:
        for actor in ACTORS:
            number += 1
            yield record(kind, actor, number)


def record(kind, actor, number):
    outcome = OUTCOMES[number % len(OUTCOMES)]
    made = {
        "type": kind, "tenant": "acme", "actor": actor, "outcome": outcome,
        "time": f"2026-06-01T08:{number % 60:02}:01.{number:06}Z", "reason": "quota.exceeded",
        "action": "do: \u00e9\u4e2d\U0001f600 \"quoted\", =1+1\nnext line",
        "agent": {"id": "agent-7", "name": "helper"}, "duration_us": number * 999,
        "tool": {"name": "search", "call_id": f"call-{number}", "is_error": number % 2 == 0},
        "model": {"provider": "local", "name": "small"} if number % 3 else {"name": "small"},
        "usage": {"input_tokens": number, "output_tokens": 2, "ratio": 0.25},
        "target": [{"type": "file", "id": f"f-{number}", "name": "n"}, {"type": "bare"}],
        "trace": {"trace_id": f"{number:032x}", "span_id": f"{number:016x}", "run_id": "r",
                  "request_id": "q"},
        "producer": {"id": "p", "seq": number, "component": "gateway", "version": "1.2",
                     "instance": "i-1"},
        "labels": {"team": "a", "x-y": "b"}, "data_classes": ["pii", "secret"],
        "error": {"class": "Timeout", "message": "no answer"} if number % 4 == 0 else None,
        "policy": {"id": "p", "rule_id": "r-1", "version": "3", "mode": "enforce",
                   "decision": "deny" if outcome == "denied" else "allow"},
        "severity": number % 7 or None, "source": SOURCES[number % len(SOURCES)],
        "details": {"list": [1, None, True, 1.5e-7], "deep": {"a": [{"b": []}]}},
        "imported": {"system": "old", "original_id": f"o-{number}"} if number % 5 == 0 else None,
    }
    adjust(made, kind)
    return {name: value for name, value in made.items() if value is not None}


def adjust(made, kind):
    """What the rules of single types ask for."""
    if kind == "auth.success":
        made["outcome"], made["policy"] = "success", None
    if kind == "auth.failure":
        made["outcome"], made["policy"] = "denied", None
    if kind == "agent.run.cancelled":
        made["outcome"], made["policy"] = "cancelled", None
    if kind.startswith("approval."):
        status = "requested" if kind.endswith("requested") else "approved"
        made["approval"] = {"status": status, "request_id": "q-1", "bound": 0}
    if kind in ("finding.emit",):
        made["severity"] = 4
    if kind == "tool.call":
        made["phase"], made["outcome"] = "intent", "unknown"
    if kind == "tool.result":
        made["phase"] = "outcome"
