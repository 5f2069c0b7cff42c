#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A log, three real witnesses over real sockets, and a quorum of two.

One witness is killed, or lies in every way that it can, or is slow: receipts that wait for the
witnesses keep coming. With two of them bad, the log goes on without them or fails closed, as its
setting says, and recovers by itself. The receipts are verified by `evident verify` under the
policy and by tools/verify_evident.py; /witnessed/checkpoint never goes back. Prints figures.
"""

import argparse
import concurrent.futures
import http.client
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
from evident_process import ORIGIN, LogProcess, Producer, binary, percentile, record  # noqa: E402
from witness_process import Gateway, WitnessProcess, lies, passed_on, slow  # noqa: E402

PYTHON = [sys.executable, str(ROOT / "tools" / "verify_evident.py")]


class World:
    """A log, its witnesses, and what has been found."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        self.failures, self.checks, self.number = [], 0, 0
        self.log = LogProcess(folder / "log").init()
        self.token = self.log.token()
        # A second init of a log that is whole prints its key again.
        self.vkey = self.log.command(
            "init", "--data", self.log.data, "--origin", ORIGIN).stdout.strip()
        self.witnesses = [
            WitnessProcess(folder / f"w{place}", f"w{place}.example.com/w", [self.vkey]).init()
            for place in range(3)]
        self.gateways = [Gateway(witness) for witness in self.witnesses]
        self.policy = folder / "witnesses.policy"
        lines = [f"log {self.vkey}"]
        lines += [f"witness w{place} {witness.vkey} http://127.0.0.1:{gateway.port}/"
                  for place, (witness, gateway) in enumerate(zip(self.witnesses, self.gateways))]
        self.policy.write_text("\n".join(lines + ["group two 2 w0 w1 w2", "quorum two", ""]))

    def expect(self, what, good):
        self.checks += 1
        if not good:
            self.failures.append(what)
            print(f"  NOT SO: {what}", flush=True)

    def configure(self, mode):
        (self.log.data / "evident.yaml").write_text(
            f"witness:\n  policy: {self.policy}\n  on_failure: {mode}\n  interval: 100ms\n"
            "  timeout: 1s\n  wait: 3s\n")
        (self.log.data / "evident.yaml").chmod(0o600)

    def post(self, producer, query="?wait=witnessed"):
        self.number += 1
        began = time.monotonic()
        status, body = producer.post(json.dumps(record(self.number)), key=f"k{self.number}",
                                     query=query)
        return status, json.loads(body), (time.monotonic() - began) * 1000

    def receipts(self, what, count, witnessed=True, parallel=4):
        """Posts `count` records that wait; all must come, witnessed or not as said."""
        def some(_):
            producer = Producer(self.log, self.token)
            try:
                return [self.post(producer) for _ in range(max(1, count // parallel))]
            finally:
                producer.close()
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            answers = [answer for part in pool.map(some, range(parallel)) for answer in part]
        good = [a for a in answers if a[0] == 201 and a[1].get("witnessed") is witnessed]
        self.expect(f"{what}: {len(good)} of {len(answers)} receipts, first other "
                    f"{next((a for a in answers if a not in good), None)}",
                    len(good) == len(answers))
        times = [a[2] for a in answers]
        print(f"  {what}: {len(good)} receipts, witnessed {str(witnessed).lower()}, p50 "
              f"{percentile(times, 0.5):.0f} ms, max {max(times):.0f} ms", flush=True)
        return [a[1] for a in good]

    def verify(self, receipts, want=0):
        paths = []
        for receipt in receipts:
            paths.append(self.folder / f"receipt-{receipt['index']}.json")
            paths[-1].write_text(json.dumps(receipt))
        done = subprocess.run([binary(), "verify", "receipt", *map(str, paths), "--policy",
                               str(self.policy)], capture_output=True, text=True, check=False)
        self.expect(f"evident verify under the policy: exit {done.returncode}, wanted {want}: "
                    f"{(done.stdout + done.stderr).strip()[-200:]}", done.returncode == want)
        pinned = [word for witness in self.witnesses for word in ("--witness", witness.vkey)]
        for path in paths[:5]:
            done = subprocess.run([*PYTHON, "receipt", str(path), "--vkey", self.vkey, *pinned,
                                   "--quorum", "2"], capture_output=True, text=True, check=False)
            self.expect(f"verify_evident.py: exit {done.returncode}, wanted {want}: "
                        f"{(done.stdout + done.stderr).strip()[-200:]}",
                        done.returncode == want)

    def ready(self):
        return json.loads(self.log.request("GET", "/readyz")[1])


def watch(world, stop):
    """The witnessed checkpoint only moves forward, and each one meets the quorum."""
    last = 0
    keys = [witness.name for witness in world.witnesses]
    while not stop.is_set():
        try:
            status, body = world.log.request("GET", "/witnessed/checkpoint")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
            continue
        if status == 200:
            size = int(body.decode().split("\n")[1])
            world.expect(f"the witnessed size went from {last} to {size}", size >= last)
            signed = sum(f"— {name} ".encode() in body for name in keys)
            world.expect(f"a witnessed checkpoint with {signed} cosignatures", signed >= 2)
            last = size
        time.sleep(0.03)


def one_bad(world, count):
    receipts = world.receipts("three good witnesses", count)
    world.verify(receipts[:20])
    world.witnesses[0].kill()
    receipts = world.receipts("one killed", count)
    world.verify(receipts[:5])
    world.witnesses[0].start()
    recover(world)
    old = next(line for line in receipts[0]["checkpoint"].split("\n") if "w1.example" in line)
    all_lies = lies(old.encode() + b"\n")
    share = max(4, count // 4)
    for name, conduct in all_lies.items():
        world.gateways[1].conduct = conduct
        time.sleep(0.3)   # what it had said before, in good faith, may count
        receipts = world.receipts(f"one lies: {name}", share)
        for receipt in receipts:
            world.expect(f"the liar's line in a receipt ({name})",
                         "— w1.example.com" not in receipt["checkpoint"])
        world.expect(f"the log stopped ({name})", world.ready()["ready"])
        world.verify(receipts[:1])
        world.gateways[1].conduct = passed_on
        recover(world)
    world.gateways[1].conduct = slow(5)
    world.receipts("one slow", count)
    world.gateways[1].conduct = passed_on
    recover(world)


def no_quorum_open(world):
    world.witnesses[0].kill()
    world.gateways[1].conduct = slow(5)
    time.sleep(1.5)
    receipts = world.receipts("open, no quorum", 4, witnessed=False)
    world.verify(receipts[:1], want=2)
    ready = world.ready()
    world.expect(f"open stays ready without its witnesses: {ready}", ready["ready"])
    world.witnesses[0].start()
    world.gateways[1].conduct = passed_on
    world.receipts(f"open, recovered after {recover(world):.1f} s", 8)


def no_quorum_closed(world):
    world.receipts("closed, three good", 8)
    world.witnesses[0].kill()
    world.gateways[1].conduct = slow(5)
    time.sleep(1.5)
    producer = Producer(world.log, world.token)
    status, body, took = world.post(producer, query="")
    world.expect(f"closed: a submission gets {status} {body.get('code')}",
                 (status, body.get("code")) == (503, "not_witnessed"))
    print(f"  closed, no quorum: {status} {body.get('code')} after {took:.0f} ms", flush=True)
    key = world.number
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and world.ready()["ready"]:
        time.sleep(0.1)
    size = world.log.head()[0]
    status, body, took = world.post(producer, query="")
    world.expect(f"closed: the next one gets {status} {body.get('code')}",
                 (status, body.get("code")) == (503, "witnesses_unavailable"))
    world.expect("closed: it was stored all the same", world.log.head()[0] == size)
    print(f"  closed, overdue: {status} {body.get('code')} after {took:.0f} ms", flush=True)
    world.witnesses[0].start()
    world.gateways[1].conduct = passed_on
    world.receipts(f"closed, recovered after {recover(world):.1f} s", 8)
    status, body = producer.post(json.dumps(record(key)), key=f"k{key}")
    world.expect(f"closed: a retry collects the receipt, {status}",
                 status == 200 and json.loads(body).get("witnessed") is True)
    world.verify([json.loads(body)])


def recover(world):
    """Witnesses that come back are found by the log itself; returns the seconds that it took."""
    began = time.monotonic()
    while time.monotonic() - began < 70:
        ready = world.ready()
        if ready["ready"] and ready["witnessed"]["met"] and not any(
                "failure" in witness for witness in ready["witnessed"]["witnesses"]):
            return time.monotonic() - began
        time.sleep(0.1)
    world.expect(f"the witnesses were not found again: {ready}", False)
    return time.monotonic() - began


def checkpoints(world):
    """The kept checkpoints are in order, and the log is verified under the newest one."""
    since, sizes = 0, []
    while True:
        _, body = world.log.request("GET", f"/v1/checkpoints?since={since}")
        page = [int(note.split("\n")[1]) for note in json.loads(body)["checkpoints"]]
        if not page:
            break
        sizes += page
        since = page[-1]
    world.expect("kept checkpoints rise", sizes == sorted(set(sizes)) and len(sizes) > 3)
    print(f"  {len(sizes)} witnessed checkpoints are kept, up to size {sizes[-1]}", flush=True)
    done = subprocess.run([binary(), "verify", "log", world.log.url + "/witnessed", "--policy",
                           str(world.policy)], capture_output=True, text=True, check=False)
    world.expect(f"verify log /witnessed: {done.returncode} {done.stderr[-200:]}",
                 done.returncode == 0)
    print(f"  {done.stdout.strip()[:150]}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=40, help="in each step")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="quorum-") as folder:
        world = World(pathlib.Path(folder), options)
        for witness in world.witnesses:
            witness.start()
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(world, stop))
        try:
            with world.log:
                world.configure("open")
                world.log.start()
                watcher.start()
                one_bad(world, options.records)
                no_quorum_open(world)
                world.log.stop()
                world.configure("closed")
                world.log.start()
                no_quorum_closed(world)
                checkpoints(world)
                stop.set()
                watcher.join()
                world.expect("the server's end", world.log.stop() == 0)
        finally:
            stop.set()
            for witness in world.witnesses:
                witness.kill()
            for gateway in world.gateways:
                gateway.close()
    print(f"{world.checks} checks, {len(world.failures)} failed, "
          f"{time.monotonic() - began:.0f} s")
    sys.exit(1 if world.failures else 0)


if __name__ == "__main__":
    main()
