#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fills the volume under a loaded server, and takes its disk away for a moment.

The data folder lies on an ext4 file system in a loop file, in a mount namespace of its own. Receipts
are kept outside. Needs root and loop devices; the last part also strace.

    sudo tools/fault/full_disk.py                   # all parts
    sudo tools/fault/full_disk.py --part commit

reserve  The volume fills up. Before it is full the log refuses records, with a time to come again,
         and goes on with everything else; when room returns it takes records by itself.
middle   A batch that does not fit meets a full volume in the middle of its transaction: it is
         refused, nothing of it stays, and the log goes on when room returns.
commit   A commit meets a full volume: its outcome is unknown, so the log stops. After a restart no
         acknowledged record is missing, and the repeated batch is in the log once.
unread   What is committed cannot be read back. For a moment, for want of memory: the answer waits.
         Because of the disk: the log stops, nothing is acknowledged, and a restart finds the record.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, percentile, record  # noqa: E402
from kill_loop import Ledger  # noqa: E402
from small_volume import MEBI, Volume  # noqa: E402


class Scene:
    """One volume with one log on it, what was promised, and what was found wrong."""

    def __init__(self, volume):
        self.volume = volume
        self.log = LogProcess(volume.mount / "data").init()
        self.token = self.log.token()
        self.log.start()
        self.ledger = Ledger(verify.Trust(self.log.vkey()))

    def expect(self, what, good):
        if not good:
            self.ledger.problem(f"not so: {what}")

    def post(self, body, key, kind="application/json"):
        """(status, code, Retry-After, body) of one submission on a connection of its own."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind,
                   "Idempotency-Key": key}
        connection = http.client.HTTPConnection("127.0.0.1", self.log.port, timeout=60)
        try:
            connection.request("POST", "/v1/audit", body, headers)
            answer = connection.getresponse()
            data = answer.read()
            code = json.loads(data)["code"] if answer.status >= 400 else None
            return answer.status, code, answer.getheader("Retry-After"), data
        finally:
            connection.close()

    def submit(self, count, name="before"):
        """Some single records, each acknowledged."""
        for number in range(count):
            status, code, _, data = self.post(json.dumps(record(number)), f"{name}-{number}")
            self.expect(f"a record is taken, not {status} {code}", status == 201)
            if status == 201:
                self.ledger.acknowledge(f"{name}-{number}", data)

    def acknowledge_batch(self, name, data):
        *items, last = [json.loads(line) for line in data.decode().splitlines()]
        for number, item in enumerate(items):
            receipt = {**item["receipt"], "checkpoint": last["checkpoint"]}
            self.ledger.acknowledge(f"{name}-{number}", json.dumps(receipt).encode())
        return {item["status"] for item in items}

    def reads(self):
        """Whether everybody's questions are still answered."""
        size, _ = self.log.head()
        tile = f"000.p/{size}" if size < 256 else "000"
        return all(self.log.request("GET", path)[0] == 200 for path in (
            f"/v1/proof/inclusion?index={size - 1}", f"/tile/entries/{tile}", "/healthz"))

    def restart(self):
        return f"ready in {self.log.start(10):.2f} s"

    def finish(self):
        """Every promise is checked, and the store itself."""
        receipts = self.ledger.verify_new()
        size = self.ledger.check_log(self.log)
        self.expect("a stop by SIGTERM exits with 0", self.log.stop() == 0)
        done = self.log.command("fsck", "--data", self.log.data, check=False)
        self.expect(f"fsck finds nothing: {done.stdout[-300:]}{done.stderr[-300:]}",
                    done.returncode == 0)
        lost = sum("LOST" in p for p in self.ledger.problems)
        print(f"  {receipts} receipts verified, {lost} lost; size {size}; fsck "
              f"{'clean' if done.returncode == 0 else 'NOT CLEAN'}", flush=True)
        return self.ledger.problems


