#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Changes the settings of a running server under load: good ones, and broken ones of every kind.

Producers submit single records and batches all the while. Every record has several values that the
policies treat differently, so that one prepared half by one policy and half by another shows. After
each reload the next record goes by the policy that it must go by. At the end every record that was
acknowledged is read back, every reload is found on record, and the log is verified.
"""

import argparse
import http.client
import json
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from evident_process import LogProcess, Producer, seeded  # noqa: E402

POLICY = """id: {name}
version: {version}
strategies: {{email: {strategy}}}
rules:
  - id: mark
    pattern: 'MARK-[0-9]+'
    strategy: {strategy}
    positive: ['a MARK-1 b']
    negative: ['a MARK b']
"""
# What stands for a value under each policy.
STYLES = {"alpha": ("replace", ["<redacted:mark>", "<redacted:email>"]),
          "beta": ("mask", ["****", "****"])}
BATCH = 40


def policy_text(name, version=1):
    return POLICY.format(name=name, version=version, strategy=STYLES[name][0])


def body(number):
    return {"type": "x.load.event", "actor": {"id": f"agent-{number}", "type": "agent"},
            "details": {"one": f"see MARK-{number}", "two": [f"m{number}@example.com"],
                        "three": {"deep": f"MARK-{number} and k{number}@example.org"}}}


def policy_of(record):
    """The policy that a stored record went by; raises if not all of it did."""
    name = record["redaction_policy"]["id"]
    mark, mail = STYLES[name][1]
    wanted = {"one": f"see {mark}", "two": [mail], "three": {"deep": f"{mark} and {mail}"}}
    if record["details"] != wanted:
        raise AssertionError(f"a record of {name} holds {record['details']}")
    return name


class Load(threading.Thread):
    """One producer, until it is told to stop; remembers the units that were acknowledged."""

    def __init__(self, log, token, seed):
        super().__init__(daemon=True)
        self.producer, self.number = Producer(log, token), seed * 1_000_000
        self.units, self.failure, self.ends = [], None, False

    def run(self):
        try:
            while not self.ends:
                self.single()
                self.batch()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.failure = error

    def single(self):
        self.number += 1
        status, answer = self.producer.post(json.dumps(body(self.number)))
        assert status == 201, f"status {status}: {answer[:200]}"
        self.units.append([json.loads(answer)["index"]])

    def batch(self):
        first, self.number = self.number + 1, self.number + BATCH
        lines = "".join(json.dumps(body(n)) + "\n" for n in range(first, first + BATCH))
        status, answer = self.producer.post(lines, kind="application/x-ndjson")
        items = [json.loads(line) for line in answer.splitlines()]
        assert status == 200, f"status {status}"
        self.units.append([item["receipt"]["index"] for item in items if "receipt" in item])
        assert len(self.units[-1]) == BATCH, "an item of a batch was not taken"


class Check:
    def __init__(self, folder, generator):
        self.folder, self.random = folder, generator
        self.log = LogProcess(folder / "data").init()
        self.policy, self.settings = folder / "policy.yaml", folder / "data" / "evident.yaml"
        self.good_settings = f"redaction: {self.policy}\n"
        self.in_force, self.version, self.expected = "alpha", 1, []
        self.policy.write_text(policy_text("alpha"))
        self.settings.write_text(self.good_settings)
        self.producer_token = self.log.token(tenant="acme")
        self.auditor = {"Authorization": "Bearer " + self.log.token("auditor")}
        self.tokens = (folder / "data" / "tokens.json").read_bytes()

    # What may be wrong, and what the log says of it.
    def break_something(self):
        name = "beta" if self.in_force == "alpha" else "alpha"
        good = policy_text(name, 99)
        choices = {
            "pattern": lambda: (self.policy, good.replace("MARK-[0-9]+", "MARK-(")),
            "sample": lambda: (self.policy, good.replace("a MARK b", "a MARK-2 b")),
            "no samples": lambda: (self.policy, good.replace("    positive: ['a MARK-1 b']\n", "")),
            "unknown key": lambda: (self.policy, good + "colour: blue\n"),
            "not UTF-8": lambda: (self.policy, good.encode() + b"# \xff\n"),
            "cut": lambda: (self.policy, good[:good.index("strategy: ", 60)]),
            "no file": lambda: (self.policy, None),
            "settings": lambda: (self.settings, self.good_settings + "access:\n  records: never\n"),
            "settings key": lambda: (self.settings, self.good_settings + "queue.limitt: 1\n"),
            "tokens": lambda: (self.folder / "data" / "tokens.json", "{"),
        }
        kind = self.random.choice(sorted(choices))
        if kind in ("settings", "settings key", "tokens"):
            self.policy.write_text(good)
        path, content = choices[kind]()
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        reason = {"settings": "settings_refused", "settings key": "settings_refused",
                  "tokens": "tokens_refused"}.get(kind, "policy_refused")
        return kind, reason

    def repair(self):
        (self.folder / "data" / "tokens.json").write_bytes(self.tokens)
        self.settings.write_text(self.good_settings)
        self.policy.write_text(policy_text(self.in_force, self.version))

    def change(self):
        self.in_force = self.random.choice(sorted(STYLES))
        self.version += 1
        self.policy.write_text(policy_text(self.in_force, self.version))

    def reload(self, outcome, reason=None):
        self.expected.append((outcome, reason, self.in_force, self.version))
        # The command itself refuses settings that it cannot read, before it asks the server.
        if self.random.random() < 0.5 and reason != "settings_refused":
            done = self.log.command("reload", "--data", self.log.data, check=False)
            wanted = 0 if outcome == "success" else 3
            assert done.returncode == wanted, f"reload ended with {done.returncode}: {done.stderr}"
            if outcome == "failure":
                assert "Nothing has changed" in done.stderr, done.stderr
            return
        os.kill(self.log.process.pid, signal.SIGHUP)
        deadline = time.monotonic() + 90
        while len(self.reloads()) < len(self.expected):
            assert time.monotonic() < deadline, "a hang-up was not recorded within 90 s"
            time.sleep(0.02)

    def query(self, parameters):
        records, cursor = [], ""
        while True:
            status, answer = self.log.request(
                "GET", f"/v1/audit?limit=1000&order=asc&{parameters}{cursor}",
                headers={**self.auditor, "Accept": "application/x-ndjson"}, timeout=60)
            assert status == 200, f"query answered {status}: {answer[:300]}"
            lines = [json.loads(line) for line in answer.splitlines()]
            records += [line for line in lines if "record" in line]
            following = lines[-1].get("next_cursor")
            if not following:
                return records
            cursor = f"&cursor={following}"

    def reloads(self):
        return [line["record"] for line in self.query("type=config.reload")]

    def submit_one(self):
        """The policy that a record goes by which is submitted now."""
        producer = Producer(self.log, self.producer_token)
        status, answer = producer.post(json.dumps(body(self.random.randrange(10**6))))
        assert status == 201, f"status {status}"
        index = json.loads(answer)["index"]
        status, text = self.log.request("GET", f"/v1/audit/{index}", headers=self.auditor)
        producer.close()
        assert status == 200, f"status {status}"
        record = json.loads(text)
        return policy_of(record), record["redaction_policy"]["version"]

    def rounds(self, count):
        kinds = {}
        for _ in range(count):
            if self.random.random() < 0.5:
                self.change()
                self.reload("success")
                kinds["good"] = kinds.get("good", 0) + 1
            else:
                kind, reason = self.break_something()
                self.reload("failure", reason)
                self.repair()
                kinds[kind] = kinds.get(kind, 0) + 1
            found = self.submit_one()
            assert found == (self.in_force, self.version), \
                f"a record goes by {found}, not by {(self.in_force, self.version)}"
        return kinds

    def judge(self, loads):
        for load in loads:
            assert load.failure is None, f"a producer failed: {load.failure!r}"
        records = {line["index"]: line["record"] for line in self.query("type=x.load.event")}
        count = 0
        for unit in (unit for load in loads for unit in load.units):
            policies = {policy_of(records[index]) for index in unit}
            assert len(policies) == 1, f"one batch went by {policies}"
            count += len(unit)
        for record in records.values():
            policy_of(record)
        reloads = self.reloads()
        found = [(r["outcome"], r.get("reason"), r["details"]["policies"]["redaction"]["id"],
                  r["details"]["policies"]["redaction"]["version"]) for r in reloads]
        assert found == self.expected, f"on record: {found}\nwas done: {self.expected}"
        text = json.dumps(reloads)
        assert str(self.folder) not in text and "MARK" not in text, "a record names a path or rule"
        return count, len(reloads)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=40, help="changes [40]")
    parser.add_argument("--producers", type=int, default=3, help="at the same time [3]")
    parser.add_argument("--seed", type=int, help="replays a run")
    options = parser.parse_args()
    generator = seeded(options)
    with tempfile.TemporaryDirectory(prefix="evident-reload-") as folder:
        check = Check(pathlib.Path(folder), generator)
        with check.log as log:
            log.start()
            loads = [Load(log, check.producer_token, n + 1) for n in range(options.producers)]
            for load in loads:
                load.start()
            kinds = check.rounds(options.rounds)
            for load in loads:
                load.ends = True
            for load in loads:
                load.join(30)
            records, reloads = check.judge(loads)
            log.stop()
            log.command("fsck", "--data", log.data)
    done = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    print(f"{reloads} reloads ({done}) under load, {records} records: none lost, none half redacted")


if __name__ == "__main__":
    main()
