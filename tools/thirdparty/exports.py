#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has programs of others read what a running server exports: the public OCSF schema and JSON Schema
(ocsf-json-schema, jsonschema), the CloudEvents SDK, and Python's csv; and tools/verify_export.py,
which is written from spec/export.md.

Needs the Python packages that tools/install-deps --test puts below .build/, and starts itself again
with that Python. Nothing is downloaded.
"""

import argparse
import copy
import csv
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = pathlib.Path(os.environ.get("THIRDPARTY_VENV", ROOT / ".build" / "thirdparty" / "venv"))
if pathlib.Path(sys.prefix) != VENV:
    os.execv(VENV / "bin" / "python", [str(VENV / "bin" / "python"), *sys.argv])
sys.path.insert(0, str(ROOT / "tools"))

from cloudevents.core.formats.json import JSONFormat  # noqa: E402
from jsonschema import Draft202012Validator  # noqa: E402
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema  # noqa: E402

import verify_evident  # noqa: E402
from evident_process import LogProcess, Producer, binary, seeded  # noqa: E402
from export_records import records  # noqa: E402
from verify_export import verify_export  # noqa: E402

FORMATS = ["ndjson", "csv", "ocsf", "cloudevents", "ecs", "kerno"]
OCSF_VERSION, ECS_VERSION = "1.8.0", "8.17.0"

# The fields of ECS 8.17 that documents may have, beside those under `evident`.
ECS_FIELDS = set("""@timestamp ecs.version event.kind event.category event.type event.action
event.code event.module event.dataset event.id event.sequence event.ingested event.reason
event.severity event.duration event.outcome user.id user.full_name user.email user.roles
source.address source.ip source.port service.name service.version service.node.name rule.id
rule.ruleset rule.version organization.id trace.id span.id user_agent.original error.type
error.message related.user related.ip""".split())
# Its categories, and the types that it expects of each; those that are used here.
ECS_TYPES = {
    "api": {"access", "admin", "allowed", "change", "creation", "deletion", "denied", "end", "info",
            "start", "user"},
    "authentication": {"start", "end", "info"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
    "iam": {"admin", "change", "creation", "deletion", "group", "info", "user"},
    "intrusion_detection": {"allowed", "denied", "info"},
    "process": {"access", "change", "end", "info", "start"},
}


class OCSF:
    """The public schema, as JSON Schema for each class and its profiles."""

    def __init__(self):
        self.schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(OCSF_VERSION))
        self.validators = {}

    def problems(self, event):
        """What the schema has against an event: one line for each."""
        try:
            name = self.schema.lookup_class_name_from_uid(event["class_uid"])
        except (KeyError, ValueError) as error:
            return [f"no class: {error}"]
        key = (name, tuple(event.get("metadata", {}).get("profiles", ())))
        if key not in self.validators:
            schema = self.schema.get_class_schema(name, list(key[1]))
            self.validators[key] = Draft202012Validator(schema)
        found = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
                 for e in self.validators[key].iter_errors(event)]
        if event["type_uid"] != event["class_uid"] * 100 + event["activity_id"]:
            found.append("type_uid is not of class and activity")
        return found


class Check:
    def __init__(self, log, folder, auditor):
        self.log, self.folder, self.auditor = log, pathlib.Path(folder), auditor
        self.passed, self.failures = 0, []
        self.vkey, self.ocsf = log.vkey(), OCSF()
        self.trust = verify_evident.Trust(self.vkey)

    def expect(self, what, good):
        self.passed += bool(good)
        if not good:
            self.failures.append(what)
            if self.failures.count(what) == 1 and len(self.failures) < 100:
                print(f"  NOT SO: {what}", flush=True)

    def export(self, form, name, *more):
        """(bytes, manifest) of an export by the program, verified by it and from the specification."""
        path = self.folder / name
        self.log.command("export", "--format", form, "--out", path, "--vkey", self.vkey, "--url",
                         self.log.url, "--token-file", self.auditor, *more)
        done = self.log.command("verify", "export", path, "--vkey", self.vkey, "--json")
        data, manifest = path.read_bytes(), pathlib.Path(f"{path}.manifest").read_bytes()
        found, is_whole = verify_export(data, manifest, self.trust)
        told = json.loads(done.stdout)
        self.expect(f"{name}: both verifiers agree",
                    (found.records, found.voucher, is_whole)
                    == (told["records"], told["vouched_by"], told["covers_tree"]))
        return data, found

    def events(self, form, data):
        lines = data.decode("utf-8").split("\n")
        self.expect(f"{form}: the last line ends", lines.pop() == "")
        return [json.loads(line) for line in lines]

    # Each answers with how many records it has found.

    def check_ndjson(self, data):
        return [event["index"] for event in self.events("ndjson", data)]

    def check_csv(self, data):
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True))
        index, text = rows[0].index("index"), rows[0].index("record")
        for row in rows[1:]:
            self.expect("csv: a row is as wide as its heading", len(row) == len(rows[0]))
            record = json.loads(row[text])
            self.expect("csv: the type's cell is the record's",
                        row[rows[0].index("type")] == record["type"])
            self.expect("csv: no cell is a formula",
                        not any(cell.startswith(tuple("=+-@\t\r")) for cell in row))
        return [int(row[index]) for row in rows[1:]]

    def check_ocsf(self, data):
        events = self.events("ocsf", data)
        for event in events:
            found = self.ocsf.problems(event)
            self.expect(f"ocsf: {event['metadata']['event_code']}: {found}", not found)
        return [event["metadata"]["sequence"] for event in events]

    def check_cloudevents(self, data):
        keys, lines = set(), data.split(b"\n")[:-1]
        for line in lines:
            event = JSONFormat().read(None, line)
            keys.add((event.get_source(), event.get_id()))
            self.expect("cloudevents: the data is the record",
                        event.get_type() == "audit." + event.get_data()["type"])
        self.expect("cloudevents: source and id name one event", len(keys) == len(lines))
        return [int(event["sequence"]) for event in self.events("cloudevents", data)]

    def check_ecs(self, data):
        def names(value, path=""):
            for name, inner in value.items():
                at = f"{path}{name}"
                if isinstance(inner, dict):
                    yield from names(inner, at + ".")
                else:
                    yield at

        events = self.events("ecs", data)
        for event in events:
            event = dict(event)
            rest = event.pop("evident")
            unknown = set(names(event)) - ECS_FIELDS
            self.expect(f"ecs: fields {unknown}", not unknown)
            self.expect("ecs: version", event["ecs"]["version"] == ECS_VERSION)
            (category,), (kind,) = event["event"]["category"], event["event"]["type"]
            self.expect(f"ecs: {kind} of {category}", kind in ECS_TYPES.get(category, ()))
            self.expect("ecs: the leaf is there", len(rest["commitment"]) == 64)
        return [event["event"]["sequence"] for event in events]

    def check_kerno(self, data):
        events = self.events("kerno", data)
        for event in events:
            self.expect("kerno: the five members",
                        list(event) == ["v", "ts", "type", "actor", "details"]
                        and event["v"] == "1")
        return events

    # What the checks themselves are worth.

    def check_refusals(self, data):
        """The public schema refuses events that are changed."""
        for event in self.events("ocsf", data)[::7]:
            for change in (lambda e: e.pop("time"), lambda e: e["metadata"].pop("product"),
                           lambda e: e.update(severity_id="3"), lambda e: e.update(bogus=1),
                           lambda e: e["metadata"].update(version=1),
                           lambda e: e.update(type_uid=1)):
                changed = copy.deepcopy(event)
                change(changed)
                self.expect("the schema refuses a changed event", self.ocsf.problems(changed))

    def check_mutations(self, name, step):
        """Both verifiers refuse a file or a manifest of which one byte is another."""
        path = self.folder / name
        good = {part: pathlib.Path(f"{path}{part}").read_bytes() for part in ("", ".manifest")}
        for part, data in good.items():
            for place in range(0, len(data), max(1, len(data) // step)):
                changed = dict(good)
                changed[part] = data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]
                for end, bytes_ in changed.items():
                    (self.folder / f"m{end}").write_bytes(bytes_)
                done = self.log.command("verify", "export", self.folder / "m", "--vkey", self.vkey,
                                        check=False)
                self.expect(f"{name}{part} changed at {place}: {done.returncode}",
                            done.returncode in (1, 2))
                try:
                    verify_export(changed[""], changed[".manifest"], self.trust)
                    self.expect(f"{name}{part} changed at {place}: verify_export.py", False)
                except (verify_evident.Tampered, verify_evident.Unverifiable, ValueError,
                        KeyError):
                    self.expect("refused", True)

    def check_kills(self, rounds, random):
        """An export that is killed goes on where it was, and so does one whose server is."""
        size, kills, held = self.log.head()[0], 0, 0
        whole, _ = self.export("ocsf", "whole.ocsf", "--to-index", str(size))
        line = [binary(), "export", "--format", "ocsf", "--to-index", str(size), "--vkey", self.vkey,
                "--url", self.log.url, "--token-file", str(self.auditor)]
        for number in range(rounds):
            path = self.folder / f"killed-{number}"
            for attempt in range(60):
                held += pathlib.Path(f"{path}.partial").exists()
                process = subprocess.Popen([*line, "--out", str(path)], stdout=subprocess.DEVNULL,
                                           stderr=subprocess.DEVNULL)
                try:
                    # Later ones live longer, so that one of them comes to its end.
                    process.wait(random.uniform(0.01, 0.1 + attempt / 40))
                except subprocess.TimeoutExpired:
                    if attempt % 5 == 4:
                        self.log.kill()
                        process.wait(30)
                        self.log.start()
                    else:
                        process.kill()
                        process.wait()
                    kills += 1
                if path.exists():
                    break
            self.expect(f"killed {kills} times, the export comes to its end", path.exists())
            self.expect("what was killed on the way is the same file",
                        path.exists() and path.read_bytes() == whole)
            done = self.log.command("verify", "export", path, "--vkey", self.vkey, check=False)
            self.expect("and is vouched for", done.returncode == 0)
        print(f"{rounds} exports, killed {kills} times, went on with a part {held} times", flush=True)

    def check_pages(self):
        """Pages of a query in the forms of others."""
        token = self.auditor.read_text().strip()
        for kind, check in (("application/ocsf+json", self.ocsf.problems),
                            ("application/cloudevents-batch+json",
                             lambda e: not JSONFormat().read(None, json.dumps(e)).get_id())):
            status, body = self.log.request(
                "GET", "/v1/audit?limit=200&order=desc",
                headers={"Authorization": f"Bearer {token}", "Accept": kind})
            events = json.loads(body)
            self.expect(f"{kind} answers {status} with {len(events)}",
                        status == 200 and len(events) == 200)
            for event in events:
                self.expect(f"{kind}: an event of a page", not check(event))


def fill(log, events, limit):
    """Records of every type, those of a file, and what an operator's acts make."""
    token = log.token()
    submitting = Producer(log, token)
    batch = [json.dumps(record) for record in records()]
    if events:
        batch += pathlib.Path(events).read_text("utf-8").splitlines()[:limit]
    for start in range(0, len(batch), 500):
        status, body = submitting.post("\n".join(batch[start:start + 500]).encode(),
                                       kind="application/x-ndjson")
        for line in body.decode().splitlines()[:-1]:
            result = json.loads(line)
            if result["status"] != 201:
                raise RuntimeError(f"a record was refused: {result['error']}")
        if status != 200:
            raise RuntimeError(f"a batch answered {status}")
    log.command("hold", "place", "--data", log.data, "--tool", "nothing", "--because", "case-1")
    log.command("erase", "--data", log.data, "--record", "3", "--because", "test", "--yes")
    for field in ("actor", "target", "time", "action", "arguments"):
        log.command("erase", "--data", log.data, "--record", "9", "--field", field, "--because",
                    "test", "--yes", check=field != "arguments")
    return len(batch)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", help="a file of records (NDJSON) to export too")
    parser.add_argument("--limit", type=int, default=500, help="how many of them")
    parser.add_argument("--mutations", type=int, default=12, help="of each file, about")
    parser.add_argument("--kills", type=int, default=2, help="exports that are killed on the way")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    random = seeded(options)
    with tempfile.TemporaryDirectory() as folder, \
            LogProcess(pathlib.Path(folder) / "data").init() as log:
        auditor = pathlib.Path(folder) / "auditor"
        auditor.write_text(log.token("auditor"))
        log.start()
        count = fill(log, options.events, options.limit)
        check = Check(log, folder, auditor)
        size = log.head()[0]
        indexes = {}
        for form in FORMATS:
            data, found = check.export(form, f"all.{form}", "--to-index", str(size))
            indexes[form] = getattr(check, f"check_{form}")(data)
            check.expect(f"{form}: as many records as the manifest says",
                         len(indexes[form]) == found.records == size - 1)
            check.expect(f"{form}: the same records in every format",
                         form == "kerno" or indexes[form] == indexes[FORMATS[0]])
            own, _ = check.export(form, f"own.{form}", "--tenant", "_log")
            check.expect(f"{form}: the log's own records",
                         len(getattr(check, f"check_{form}")(own)) > 5)
            empty, _ = check.export(form, f"empty.{form}", "--actor", "nobody-at-all")
            check.expect(f"{form}: nothing", getattr(check, f"check_{form}")(empty) == [])
        check.check_refusals((check.folder / "all.ocsf").read_bytes())
        check.check_pages()
        for form in ("ndjson", "csv"):
            check.check_mutations(f"own.{form}", options.mutations)
        check.check_kills(options.kills, random)
    for failure in sorted(set(check.failures))[:40]:
        print(f"FAILED: {failure}")
    print(f"{count} records of {len(set(r['type'] for r in records()))} types in {len(FORMATS)} "
          f"formats: {check.passed} checks passed, {len(check.failures)} failed")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