def batch(count, bytes_each):
    """NDJSON of `count` different records, each about `bytes_each` long."""
    return "".join(
        json.dumps(record(n, details={"text": os.urandom(bytes_each // 2).hex()})) + "\n"
        for n in range(count))


class Load:
    """Producers that submit until they are stopped, and do not mind being refused."""

    def __init__(self, scene, writers):
        self.scene, self.stopping = scene, threading.Event()
        self.taken, self.refused, self.times = [], [], []
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(writers)]
        for thread in self.threads:
            thread.start()

    def write(self, which):
        producer = Producer(self.scene.log, self.scene.token)
        for number in range(1 << 30):
            if self.stopping.is_set():
                return producer.close()
            key, began = f"load-{which}-{number}", time.monotonic()
            body = json.dumps(record(number, details={"text": "x" * 4000}))
            status, data = producer.post(body, key=key)
            now = time.monotonic()
            if status == 201:
                self.taken.append(now)
                self.scene.ledger.acknowledge(key, data)
            else:
                code = json.loads(data)["code"]
                self.refused.append((now, code))
                self.times.append(now - began)
                time.sleep(0.02)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


def wait_until(condition, limit):
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > limit:
            return None
        time.sleep(0.005)
    return time.monotonic() - began


def part_reserve(scene):
    volume, expect = scene.volume, scene.expect
    scene.submit(20)
    load = Load(scene, writers=8)
    expect("records are taken", wait_until(lambda: len(load.taken) > 200, 20))
    volume.fill(leave=volume.reserve + 8 * MEBI)
    expect("the log refuses in time", wait_until(lambda: load.refused, 60))
    at_refusal, size = volume.free, scene.log.head()[0]
    status, code, retry, _ = scene.post(json.dumps(record(1)), "refused-1")
    expect(f"507 storage_full with Retry-After, not {status} {code} {retry}",
           (status, code) == (507, "storage_full") and retry)
    low, end = volume.free, time.monotonic() + 3
    while time.monotonic() < end:
        expect("reads go on", scene.reads())
        low = min(low, volume.free)
    expect("the tree does not grow", scene.log.head()[0] == size)
    codes = {code for _, code in load.refused}
    expect(f"one reason is given, not {codes}", codes == {"storage_full"})
    freed = time.monotonic()
    volume.make_room()
    expect("it goes on by itself", wait_until(lambda: load.taken[-1] > freed, 10))
    back = min((t for t in load.taken if t > freed), default=freed) - freed
    load.stop()
    print(f"  reserve {volume.reserve / MEBI:.1f} MiB; refused with {code} (status {status}, "
          f"Retry-After {retry}) at {at_refusal / MEBI:.1f} MiB free, lowest "
          f"{low / MEBI:.1f} MiB\n  {len(load.refused)} refusals, p99 "
          f"{percentile(load.times, 0.99) * 1e3:.0f} ms; reads went on; taken again "
          f"{back * 1e3:.0f} ms after room returned", flush=True)
    status, *_ = scene.post(json.dumps(record(1)), "refused-1")
    expect(f"what was refused is taken now, not {status}", status == 201)


# -- a real ENOSPC --------------------------------------------------------------------------------

def part_middle(scene):
    """The write-ahead log outgrows the volume while the transaction still writes."""
    volume, expect = scene.volume, scene.expect
    scene.submit(20)
    # A write-ahead log that has grown before could take the batch without any new room.
    expect("a stop exits with 0", scene.log.stop() == 0)
    scene.restart()
    body = batch(900, 8_000)
    volume.fill(leave=volume.reserve + 256 * 1024)
    room = volume.free / MEBI
    size = scene.log.head()[0]
    status, code, retry, _ = scene.post(body, "middle", "application/x-ndjson")
    expect(f"507 storage_full, not {status} {code}", (status, code) == (507, "storage_full"))
    expect("the tree does not grow", scene.log.head()[0] == size and scene.reads())
    print(f"  a batch of {len(body) / MEBI:.1f} MiB into {room:.1f} MiB: {status} {code}, "
          f"Retry-After {retry}", flush=True)
    volume.make_room()
    status, _, _, data = scene.post(body, "middle", "application/x-ndjson")
    expect(f"it is taken when room returned, without a restart, not {status}", status == 200)
    if status == 200:
        expect("all of it is new", scene.acknowledge_batch("middle", data) == {201})


def part_commit(scene):
    """All fits into memory, and the volume has no room when COMMIT writes it."""
    volume, expect = scene.volume, scene.expect
    scene.submit(20)
    expect("a stop exits with 0", scene.log.stop() == 0)
    scene.restart()
    body = batch(300, 8_000)
    volume.fill(leave=volume.reserve + 64 * 1024)
    room = volume.free / MEBI
    size = scene.log.head()[0]
    status, code, _, _ = scene.post(body, "commit", "application/x-ndjson")
    expect(f"503 storage_failed, not {status} {code}", (status, code) == (503, "storage_failed"))
    again = scene.post(json.dumps(record(1)), "after")[:2]
    expect(f"503 sequencing_stopped from then on, not {again}",
           again == (503, "sequencing_stopped"))
    expect("it says that it is not ready", scene.log.request("GET", "/readyz")[0] == 503)
    expect("the tree does not grow, reads go on",
           scene.log.head()[0] == size and scene.reads())
    print(f"  a batch of {len(body) / MEBI:.1f} MiB into {room:.1f} MiB: {status} {code}, then "
          f"{again[0]} {again[1]}; reads went on", flush=True)
    scene.log.kill()
    left, ready = volume.free, scene.restart()
    status, code, _, _ = scene.post(json.dumps(record(1)), "full")
    expect(f"507 storage_full on the full volume, not {status} {code}",
           (status, code) == (507, "storage_full"))
    print(f"  killed; with {left >> 10} KiB free: {ready}, size {scene.log.head()[0]} (before: "
          f"{size}), {status} {code}", flush=True)
    volume.make_room()
    status, _, _, data = scene.post(body, "commit", "application/x-ndjson")
    expect(f"the repeated batch is taken, not {status}", status == 200)
    if status == 200:
        statuses = scene.acknowledge_batch("commit", data)
        print(f"  room made; repeated: {statuses}", flush=True)
    expect("each record of it is there once", scene.log.head()[0] == size + 300)


# -- what cannot be read --------------------------------------------------------------------------

@contextlib.contextmanager
def unreadable(process, error):
    """Every pread of the process fails with this error as long as this lasts."""
    trace = subprocess.Popen(
        ["strace", "-f", "-q", "-e", "trace=pread64", "-e", f"inject=pread64:error={error}", "-o",
         "/dev/null", "-p", str(process.pid)], stderr=subprocess.PIPE, text=True)
    tasks = pathlib.Path(f"/proc/{process.pid}/task")
    traced = wait_until(lambda: all("TracerPid:\t0" not in (task / "status").read_text()
                                    for task in tasks.iterdir()), 10)
    try:
        if traced is None:
            raise RuntimeError("strace cannot trace the server")
        yield
    finally:
        trace.send_signal(signal.SIGINT)
        trace.wait()


def part_unread(scene):
    expect = scene.expect
    if shutil.which("strace") is None:
        print("  left out: there is no strace here", flush=True)
        return
    scene.submit(20)
    answers = []
    began = time.monotonic()
    poster = threading.Thread(
        target=lambda: answers.append(scene.post(json.dumps(record(1)), "moment")))
    with unreadable(scene.log.process, "ENOMEM"):
        poster.start()
        time.sleep(1.5)
        expect("nothing is answered while it cannot be read back", not answers)
    poster.join()
    status, code, _, data = answers[0]
    expect(f"a moment later the record is taken, not {status} {code}", status == 201)
    if status == 201:
        scene.ledger.acknowledge("moment", data)
    print(f"  ENOMEM for 1.5 s: {status} after {time.monotonic() - began:.1f} s", flush=True)
    size, began = scene.log.head()[0], time.monotonic()
    with unreadable(scene.log.process, "EIO"):
        status, code, _, _ = scene.post(json.dumps(record(2)), "broken")
    expect(f"503 not_published, not {status} {code}", (status, code) == (503, "not_published"))
    again = scene.post(json.dumps(record(3)), "after")[:2]
    expect(f"then 503 sequencing_stopped, not {again}", again == (503, "sequencing_stopped"))
    print(f"  EIO: {status} {code} after {time.monotonic() - began:.1f} s, then "
          f"{again[1]}; size {scene.log.head()[0]}", flush=True)
    expect("its head is not shown", scene.log.head()[0] == size)
    scene.log.kill()
    ready = scene.restart()
    status, _, _, data = scene.post(json.dumps(record(2)), "broken")
    expect(f"a restart finds the record, not {status}", status == 200)
    if status == 200:
        scene.ledger.acknowledge("broken", data)
    print(f"  killed, {ready}, size {scene.log.head()[0]}; repeated: {status}", flush=True)


# The volume's size decides what its twentieth, the reserve, lets through: of 600 MiB more than any
# commit here takes, of 128 MiB less than a transaction that outgrows SQLite's cache of 4 MiB, of
# 48 MiB less than one that does not.
PARTS = {"reserve": (part_reserve, 600), "middle": (part_middle, 128),
         "commit": (part_commit, 48), "unread": (part_unread, 64)}


def run(part):
    play, megabytes = PARTS[part]
    print(f"{part}: {megabytes} MiB", flush=True)
    with tempfile.TemporaryDirectory() as name:
        with Volume(pathlib.Path(name), megabytes).mounted() as volume:
            scene = Scene(volume)
            with scene.log:
                play(scene)
                problems = scene.finish()
    return problems


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS, help="only this one")
    parser.add_argument("--own-namespace", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root, for mount")
    if not options.own_namespace:
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                              *sys.argv, "--own-namespace"])
    problems = [p for part in ([options.part] if options.part else PARTS) for p in run(part)]
    print(f"\nfull disk: {'all good' if not problems else f'{len(problems)} problems'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
