#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How long exports of a log take, what they do to the writers, and the other way round.

    tools/measure/export.py --records 1000000

Fills a log, then exports all of it in each format, first alone and then while a producer submits
batches without a pause; and says the producer's rate without and with an export. The server and the
exporting program share the machine with the producer.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, binary, record  # noqa: E402


class Writer(threading.Thread):
    """Submits batches until it is stopped; knows when each was answered."""

    def __init__(self, log, token, batch):
        super().__init__(daemon=True)
        self.producer, self.batch = Producer(log, token), batch
        self.ended, self.answers, self.failure = threading.Event(), [], None

    def run(self):
        number = 0
        try:
            while not self.ended.is_set():
                number += 1
                lines = "\n".join(json.dumps(record(number * self.batch + item))
                                  for item in range(self.batch))
                began = time.monotonic()
                status, _ = self.producer.post(lines, kind="application/x-ndjson")
                if status != 200:
                    raise RuntimeError(f"a batch answered {status}")
                self.answers.append((time.monotonic(), time.monotonic() - began))
        except Exception as error:  # the thread's end is told by the one who waits for it
            self.failure = error

    def between(self, start, end):
        """(records a second, median and worst milliseconds of a batch) in a stretch of time."""
        waits = [wait for moment, wait in self.answers if start <= moment < end]
        if not waits:
            return 0.0, 0.0, 0.0
        return (len(waits) * self.batch / (end - start), statistics.median(waits) * 1e3,
                max(waits) * 1e3)

    def stop(self):
        self.ended.set()
        self.join()
        if self.failure:
            raise self.failure


def fill(log, token, count, batch=1_000):
    producer, began = Producer(log, token), time.monotonic()
    for start in range(0, count, batch):
        lines = "\n".join(json.dumps(record(number))
                          for number in range(start, min(count, start + batch)))
        status, _ = producer.post(lines, kind="application/x-ndjson")
        if status != 200:
            raise RuntimeError(f"a batch answered {status}")
    print(f"filled {count:,} records in {time.monotonic() - began:.1f} s", flush=True)


def export(log, folder, form, token, size):
    """Seconds and bytes of one export by the program."""
    path = folder / f"{form}-{time.monotonic_ns()}"
    began = time.monotonic()
    subprocess.run(
        [binary(), "export", "--format", form, "--out", path, "--to-index", str(size), "--url",
         log.url, "--token-file", token], check=True, capture_output=True)
    seconds, count = time.monotonic() - began, path.stat().st_size
    for name in (path, pathlib.Path(f"{path}.manifest")):
        name.unlink()
    return seconds, count


def measure(log, folder, options, token, auditor):
    size, formats = log.head()[0], options.formats.split(",")
    for form in formats:
        seconds, count = export(log, folder, form, auditor, size)
        print(f"{form:12} alone: {seconds:7.2f} s  {size / seconds:10,.0f} records/s  "
              f"{count / 1e6 / seconds:7.1f} MB/s", flush=True)
    writer = Writer(log, token, options.batch)
    writer.start()
    time.sleep(1)
    start = time.monotonic()
    time.sleep(options.seconds)
    rate, median, worst = writer.between(start, time.monotonic())
    print(f"writes alone: {rate:,.0f} records/s, a batch of {options.batch} in {median:.1f} ms, "
          f"worst {worst:.1f} ms", flush=True)
    for form in formats:
        start = time.monotonic()
        seconds, count = export(log, folder, form, auditor, size)
        rate, median, worst = writer.between(start, time.monotonic())
        print(f"{form:12} with writes: {seconds:7.2f} s  {size / seconds:10,.0f} records/s; "
              f"writes {rate:,.0f} records/s, a batch in {median:.1f} ms, worst {worst:.1f} ms",
              flush=True)
    writer.stop()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--formats", default="ndjson,ocsf")
    parser.add_argument("--batch", type=int, default=100, help="records of a submission meanwhile")
    parser.add_argument("--seconds", type=float, default=10, help="of writes alone")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with LogProcess(folder / "data").init() as log:
            auditor = folder / "auditor"
            auditor.write_text(log.token("auditor"))
            token = log.token()
            log.start()
            fill(log, token, options.records)
            measure(log, folder, options, token, auditor)
            log.stop()


if __name__ == "__main__":
    main()
