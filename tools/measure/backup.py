#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long a backup and a restore take, and what the writers notice of it.

    tools/measure/backup.py                     # 1,000,000 records
    tools/measure/backup.py --records 50000

Writers submit single records, each waiting for its receipt, as a log at work has it: for some seconds
alone, and then while backups are made. Everything is on one machine: the writers, the server, and the
command share its cores, so look at ratios.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, binary, percentile, record  # noqa: E402


def fill(log, token, count):
    """Records in batches of 1,000; returns how many a second."""
    producer, began = Producer(log, token, timeout=120), time.monotonic()
    for start in range(0, count, 1000):
        lines = "\n".join(json.dumps(record(n)) for n in range(start, min(start + 1000, count)))
        status, answer = producer.post(lines, kind="application/x-ndjson", key=f"fill-{start}")
        if status != 200:
            raise RuntimeError(f"POST answered {status}: {answer[:200]}")
    producer.close()
    return count / (time.monotonic() - began)


class Writers:
    """Threads that submit one record after the other, and note when each receipt came."""

    def __init__(self, log, token, count):
        self.log, self.token, self.ended = log, token, threading.Event()
        self.answers, self.lock, self.name = [], threading.Lock(), str(time.monotonic_ns())
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(count)]

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began

    def write(self, which):
        producer, body, number = Producer(self.log, self.token, timeout=60), json.dumps(record(1)), 0
        while not self.ended.is_set():
            began = time.monotonic()
            status, _ = producer.post(body, key=f"{self.name}-{which}-{number}")
            took, number = time.monotonic() - began, number + 1
            with self.lock:
                self.answers.append((status, took))
        producer.close()

    def line(self, what):
        times = [took * 1e3 for status, took in self.answers if status == 201]
        print(f"{what:34} {len(times) / self.seconds:8.0f}/s   p50 {percentile(times, 0.5):7.2f} ms   "
              f"p99 {percentile(times, 0.99):7.2f} ms   worst {max(times):7.1f} ms   "
              f"not taken {len(self.answers) - len(times)}", flush=True)
        return len(times) / self.seconds, percentile(times, 0.99)


def timed(what, count, *line):
    began = time.monotonic()
    done = subprocess.run([binary(), *map(str, line)], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"{what}: {done.returncode}: {done.stderr[-400:]}")
    print(f"{what:34} {seconds:8.2f} s   {count / seconds:10.0f} records/s", flush=True)
    return seconds


def size(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).rglob("*") if path.is_file())


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--folder", help="where to work; on the disk that is to be measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backup-", dir=options.folder) as name:
        work = pathlib.Path(name)
        with LogProcess(work / "data").init() as log:
            token = log.token()
            log.start()
            rate = fill(log, token, options.records)
            print(f"{options.records} records filled in at {rate:.0f}/s", flush=True)
            measure(options, work, log, token)
            log.stop()


def measure(options, work, log, token):
    with Writers(log, token, options.writers) as alone:
        time.sleep(options.seconds)
    alone.line("writers alone")
    for number, flags in enumerate(([], ["--deep"])):
        with Writers(log, token, options.writers) as beside:
            timed(" ".join(["backup", *flags, "beside writers"]), log.head()[0], "backup", "--data",
                  log.data, "--to", work / f"b{number}", *flags)
        beside.line("writers beside it")
    timed("backup, nobody writing", log.head()[0], "backup", "--data", log.data, "--to", work / "b2")
    print(f"{'size of store, and of backup':34} {size(log.data / 'store') / 1e6:8.0f} MB   "
          f"{size(work / 'b2') / 1e6:8.0f} MB", flush=True)
    log.stop()
    count = json.loads((work / "b2/manifest.json").read_text())["size"]
    timed("backup verify", count, "backup", "verify", work / "b2")
    timed("backup verify --deep", count, "backup", "verify", work / "b2", "--deep")
    for number, flags in enumerate((["--shallow"], [])):
        timed(f"restore {' '.join(flags) or 'with all records verified'}", count, "restore",
              work / "b2", "--data", work / f"new{number}", "--keys", log.data / "keys",
              "--accept-as-newest", *flags)


if __name__ == "__main__":
    sys.exit(main())
