#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures queries of a real server: how long each takes, and what they cost the writer.

Loads records of agents at work through `evident serve`, then prints, for every filter, the times
of a page of 50, of a count and of a walk through one day; and the rate of writes without and with
eight readers that query without pause, in turns. Clients and server share the machine.

    tools/measure/queries.py --records 1000000
"""

import argparse
import datetime
import http.client
import json
import multiprocessing
import pathlib
import random
import sys
import tempfile
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, percentile  # noqa: E402

BATCH = 1_000
START = datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)
SESSION, RUN, TRACE = 40, 20, 8
KINDS = [("tool.call", "success"), ("tool.result", "success"), ("model.call", "success"),
         ("tool.result", "failure"), ("policy.decision", "denied"), ("auth.failure", "failure"),
         ("data.access", "success"), ("agent.run.start", "success")]
WEIGHTS = [300, 280, 250, 40, 30, 20, 60, 20]


class Records:
    """Records in the order of their time, spread evenly over some days."""

    def __init__(self, total, days):
        self.total, self.step = total, days * 86_400 / total

    def time(self, number):
        return START + datetime.timedelta(seconds=number * self.step)

    def values(self, number):
        """What a filter finds record `number` by."""
        chance = random.Random(number)
        kind, outcome = chance.choices(KINDS, WEIGHTS)[0]
        # Fifty sessions go on at a time.
        lane = number % 50
        group = number // 50
        values = {
            "type": kind, "category": kind.split(".")[0], "outcome": outcome,
            "tenant": f"tenant-{lane % 5}", "actor": f"user-{chance.randrange(500)}",
            "actor_type": "human" if lane % 3 else "service", "agent": f"agent-{lane % 20}",
            "action": f"action-{chance.randrange(12)}", "severity_min": chance.choice("11123"),
            "session_id": f"s-{lane}-{group // SESSION}", "run_id": f"r-{lane}-{group // RUN}",
            "trace_id": f"{lane:08x}{group // TRACE:024x}", "cycle_id": f"c-{group // 4}",
            "producer": f"component-{lane % 7}", "target": f"file-{chance.randrange(50_000)}",
            "target_type": chance.choice(["file", "task", "table"]),
            "source_ip": f"10.0.{chance.randrange(200)}.0/24", "parent_id": f"p-{number // 2}",
        }
        if kind.startswith("tool"):
            values["tool"] = f"tool-{chance.randrange(40)}"
        if kind.startswith("model"):
            values["model"] = f"model-{chance.randrange(8)}"
        if kind.startswith("policy"):
            values["rule"] = f"rule-{chance.randrange(30)}"
        if outcome != "success":
            values["reason"] = f"reason-{chance.randrange(6)}"
        if chance.random() < 0.1:
            values["data_class"] = chance.choice(["pii", "pci", "secret"])
        if chance.random() < 0.02:
            values["approval_status"] = chance.choice(["requested", "approved"])
        if chance.random() < 0.01:
            values["imported"] = "old-system"
        return values

    def line(self, number):
        """The record as its producer sends it."""
        v = self.values(number)
        record = {
            "type": v["type"], "tenant": v["tenant"], "action": v["action"],
            "time": self.time(number).isoformat(), "outcome": v["outcome"],
            "severity": int(v["severity_min"]), "arguments": {"query": f"question {number}"},
            "actor": {"id": v["actor"], "type": v["actor_type"]}, "agent": {"id": v["agent"]},
            "producer": {"component": v["producer"]}, "source": {"ip": v["source_ip"]},
            "target": [{"id": v["target"], "type": v["target_type"]}],
            "trace": {name: v[name] for name in
                      ("trace_id", "session_id", "run_id", "cycle_id", "parent_id")},
        }
        for name, member, inner in [
                ("tool", "tool", "name"), ("model", "model", "name"), ("rule", "policy", "rule_id"),
                ("approval_status", "approval", "status"), ("imported", "imported", "system")]:
            if name in v:
                record[member] = {inner: v[name]}
        if "rule" in v:
            record["policy"]["decision"] = "deny"
        if "reason" in v:
            record["reason"] = v["reason"]
        if "data_class" in v:
            record["data_classes"] = [v["data_class"]]
        return json.dumps(record, separators=(",", ":"))

    def batch(self, first):
        last = min(first + BATCH, self.total)
        return "\n".join(self.line(n) for n in range(first, last)).encode()


class Reader:
    """A kept-alive connection that asks."""

    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path, **parameters):
        """(seconds, answer) of one question."""
        spent, body = self.fetch(path, **parameters)
        return spent, json.loads(body)

    def fetch(self, path, **parameters):
        """(seconds, body) of one question."""
        began = time.perf_counter()
        self.connection.request(
            "GET", f"{path}?{urllib.parse.urlencode(parameters)}", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        spent = time.perf_counter() - began
        if answer.status != 200:
            raise RuntimeError(f"{path} {parameters}: {answer.status} {body[:300]}")
        return spent, body


def send(log, token, batches):
    """Posts batches on four connections; returns records a second."""
    batches, lock = iter(batches), threading.Lock()
    counts, failures = [], []

    def work():
        producer = Producer(log, token, timeout=120)
        while True:
            with lock:
                body = next(batches, None)
            if body is None:
                return
            status, answer = producer.post(body, kind="application/x-ndjson")
            if status != 200 or b'"error"' in answer:
                failures.append(answer[:400])
                return
            counts.append(body.count(b"\n") + 1)

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"a batch was refused: {failures[0]}")
    return sum(counts) / (time.perf_counter() - began)


def load(log, token, records, cores):
    """Loads all records, 100,000 at a time, and prints the rate of each part."""
    part = 100_000
    with multiprocessing.Pool(cores) as pool:
        for first in range(0, records.total, part):
            bodies = pool.map(
                records.batch, range(first, min(first + part, records.total), BATCH))
            print(f"  to {min(first + part, records.total):>9,}: "
                  f"{send(log, token, bodies):>8,.0f} records/s", flush=True)


def quantiles(times):
    return (f"p50 {percentile(times, .5) * 1e3:>8.2f}  p99 {percentile(times, .99) * 1e3:>8.2f}"
            f"  max {max(times) * 1e3:>8.2f} ms")


def examples(records, name, count):
    """Values of a filter that records bear, drawn over the whole log."""
    chance, found = random.Random(name), []
    for _ in range(count * 400):
        values = records.values(chance.randrange(records.total))
        if name in values:
            found.append(values[name])
            if len(found) == count:
                break
    return found


def measure_pages(log, token, records, count):
    """A page of 50 by each filter, newest first, then oldest first."""
    names = sorted({n for k in range(2_000) for n in records.values(k)})
    reader = Reader(log.port, token)
    for name in names:
        times, shortest = [], 50
        for number, value in enumerate(examples(records, name, count)):
            spent, page = reader.get(
                "/v1/audit", limit=50, order="desc" if number % 2 else "asc", **{name: value})
            times.append(spent)
            shortest = min(shortest, len(page["records"]))
        print(f"  {name:<16} {quantiles(times)}  fewest {shortest}", flush=True)
    times = []
    for number in range(count):
        a, b = records.values(number * 7919 % records.total), None
        b = {"actor": a["actor"], "outcome": "denied", "type": "policy.*"}
        times.append(reader.get("/v1/audit", limit=50, order="desc", **b)[0])
    print(f"  {'three at once':<16} {quantiles(times)}", flush=True)
    for basis in ("time", "received"):
        times = []
        for number in range(count):
            since = records.time(number * 7919 % records.total)
            if basis == "received":
                since = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(
                    seconds=number % 60)
            times.append(reader.get(
                "/v1/audit", limit=50, time_basis=basis, since=since.isoformat())[0])
        print(f"  {'since, ' + basis:<16} {quantiles(times)}", flush=True)


def measure_counts(log, token, records, count):
    reader = Reader(log.port, token)
    for name in ("actor", "target", "session_id", "reason"):
        times = []
        for value in examples(records, name, count):
            spent, answer = reader.get("/v1/audit/stats", **{name: value})
            times.append(spent)
        print(f"  stats by {name:<11} {quantiles(times)}", flush=True)
    spent, answer = reader.get("/v1/audit/stats")
    print(f"  stats of everything {spent:.2f} s, complete: {answer.get('complete')}", flush=True)


def measure_day(log, token, records, days):
    reader, times, found, cursor = Reader(log.port, token), [], 0, None
    day = START + datetime.timedelta(days=days // 2)
    bounds = {"since": day.isoformat(), "until": (day + datetime.timedelta(days=1)).isoformat()}
    began = time.perf_counter()
    while True:
        more = {"cursor": cursor} if cursor else {}
        spent, page = reader.get("/v1/audit", limit=1_000, **bounds, **more)
        times.append(spent)
        found += len(page["records"])
        cursor = page.get("next_cursor")
        if not cursor:
            break
    whole = time.perf_counter() - began
    want = records.total / days
    print(f"  {found:,} records (of about {want:,.0f}) in {whole:.2f} s; pages of 1,000: "
          f"{quantiles(times)}", flush=True)


def ask_for_ever(port, token, records, seed, stop, answered, work):
    """One reader: random filters, no pause."""
    reader, chance = Reader(port, token), random.Random(seed)
    cases = []
    for _ in range(400):
        values = records.values(chance.randrange(records.total))
        name = chance.choice(sorted(values))
        cases.append({name: values[name], "order": chance.choice(["asc", "desc"])})
    before = time.process_time()
    while not stop.is_set():
        reader.fetch("/v1/audit", limit=50, **chance.choice(cases))
        with answered.get_lock():
            answered.value += 1
    with work.get_lock():
        work.value += time.process_time() - before


def measure_writes(log, writer, token, records, seconds, readers):
    """Writes without and with readers, in turns."""
    rates = {0: [], readers: []}
    rate = 25_000
    first = records.total
    for turn in range(6):
        count = 0 if turn % 2 == 0 else readers
        more = Records(first + int(rate * seconds), 30)
        bodies = [more.batch(n) for n in range(first, more.total, BATCH)]
        first = more.total
        stop, answered = multiprocessing.Event(), multiprocessing.Value("q", 0)
        work = multiprocessing.Value("d", 0)
        helpers = [multiprocessing.Process(
            target=ask_for_ever, args=(log.port, token, records, seed, stop, answered, work))
            for seed in range(count)]
        for helper in helpers:
            helper.start()
        time.sleep(1 if helpers else 0)
        began, before = time.perf_counter(), answered.value
        rate = send(log, writer, bodies)
        spent = time.perf_counter() - began
        asked = (answered.value - before) / spent
        stop.set()
        for helper in helpers:
            helper.join()
        rates[count].append(rate)
        cores = work.value / (time.perf_counter() - began)
        print(f"  {count} readers: {rate:>8,.0f} records/s written, {asked:>6,.0f} pages/s; "
              f"the readers themselves took {cores:.2f} cores", flush=True)
    plain, beside = (sum(r) / len(r) for r in (rates[0], rates[readers]))
    print(f"  with {readers} readers {beside / plain:.2f} of the rate without", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=10, help="days that the records spread over")
    parser.add_argument("--questions", type=int, default=200, help="asked of each filter")
    parser.add_argument("--seconds", type=float, default=5, help="of writing in each turn")
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--cores", type=int, default=2)
    options = parser.parse_args()
    records = Records(options.records, options.days)
    with tempfile.TemporaryDirectory() as folder:
        with LogProcess(pathlib.Path(folder) / "log") as log:
            log.init()
            writer, token = log.token(), log.token("auditor")
            log.start()
            print(f"loading {options.records:,} records, {len(records.line(0))} bytes each")
            load(log, writer, records, options.cores)
            data = sum(f.stat().st_size for f in log.data.rglob("*.run"))
            print(f"look-up files: {data / options.records:.1f} bytes a record")
            print("a page of 50 by each filter")
            measure_pages(log, token, records, options.questions)
            print("counts")
            measure_counts(log, token, records, max(20, options.questions // 10))
            print("a walk through one day")
            measure_day(log, token, records, options.days)
            print("writes beside readers")
            measure_writes(log, writer, token, records, options.seconds, options.readers)
            log.stop()


if __name__ == "__main__":
    main()
