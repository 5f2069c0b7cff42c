#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures evidence of a real server: one file for a month's records, beside a proof for each.

Loads records spread over a year through `evident serve`, asks for those of one month and some
actors as a bundle set, whole and in part, and prints the time and the bytes of it, and the time of
its verification offline by both verifiers; then the same of single bundles, from a sample, scaled to
as many records. Clients and server share the machine. Every file must verify, or the script fails.

    tools/measure/bundles.py                     10,000 of 1,000,000 records
    tools/measure/bundles.py --records 20000     a quick look
"""

import argparse
import datetime
import gzip
import http.client
import json
import multiprocessing
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tools" / "measure")]
from evident_process import LogProcess, binary  # noqa: E402
from queries import load  # noqa: E402

BATCH = 1_000
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
# Three of twenty-five actors in one of twelve months: one record in a hundred.
ACTORS, ASKED = 25, 3
FIELDS = "actor,outcome,time,type"


class Year:
    """Records of one year, in the order of their time."""

    def __init__(self, total):
        self.total = total

    def time(self, number):
        return START + datetime.timedelta(seconds=number * 365 * 86_400 / self.total)

    def line(self, number):
        return json.dumps({
            "type": "tool.result", "outcome": "success", "phase": "outcome", "tenant": "acme",
            "time": self.time(number).isoformat(), "action": "execute_tool",
            "actor": {"id": f"agent-{number * 7919 % ACTORS}", "type": "agent"},
            "tool": {"name": f"tool-{number % 40}", "call_id": f"call-{number}"},
            "result": {"bytes": number % 5_000}, "duration_us": 1_000 + number % 90_000,
            "trace": {"session_id": f"s-{number // 50}", "run_id": f"r-{number // 20}"},
        }, separators=(",", ":"))

    def batch(self, first):
        last = min(first + BATCH, self.total)
        return "\n".join(self.line(n) for n in range(first, last)).encode()


class Client:
    """An auditor's kept-alive connection."""

    def __init__(self, log, token):
        self.connection = http.client.HTTPConnection("127.0.0.1", log.port, timeout=300)
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path, parameters=()):
        """(seconds to the first byte, seconds to the last, body)."""
        began = time.perf_counter()
        query = f"?{urllib.parse.urlencode(list(parameters))}" if parameters else ""
        self.connection.request("GET", path + query, headers=self.headers)
        answer = self.connection.getresponse()
        start = answer.read(1)
        first = time.perf_counter() - began
        body = start + answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]}")
        return first, time.perf_counter() - began, body


def month():
    bounds = [("since", "2026-06-01T00:00:00Z"), ("until", "2026-07-01T00:00:00Z")]
    return bounds + [("actor", f"agent-{n}") for n in range(ASKED)]


def verify(program, files, vkey):
    """Seconds of one verification, and its peak of memory in MiB; it must succeed."""
    line = {"evident": [binary(), "verify", "bundle"],
            "python": [sys.executable, str(ROOT / "tools/verify_evident.py"), "bundle"]}[program]
    began = time.perf_counter()
    with subprocess.Popen([*line, *files, "--vkey", vkey], stdout=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{program} does not verify {files[0]}: {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def mib(count):
    return f"{count / 2**20:7.2f} MiB"


def memory(log):
    """The server's resident memory, MiB."""
    status = pathlib.Path(f"/proc/{log.process.pid}/status").read_text("ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measure_set(log, client, name, parameters, folder, vkey, python):
    before = memory(log)
    first, whole, body = client.get("/v1/audit/bundles", parameters)
    lines = body.count(b"\n{\"index\":")
    nodes = sum(len(json.loads(line)["nodes"]) for line in body.split(b"\n")
                if line.startswith(b'{"skip_to":'))
    file = folder / f"{name.replace(' ', '-')}.set"
    file.write_bytes(body)
    spent, peak = verify("evident", [file], vkey)
    print(f"  {name:<22} {lines:>7,} records  first byte {first * 1e3:6.1f} ms  all {whole:6.2f} s"
          f"  {mib(len(body))}  gzip {mib(len(gzip.compress(body, 6)))}  {nodes:,} nodes")
    print(f"  {'':<22} verified by evident in {spent:.2f} s, {peak:.0f} MiB; "
          f"server {before:.0f} -> {memory(log):.0f} MiB", flush=True)
    if python:
        spent, peak = verify("python", [file], vkey)
        print(f"  {'':<22} verified by Python in {spent:.2f} s, {peak:.0f} MiB", flush=True)
    return body


def measure_singles(client, body, parameters, folder, vkey, sample):
    indexes = [json.loads(line)["index"] for line in body.split(b"\n")
               if line.startswith(b'{"index":')]
    picked = indexes[::max(1, len(indexes) // sample)]
    scale = len(indexes) / len(picked)
    files, count, began = [], 0, time.perf_counter()
    for index in picked:
        _, _, data = client.get(f"/v1/audit/{index}/bundle", parameters)
        files.append(folder / f"{index}.json")
        files[-1].write_bytes(data)
        count += len(data)
    spent = time.perf_counter() - began
    proof = json.loads(data)
    proofs = 47 * len(proof["inclusion"]) + len(proof["checkpoint"])
    offline, _ = verify("evident", files, vkey)
    print(f"  {len(picked):,} measured; times {scale:.1f}: {spent * scale:.2f} s  "
          f"{mib(count * scale)}, of which proof and head about {mib(proofs * len(indexes))};  "
          f"verified by evident in {offline * scale:.2f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=500, help="single bundles to measure")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--data", help="keep the log here, or use the one that is there")
    parser.add_argument("--load-only", action="store_true", help="make the log of --data and end")
    options = parser.parse_args()
    records = Year(options.records)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        data = pathlib.Path(options.data) if options.data else folder / "log"
        with LogProcess(data) as log:
            is_new = not data.exists()
            if is_new:
                log.init()
            writer, token = log.token(), log.token("auditor")
            log.start(limit=60)
            if is_new:
                print(f"loading {options.records:,} records, {len(records.line(0))} bytes each")
                multiprocessing.set_start_method("fork")
                load(log, writer, records, options.cores)
            if not options.load_only:
                measure(log, Client(log, token), folder, options.sample)
            log.stop()


def measure(log, client, folder, sample):
    vkey = log.vkey()
    print("sets")
    client.get("/v1/audit/bundles", [*month(), ("fields", "type")])  # warms the caches
    whole = measure_set(log, client, "all fields", month(), folder, vkey, True)
    measure_set(log, client, f"{FIELDS.count(',') + 1} fields",
                [*month(), ("fields", FIELDS)], folder, vkey, False)
    measure_set(log, client, "with both reports", [*month(), ("report", "chain"),
                                                    ("report", "gaps")], folder, vkey, False)
    print("single bundles, all fields")
    measure_singles(client, whole, (), folder, vkey, sample)


if __name__ == "__main__":
    main()
