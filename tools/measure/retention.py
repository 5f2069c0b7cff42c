#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures what it takes to let content go: a run of the rules over half of all records, which
lie between others one by one, and a prune of everything, each while writes go on.

Prints the time and rate of each, the rate of writes without and with it, and the 50th and 99th
percentile of a write meanwhile. Clients and server share the machine.

    tools/measure/retention.py --records 1000000
"""

import argparse
import datetime
import http.client
import json
import pathlib
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, percentile, record  # noqa: E402

BATCH = 1_000


def batch(first, count):
    """Records of two kinds in turn, each unlike all others."""
    lines = []
    for number in range(first, first + count):
        kind = "tool.call" if number % 2 else "model.call"
        lines.append(json.dumps(record(number, kind), separators=(",", ":")))
    return "\n".join(lines).encode()


def load(log, token, total):
    producer = Producer(log, token, timeout=120)
    began = time.perf_counter()
    for first in range(0, total, BATCH):
        status, answer = producer.post(
            batch(first, min(BATCH, total - first)), kind="application/x-ndjson")
        if status != 200 or b'"error"' in answer:
            raise RuntimeError(f"a batch was refused: {answer[:300]}")
    return total / (time.perf_counter() - began)


class Writer(threading.Thread):
    """Single records, one after another, until it is told to stop."""

    def __init__(self, log, token):
        super().__init__(daemon=True)
        self.producer, self.times, self.is_over = Producer(log, token, timeout=300), [], False

    def run(self):
        number = 0
        while not self.is_over:
            began = time.perf_counter()
            status, answer = self.producer.post(json.dumps(record(number, "policy.decision",
                                                           policy={"decision": "allow"})))
            if status != 201:
                raise RuntimeError(f"a record was refused: {status} {answer[:300]}")
            self.times.append(time.perf_counter() - began)
            number += 1

    def stop(self):
        self.is_over = True
        self.join()
        return self.times


def said(name, times, seconds):
    return (f"  writes {name}: {len(times) / seconds:,.0f}/s, p50 {percentile(times, .5) * 1e3:.2f}"
            f" p99 {percentile(times, .99) * 1e3:.2f} max {max(times) * 1e3:.2f} ms")


def ask(log, token, path, body):
    connection = http.client.HTTPConnection("127.0.0.1", log.port, timeout=3_600)
    connection.request("POST", path, json.dumps(body), {
        "Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {text[:500]}")
    return json.loads(text)


def measure(log, producer, operator, what, path, body):
    writer = Writer(log, producer)
    writer.start()
    began = time.perf_counter()
    outcome = ask(log, operator, path, {"reason": "measure", "dry_run": False,
                                        "trust_clock": True, **body})
    spent = time.perf_counter() - began
    times = writer.stop()
    count = outcome["records"]
    print(f"{what}: {count:,} records in {spent:.2f} s, {count / spent:,.0f}/s, announced by"
          f" {len(outcome['announced']):,} records", flush=True)
    print(said("meanwhile", times, spent), flush=True)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=50_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evident-retention-") as folder:
        data = pathlib.Path(folder) / "data"
        with LogProcess(data) as log:
            log.init()
            (data / "evident.yaml").write_text(
                "retention:\n  rules: type=tool.* keep=2s\n  records: 10000000\n")
            producer, operator = log.token(), log.token("operator")
            log.start(limit=30)
            print(f"loading {options.records:,}: {load(log, producer, options.records):,.0f}/s")
            time.sleep(4)
            writer = Writer(log, producer)
            writer.start()
            time.sleep(5)
            print(said("alone", writer.stop(), 5), flush=True)
            half = measure(log, producer, operator, "a run of the rules", "/v1/admin/retention", {})
            now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=2)
            rest = measure(log, producer, operator, "a prune", "/v1/admin/prune",
                           {"before": now.isoformat()})
            if half < options.records // 2 - 1 or half + rest < options.records:
                sys.exit(f"{half:,} and {rest:,} of {options.records:,} are too few")
            log.stop(limit=60)
            began = time.perf_counter()
            log.start(limit=120)
            print(f"the next start: {time.perf_counter() - began:.2f} s")
            log.stop(limit=60)
            began = time.perf_counter()
            found = log.command("verify", "chain", "--data", data)
            print(f"verify chain: {time.perf_counter() - began:.2f} s: "
                  f"{found.stdout.strip().splitlines()[0]}")
            began = time.perf_counter()
            log.command("fsck", "--data", data)
            print(f"fsck: {time.perf_counter() - began:.2f} s")


if __name__ == "__main__":
    main()
