#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes logs that lie, and checks that those who watch them say so, and can prove it to others.

The forks are real ones: two servers with one key on copies of one store. Evidence must verify in an
empty folder with nothing but the log's key, by two programs that share no code. Other lies (older
entries slipped in, a stale head, altered and missing tiles) come from a forged log and from a
proxy. A client that follows logs adds its cases to CASES.

    tools/fault/fork.py --records 2000
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(ROOT / "tools" / "fault"))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, binary, copy_folder, record  # noqa: E402
from forged_log import AlteringProxy, ForgedLog, Inbox, served  # noqa: E402
from witness_process import WitnessProcess  # noqa: E402

OK, TAMPERED, UNVERIFIABLE, FORKED = 0, 1, 2, 6


class World:
    """One log, and two servers on copies of its store that go different ways."""

    def __init__(self, folder, records):
        self.folder, self.records, self.count = folder, records, 0
        self.first = LogProcess(folder / "first").init()
        self.token = self.first.token()
        self.first.start()
        self.submit(self.first, records)
        stop(self.first)
        self.second = LogProcess(folder / "second")
        self.older = LogProcess(folder / "older")
        copy_folder(self.first.data, self.second.data)
        copy_folder(self.first.data, self.older.data)
        self.witnessed = [LogProcess(folder / f"witnessed-{n}") for n in range(2)]
        for log in self.witnessed:
            copy_folder(self.first.data, log.data)
        for log in (self.first, self.second, self.older):
            log.start()
        self.vkey = self.first.vkey()
        self.spki = next(k["spki"] for k in self.first.log_description()["keys"]
                         if k["alg"] == "ecdsa-p256")
        self.common = self.first.request("GET", "/checkpoint")[1]
        self.submit(self.first, records // 2)
        self.submit(self.second, records // 3, "agent.run.start")

    def submit(self, log, count, kind="tool.call"):
        lines = [json.dumps(record(self.count + n, kind)) for n in range(count)]
        self.count += count
        producer = Producer(log, self.token)
        for start in range(0, count, 500):
            status, body = producer.post(
                "\n".join(lines[start:start + 500]), kind="application/x-ndjson")
            if status != 200:
                raise RuntimeError(f"POST answered {status}: {body[:200]}")
        producer.close()

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path

    def close(self):
        for log in (self.first, self.second, self.older):
            log.__exit__()


def stop(log):
    if log.stop() != 0:
        raise RuntimeError("the server did not stop well")


# -- clients -------------------------------------------------------------------------------------------

class Monitor:
    """`evident monitor --once` with a state folder of its own."""

    def __init__(self, world, name, vkey=None, spki=None):
        self.state = world.folder / f"state-{name}"
        self.keys = ["--vkey", vkey or world.vkey, "--spki", spki or world.spki]

    def look(self, *urls, more=()):
        """(status, events) of one look."""
        done = subprocess.run(
            [binary(), "monitor", *urls, *self.keys, "--state", str(self.state), "--once", "--json",
             *more], capture_output=True, text=True, check=False, timeout=120)
        if done.returncode in (3, 4):
            raise RuntimeError(done.stderr)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def kinds(self, *urls, more=()):
        status, events = self.look(*urls, more=more)
        return status, [event["event"] for event in events]

    def evidence(self):
        return sorted(self.state.glob("fork-*.json"))


def need(got, want, what):
    if got != want:
        raise AssertionError(f"{what}: {got}, and not {want}")


def need_proof(evidence, vkey):
    """The evidence verifies alone, by two programs, and no changed copy of it does."""
    with tempfile.TemporaryDirectory() as empty:
        path = pathlib.Path(empty) / "evidence.json"
        path.write_bytes(evidence.read_bytes())
        commands = (
            [binary(), "verify", "fork", path.name, "--vkey", vkey],
            ["/usr/bin/python3", str(ROOT / "tools" / "verify_evident.py"), "fork", path.name,
             "--vkey", vkey])
        for command in commands:
            done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)
            need(done.returncode, OK, f"{command[0]} on true evidence ({done.stderr.strip()})")
        data = json.loads(path.read_bytes())
        data["trees"].reverse()
        path.write_text(json.dumps(data))
        for command in commands:
            done = subprocess.run(command, cwd=empty, capture_output=True, text=True, check=False)
            need(done.returncode, UNVERIFIABLE, f"{command[0]} on changed evidence")


# -- cases ---------------------------------------------------------------------------------------------

def fork_beside(world):
    """Two servers of one key, watched side by side."""
    monitor = Monitor(world, "beside")
    status, kinds = monitor.kinds(world.first.url, world.second.url)
    need((status, kinds), (FORKED, ["head_advanced", "fork"]), "the look")
    need_proof(monitor.evidence()[0], world.vkey)
    need(monitor.kinds(world.first.url, world.second.url), (FORKED, []), "the second look")


def fork_below(world):
    """The log that was watched is replaced by its shorter fork."""
    monitor = Monitor(world, "below")
    need(monitor.kinds(world.first.url), (OK, ["head_advanced"]), "the first look")
    with served(AlteringProxy(world.second.url, lambda path, data: data)) as url:
        status, events = monitor.look(url)
    need((status, [e["event"] for e in events]), (FORKED, ["fork"]), "the look at the fork")
    need(verify.verify_fork(json.dumps(events[0]["evidence"]).encode(),
                            verify.Trust(world.vkey))[0].split(" ")[2], "FORKED:", "the event")
    need_proof(monitor.evidence()[0], world.vkey)


def fork_above(world):
    """The log that was watched is replaced by its longer fork."""
    monitor = Monitor(world, "above")
    need(monitor.kinds(world.second.url), (OK, ["head_advanced"]), "the first look")
    need(monitor.kinds(world.first.url), (FORKED, ["fork"]), "the look at the fork")
    need_proof(monitor.evidence()[0], world.vkey)


def verify_log(world):
    """`evident verify log` with checkpoints that somebody has kept."""
    kept = world.file("kept.note", world.second.request("GET", "/checkpoint")[1])
    common = world.file("common.note", world.common)
    line = [binary(), "verify", "log", world.first.url, "--vkey", world.vkey, "--older"]
    done = subprocess.run([*line, common], cwd=world.folder, capture_output=True, check=False)
    need(done.returncode, OK, "a true older checkpoint")
    done = subprocess.run([*line, kept], cwd=world.folder, capture_output=True, check=False)
    need(done.returncode, FORKED, "a forked older checkpoint")
    need_proof(next(world.folder.glob("fork-*.json")), world.vkey)


def mirror(world):
    """The log that was copied is replaced by its fork, a shorter and a longer one."""
    def copy(source, folder):
        done = subprocess.run(
            [binary(), "mirror", source.url, "--vkey", world.vkey, "--to", folder, "--once"],
            capture_output=True, check=False)
        return done.returncode

    for name, first, then in (("shorter", world.first, world.second),
                              ("longer", world.second, world.first)):
        folder = world.folder / f"mirror-{name}"
        need(copy(first, folder), OK, "the first copy")
        before = (folder / "checkpoint").read_bytes()
        need(copy(then, folder), FORKED, f"the copy of a {name} fork")
        need((folder / "checkpoint").read_bytes(), before, "the copy that stays")
        need_proof(next((folder / ".evident").glob("fork-*.json")), world.vkey)


def witness(world):
    """A witness knows one history; the server of the other stops, and keeps what convicts it."""
    log, fork = world.witnessed
    one = WitnessProcess(world.folder / "witness", "w.example.com/w", [world.vkey]).init()
    try:
        policy = world.file("witness.policy", (
            f"log {world.vkey}\nwitness w {one.vkey} http://127.0.0.1:{one.port}/\n"
            "quorum w\n").encode())
        for server in (log, fork):
            settings = server.data / "evident.yaml"
            settings.write_text(f"witness:\n  policy: {policy}\n  interval: 100ms\n  wait: 5s\n")
            settings.chmod(0o600)
        one.start()
        log.start()
        fork.start()
        for number in range(3):
            producer = Producer(log, world.token)
            status, body = producer.post(json.dumps(record(number)), query="?wait=witnessed")
            need((status, json.loads(body).get("witnessed")), (201, True), "what it knows")
            producer.close()
        producer = Producer(fork, world.token)
        need(producer.post(json.dumps(record(9)))[0], 201, "the other history")
        producer.close()
        limit = time.monotonic() + 30
        while True:
            status, body = fork.request("GET", "/readyz")
            if status == 503 and json.loads(body).get("reason") == "rollback_suspected":
                break
            if time.monotonic() > limit:
                raise AssertionError(f"the fork goes on: {body}")
            time.sleep(0.05)
        need(len(list((fork.data / "evidence").glob("contradiction-*.txt"))), 1, "what it kept")
        ours = world.file("fork.note", fork.request("GET", "/checkpoint")[1])
        done = subprocess.run(
            [binary(), "verify", "log", log.url, "--vkey", world.vkey, "--older", ours],
            cwd=one.data, capture_output=True, check=False)
        need(done.returncode, FORKED, "the two heads, compared")
        need_proof(next(one.data.glob("fork-*.json")), world.vkey)
        stop(fork)
        try:
            fork.start()
            raise AssertionError("the fork starts again")
        except RuntimeError as refusal:
            need("exited with 5" in str(refusal), True, f"the start of the fork ({refusal})")
    finally:
        one.kill()
        for server in (log, fork):
            server.__exit__()


def tell_the_log(world):
    """The log takes evidence against itself, once, and says so."""
    monitor = Monitor(world, "tell")
    monitor.look(world.first.url, world.second.url)
    file = monitor.evidence()[0].read_bytes()
    kind = {"Content-Type": "application/vnd.evident.fork+json"}
    answers = [world.first.request("POST", "/v1/fork-evidence", file, kind) for _ in range(2)]
    need([status for status, _ in answers], [201, 200], "reports")
    need(len({body for _, body in answers}), 1, "answers to one piece of evidence")
    need(world.first.request("POST", "/v1/fork-evidence", file[:-1], kind)[0], 400, "a broken file")
    ready = json.loads(world.first.request("GET", "/readyz")[1])
    need(ready.get("forks_proven"), 1, "/readyz")


def set_back(world):
    """A backup is served: a smaller head, and a true one."""
    monitor = Monitor(world, "back")
    monitor.look(world.first.url)
    with served(AlteringProxy(world.older.url, lambda path, data: data)) as url:
        # Another address, so nothing was shown there before.
        need(monitor.kinds(url), (OK, []), "a place that lags")
    older = ForgedLog().publish(ForgedLog.leaves([1000] * 700), now())
    with served(older) as url:
        watch = Monitor(world, "back-forged", older.vkey, b64(older.spki))
        need(watch.kinds(url), (OK, ["head_advanced"]), "the first look")
        older.publish(ForgedLog.leaves([1000] * 300), now())
        need(watch.kinds(url), (UNVERIFIABLE, ["smaller_head"]), "a smaller true head")
        older.publish(ForgedLog.leaves([1000] * 299 + [1001]), now())
        need(watch.kinds(url), (FORKED, ["fork", "cleared"]), "a smaller false head")
        need_proof(watch.evidence()[0], older.vkey)


def back_dated(world):
    """Entries that claim to be older than a head that had not got them."""
    log, start = ForgedLog(), now() - 3_600_000
    with served(log) as url:
        watch = Monitor(world, "dated", log.vkey, b64(log.spki))
        log.publish(ForgedLog.leaves([start] * 300), now() - 600_000)
        need(watch.kinds(url), (OK, ["head_advanced"]), "the first look")
        log.publish(ForgedLog.leaves([start] * 300 + [start + 1] * 5), now())
        status, events = watch.look(url)
        need((status, [e["event"] for e in events]), (TAMPERED, ["backdated", "head_advanced"]),
             "the look at entries of the past")
        need(events[0]["index"], 300, "the first of them")
        log.publish(ForgedLog.leaves([start] * 300 + [start + 1] * 5 + [now(), start]), now())
        need(watch.kinds(url), (TAMPERED, ["time_backwards", "backdated", "head_advanced"]),
             "the look at times that run backwards")


def stale(world):
    """A head that is not signed any more."""
    log = ForgedLog().publish(ForgedLog.leaves([1000] * 10), now() - 3 * 3_600_000)
    with served(log) as url:
        watch = Monitor(world, "stale", log.vkey, b64(log.spki))
        need(watch.kinds(url), (UNVERIFIABLE, ["head_advanced", "stale"]), "an old head")
        need(watch.kinds(url), (UNVERIFIABLE, []), "the same again")
        log.publish(ForgedLog.leaves([1000] * 10), now())
        need(watch.kinds(url), (OK, ["cleared"]), "a fresh head")


def altered(world):
    """One bit of one entry is changed on the way."""
    def alter(path, data):
        if not path.startswith("/tile/entries/000"):
            return data
        return data[:120 * 7 + 30] + bytes([data[120 * 7 + 30] ^ 1]) + data[120 * 7 + 31:]

    monitor = Monitor(world, "altered")
    with served(AlteringProxy(world.first.url, alter)) as url:
        status, events = monitor.look(url)
    need((status, [e["event"] for e in events]), (TAMPERED, ["altered"]), "the look")
    need("index 7 " in events[0]["detail"], True, "the entry that is named")


def truncated(world):
    """Tiles that the head promises are gone."""
    def alter(path, data):
        return None if path.startswith("/tile/0/") else data

    monitor = Monitor(world, "truncated")
    with served(AlteringProxy(world.first.url, alter)) as url:
        need(monitor.kinds(url), (UNVERIFIABLE, ["not_served"]), "the look")
    need(monitor.kinds(world.first.url)[1], ["head_advanced"], "the log itself")


def webhook(world):
    """Events reach a webhook that fails at first; what reaches nobody comes again."""
    inbox, dead = Inbox(refusals=2), Inbox(refusals=99)
    monitor = Monitor(world, "hook")
    with served(dead) as url:
        monitor.look(world.first.url, more=["--webhook", url])
    need((monitor.state / "state.json").exists(), False, "a state that nobody heard of")
    with served(inbox) as url:
        monitor.look(world.first.url, world.second.url, more=["--webhook", url])
    taken = [json.loads(data)["event"] for data in inbox.taken]
    need(taken, ["head_advanced", "fork"], "what the webhook took")


def now():
    return int(time.time() * 1000)


def b64(data):
    return verify.base64.b64encode(data).decode()


CASES = (fork_beside, fork_below, fork_above, verify_log, mirror, witness, tell_the_log, set_back,
         back_dated, stale, altered, truncated, webhook)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=600)
    options = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        world = World(pathlib.Path(name), options.records)
        try:
            for case in CASES:
                began = time.monotonic()
                try:
                    case(world)
                    verdict = "good"
                except (AssertionError, RuntimeError) as error:
                    bad, verdict = bad + 1, f"FAILED: {error}"
                print(f"{case.__name__:14} {time.monotonic() - began:5.1f} s  {verdict}", flush=True)
        finally:
            world.close()
    print(f"fork: {len(CASES) - bad} of {len(CASES)} cases good, {options.records} records in common")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
