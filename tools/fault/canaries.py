# SPDX-License-Identifier: Apache-2.0
"""Canaries: how they are made, what is made of them, and how they are found again."""

import base64
import json
import re
import sqlite3

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
CONTROL = "plainvaluethatstays"


class Canaries:
    """Makes canaries, and finds them in bytes: as they are, in hexadecimal, and in base64."""

    # Each form of the four characters that every canary begins with, and what follows them.
    SHAPES = re.compile(
        rb"(?=(AKIA[A-Z2-7]{16}|(?:414b4941[0-9a-f]{32})|(?:414B4941[0-9A-F]{32})"
        rb"|(?:QUtJQ|FLSU[EF]|BS0lB)[A-Za-z0-9+/_-]{11}))")

    def __init__(self, generator):
        self.random, self.places, self.secrets = generator, {}, {}

    def new(self, place):
        text = "AKIA" + "".join(self.random.choice(LETTERS) for _ in range(16))
        for form in self.forms(text):
            self.places[form] = place
        return text

    def add(self, text, place):
        """A secret that was not made here: a token."""
        for form in (text.encode(), text.encode().hex().encode(), base64.b64encode(text.encode())):
            self.secrets[form] = place
        return text

    def __len__(self):
        return len(self.places) // 6 + len(self.secrets) // 3

    @staticmethod
    def forms(text):
        """The text as it may stand somewhere; of base64 what does not depend on its neighbours."""
        data = text.encode()
        yield data
        yield data.hex().encode()
        yield data.hex().upper().encode()
        for offset in range(3):
            encoded = base64.b64encode(b"\0" * offset + data)
            start = (0, 2, 3)[offset]
            yield encoded[start:start + 16]

    def found(self, data):
        """The places of the canaries in some bytes; each form of them is as long as its match."""
        matches = {match.group(1) for match in self.SHAPES.finditer(data)}
        yield from (self.places[match] for match in matches if match in self.places)
        yield from (place for form, place in self.secrets.items() if form in data)


class Sinks:
    """Everything that came out, by where."""

    def __init__(self):
        self.parts = []

    def add(self, place, data):
        self.parts.append((place, data if isinstance(data, bytes) else data.encode()))

    def add_folder(self, folder):
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.add(f"file {path.relative_to(folder)}", path.read_bytes())

    def add_database(self, path):
        """Row by row: text in a page of its own may be cut in two."""
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            tables = database.execute("select name from sqlite_master where type='table'")
            for (table,) in tables.fetchall():
                for row in database.execute(f'select * from "{table}"'):
                    for value in row:
                        if isinstance(value, bytes | str):
                            self.add(f"table {table}", value)

    def search(self, canaries):
        """(where the control stands, [(where, which canary)])."""
        control, found = set(), set()
        for place, data in self.parts:
            if CONTROL.encode() in data:
                control.add(place)
            found.update((place, what) for what in canaries.found(data))
        return control, sorted(found)


def full_record(canaries):
    """A record with a canary in every member that takes text."""
    def c(place):
        return f"a {canaries.new('record ' + place)} b"

    ref = {"id": c("actor.on_behalf_of"), "type": "human"}
    nested = {"list": [c("nested list"), {"deep": c("nested deep")}], "n": 1}
    return {
        "type": "approval.decided", "action": c("action"), "outcome": "success",
        "actor": {"id": c("actor.id"), "type": "agent", "display": c("actor.display"),
                  "email": c("actor.email"), "on_behalf_of": [ref], "roles": [c("actor.roles")],
                  "auth_method": c("auth_method"), "credential_id": c("credential_id"),
                  "own": c("actor.own"), c("a name in actor"): 1},
        "agent": {k: c("agent." + k) for k in ("id", "instance_id", "name", "version")},
        "model": {k: c("model." + k) for k in ("provider", "name", "response")},
        "tool": {"name": c("tool.name"), "type": c("tool.type"), "call_id": c("tool.call_id")},
        "arguments": {"text": c("arguments"), c("a name in arguments"): nested,
                      "json": json.dumps({"inner": [c("JSON in a string")]}),
                      "base64": base64.b64encode(c("base64").encode()).decode(),
                      "percent": c("percent").replace("A", "%41")},
        "result": [c("result"), nested], "details": {"control": CONTROL, "text": c("details")},
        "approval": {"status": "approved", "request_id": c("approval.request_id"), "bound": 0,
                     "approver": {"id": c("approver"), "type": "human"}, "nonce": c("nonce")},
        "policy": {k: c("policy." + k) for k in ("id", "version", "digest", "rule_id")},
        "target": [{k: c("target." + k) for k in ("type", "id", "name")}],
        "source": {"ip": c("source.ip")[:64], "ua": c("source.ua"), "transport": c("transport")},
        "trace": {k: c("trace." + k) for k in ("trace_id", "span_id", "session_id", "run_id",
                                               "cycle_id", "parent_id", "request_id")},
        "producer": {"id": c("producer.id"), "seq": 1, "component": c("producer.component")},
        "error": {"class": c("error.class"), "message": c("error.message")},
        "changes": [{"field": c("changes.field"), "before": c("before"), "after": c("after")}],
        "labels": {"note": c("labels")}, "usage": {"note": c("usage")},
        "imported": {"system": c("imported.system"), "original_id": c("original_id"),
                     "original_integrity": {"hash": c("original_integrity")}},
    }


def refused_records(canaries):
    """Bodies that are no record, each with a canary where the mistake is or before it."""
    actor = {"id": "svc", "type": "service"}
    for member in ("type", "outcome", "phase", "reason", "severity", "time", "id", "v", "tenant",
                   "received", "redactions", "redaction_policy", "duration_us", "data_classes"):
        value = canaries.new(f"refused {member}")
        yield json.dumps({"type": "x.a.b", "actor": actor, "details": "x", member: value})
    for place in ("a top-level name", "a vendor's name"):
        name = canaries.new(place)
        kind = "x.a.b" if "vendor" in place else "tool.call"
        yield json.dumps({"type": kind, "actor": actor, name: 1, "tool": {"name": "t"}})
    good = json.dumps({"type": "x.a.b", "actor": actor, "details": "@"})
    for place, old, new in (
            ("a cut body", '"@"}', '"@'), ("bytes behind", "}", "} @"), ("a twice", '"x.a.b"',
             '"x.a.b","type":"@"'), ("a bad escape", '"@"', '"\\q@"'), ("no JSON", "{", "@{"),
            ("a bad number", '"@"', '[1e999,"@"]'), ("a control", '"@"', '"\t@"'),
            ("a lone surrogate", '"@"', '"@\\ud800"'), ("a name twice", '"@"', '{"@":1,"@":2}')):
        yield good.replace(old, new, 1).replace("@", canaries.new(place))
    yield good.replace("@", canaries.new("bad UTF-8")).encode() + b"\xff"
    yield good.replace("@", canaries.new("a BOM")).encode("utf-8-sig")
    yield good.replace("@", canaries.new("UTF-16")).encode("utf-16")
    yield good.replace("@", canaries.new("too large") + "x" * 70_000)
    yield good.replace("@", canaries.new("too deep")).replace('"x.a.b"', "[" * 40 + "]" * 40)
    yield "[" + good.replace("@", canaries.new("an array's item")) + ',{"type":"'
