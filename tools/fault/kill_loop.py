#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the server with SIGKILL at random moments under load, and checks what is left.

Writers submit records and keep every acknowledged receipt outside the data folder. After each
restart: the server is ready in time; every acknowledged receipt still verifies, and the log holds
its leaf at its index; no index was given twice; every head ever seen is a prefix of the log; and
a submission whose answer the crash swallowed gets one index when it is repeated.

    tools/fault/kill_loop.py --rounds 200
"""

import argparse
import collections
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
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, percentile, record, seeded  # noqa: E402

Ack = collections.namedtuple("Ack", "key index leaf note")
KINDS = ("tool.call", "model.call", "agent.run.start")


class Ledger:
    """What the outside world remembers: receipts, and heads by size. Survives every crash."""

    def __init__(self, trust):
        self.trust, self.lock = trust, threading.Lock()
        self.by_key, self.by_index, self.roots, self.open = {}, {}, {}, {}
        self.unchecked = []
        self.problems = []

    def problem(self, text):
        with self.lock:
            self.problems.append(text)
        print(f"  PROBLEM: {text}", flush=True)

    def acknowledge(self, key, body):
        """Takes a receipt as it arrived; it is verified after the round, off the clock."""
        one = json.loads(body)
        index, note = one["index"], one["checkpoint"]
        leaf = verify.encode_leaf(one["timestamp_ms"], bytes.fromhex(one["commitment"]),
                                  bytes.fromhex(one["record_hash"]))
        with self.lock:
            self.open.pop(key, None)
            self.unchecked.append((key, body))
            known = self.by_key.get(key)
            if known and (known.index, known.leaf) != (index, leaf):
                self.problems.append(f"{key} was at {known.index}, and now is at {index}")
            other = self.by_index.get(index)
            if other and other.key != key:
                self.problems.append(f"index {index} was given to {other.key} and to {key}")
            self.by_key[key] = self.by_index[index] = Ack(key, index, leaf, note)

    def verify_new(self):
        """Verifies the receipts of the last round; keeps the heads that they carry."""
        with self.lock:
            fresh, self.unchecked = self.unchecked, []
        for key, body in fresh:
            try:
                verify.verify_receipt(body, self.trust)
                self.see_head(json.loads(body)["checkpoint"])
            except (verify.Tampered, verify.Unverifiable) as error:
                self.problem(f"the receipt of {key}: {error}")
        return len(fresh)

    def see_head(self, note):
        head = verify.Checkpoint(note, self.trust)
        known = self.roots.setdefault(head.size, head.root)
        if known != head.root:
            self.problem(f"FORK: two signed roots of size {head.size}")

    def check_log(self, log):
        """Recomputes the whole log from its public resources and compares all that was promised."""
        try:
            check = verify.LogCheck(verify.HTTPSource(log.url), self.trust)
            head = check.run()
        except (verify.Tampered, verify.Unverifiable, OSError) as error:
            self.problem(f"the log: {error}")
            return 0
        self.roots.setdefault(head.size, head.root)
        for ack in list(self.by_key.values()):
            if ack.index >= len(check.entries) or check.entries[ack.index] != ack.leaf:
                self.problem(f"LOST: {ack.key}, acknowledged at {ack.index}")
        for size, root in self.roots.items():
            if size > len(check.entries) or verify.tree_root(check.levels, size) != root:
                self.problem(f"FORK: the signed head of size {size} is no prefix of the log")
        return head.size


class Writers:
    """Threads that submit until they are stopped; each waits for its answer, as producers do."""

    def __init__(self, log, ledger, token, count, start):
        self.log, self.ledger, self.token = log, ledger, token
        self.stopping = threading.Event()
        self.numbers, self.lock = start, threading.Lock()
        self.threads = [threading.Thread(target=self.write, args=(n,)) for n in range(count)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        return self.numbers

    def write(self, which):
        producer = Producer(self.log, self.token, timeout=10)
        while not self.stopping.is_set():
            with self.lock:
                self.numbers += 1
                key = f"record-{self.numbers}"
                body = json.dumps(record(self.numbers, KINDS[which % 3]))
                self.ledger.open[key] = body
            try:
                status, answer = producer.post(body, key=key)
            except (OSError, http.client.HTTPException):
                return
            if status in (200, 201):
                self.ledger.acknowledge(key, answer)
            elif status != 503:
                self.ledger.problem(f"POST answered {status}: {answer[:200]}")
                return
        producer.close()


def settle(log, ledger, token):
    """Repeats every submission without an answer: each must now have exactly one index."""
    producer, count = Producer(log, token), 0
    for key, body in list(ledger.open.items()):
        status, answer = producer.post(body, key=key)
        if status in (200, 201):
            ledger.acknowledge(key, answer)
            count += 1
        else:
            ledger.problem(f"repeating {key} answered {status}: {answer[:200]}")
    producer.close()
    return count


def run(options, folder):
    chance = seeded(options)
    log = LogProcess(folder / "data")
    with log:
        log.init()
        token = log.token()
        log.start()
        ledger = Ledger(verify.Trust(log.vkey()))
        ready_times, number, killed_in_start = [], 0, 0
        for turn in range(1, options.rounds + 1):
            writers = Writers(log, ledger, token, options.writers, number)
            writers.start()
            time.sleep(chance.uniform(0.0, options.seconds))
            log.kill()
            number = writers.stop()
            killed_in_start += crash_while_starting(log, chance, options)
            if not restart(log, ledger, ready_times, options):
                break
            settled = settle(log, ledger, token)
            acks = ledger.verify_new()
            deep = turn % options.deep == 0 or turn == options.rounds
            size = ledger.check_log(log) if deep else log.head()[0]
            print(f"round {turn}: {acks} receipts, {settled} settled after the crash, "
                  f"size {size}, ready in {ready_times[-1]:.2f} s", flush=True)
            if ledger.problems:
                break
        if not ledger.problems and log.stop() != 0:
            ledger.problem("a stop by SIGTERM does not exit with 0")
    report(ledger, ready_times, killed_in_start)
    return 1 if ledger.problems else 0


def restart(log, ledger, ready_times, options):
    """Starts the server again and notes how long it took; false if it does not start in time."""
    try:
        ready_times.append(log.start(options.ready))
        return True
    except RuntimeError as error:
        ledger.problem(f"after the crash: {error}")
        return False


def crash_while_starting(log, chance, options):
    """Every fourth time the recovery itself is killed too; returns 1 if it was."""
    if chance.random() > 0.25:
        return 0
    try:
        log.start(chance.uniform(0.005, 0.25))
    except RuntimeError as error:
        if "exited" in str(error):
            raise
    log.kill()
    return 1


def report(ledger, ready_times, killed_in_start):
    print(f"\nkills {len(ready_times)} under load and {killed_in_start} during recovery")
    print(f"receipts acknowledged {len(ledger.by_key)}, lost "
          f"{sum('LOST' in p for p in ledger.problems)}; heads seen {len(ledger.roots)}, forks "
          f"{sum('FORK' in p for p in ledger.problems)}; other problems "
          f"{sum('LOST' not in p and 'FORK' not in p for p in ledger.problems)}")
    print(f"ready again: median {percentile(ready_times, 0.5):.2f} s, p99 "
          f"{percentile(ready_times, 0.99):.2f} s, worst {max(ready_times, default=0):.2f} s")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=0.6, help="the longest time under load")
    parser.add_argument("--ready", type=float, default=5.0, help="seconds allowed for a restart")
    parser.add_argument("--deep", type=int, default=5, help="recompute the whole log every N rounds")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        return run(options, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
