#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prunes, retention runs and erasures are killed at every step, and at any moment.

A real log takes records with canaries in every field, of several tenants and types, some of them under
a hold. What is past its time goes, by `prune`, by the rules, or by an erasure, again and again, and the
server is killed meanwhile: at each step of the order that docs/erasure.md gives (strace kills at that
step's own system call), and at random moments. After each restart, without anybody asking again:
everything that a published record announces is gone, to the last byte of the last file, and nothing
else is; the ledger names it and the log calls it complete; no held record is touched; the log says
rightly where content begins; the chain says exactly what is pruned and what is erased; and every
receipt, proof and head from before verifies.

    tools/fault/retention.py                       # 60 kills

Before some restarts the ledger loses its last line, or all of them: the log says it all again.
"""

import argparse
import collections
import datetime
import http.client
import json
import os
import pathlib
import shutil
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
from erasure import FIELDS, Record, Scene  # noqa: E402
from evident_process import Producer, binary, seeded  # noqa: E402

# Times to the millisecond, so that records are past theirs at once.
os.environ["EVIDENT_LEAF_GRANULARITY"] = "1ms"

RULES = "tenant=acme type=tool.* keep=1s; tenant=globex keep=2s; keep=forever"
KINDS = (("acme", "tool.call"), ("acme", "tool.result"), ("globex", "tool.call"),
         ("initech", "tool.call"), ("acme", "model.call"))
RULED = {("acme", "tool.call"), ("acme", "tool.result"), ("globex", "tool.call")}

# A step, the system call that it ends with or begins by, the file, and which calls of it to kill at.
Step = collections.namedtuple("Step", "name call file numbers")
STEPS = (
    Step("before it is announced", "pwrite64", "store/log.sqlite-wal", (1, 3)),
    Step("announced, and not in the ledger", "write", "anchor.erasures", (1,)),
    Step("in the ledger, and not flushed", "fdatasync", "anchor.erasures", (1,)),
    Step("while content goes", "pwrite64", "store/log.sqlite-wal", (9, 14, 20, 30)),
    Step("while the write-ahead log is emptied", "pwrite64", "store/log.sqlite", (1, 2, 5)),
    Step("before the write-ahead log is cut", "ftruncate", "store/log.sqlite-wal", (1,)),
    Step("while look-ups are made again", "rename", None, (1, 2)),
    Step("while old look-ups go", "unlink", None, (1, 2)),
    Step("told as complete, and not in the ledger", "write", "anchor.erasures", (2,)),
    Step("done in the ledger, and not flushed", "fdatasync", "anchor.erasures", (2,)),
)
ACTS = ("prune", "retention", "erasure")


class Aged(Scene):
    """A log whose records have their time."""

    def __init__(self, folder, generator):
        super().__init__(folder, generator, 0)
        self.log.stop()
        (self.log.data / "evident.yaml").write_text(
            f"redaction: none\nretention:\n  rules: {RULES}\n")
        self.log.start()
        self.held, self.batch = set(), 0
        self.fill(30)
        self.keep(10)

    def fill(self, count):
        """Some records of every kind, and a hold on one of them."""
        producer = Producer(self.log, self.tokens["producer"], timeout=120)
        part = []
        for number in range(count):
            tenant, kind = KINDS[number % len(KINDS)]
            part.append(Record(self.random, kind, tenant))
        # The record of a hold says whom it holds.
        part[0].canaries["actor"] = f"person-{self.batch}"
        lines = "\n".join(json.dumps(one.body) for one in part)
        self.batch += 1
        status, answer = producer.post(lines, kind="application/x-ndjson", key=f"r{self.batch}")
        assert status == 200, answer[:300]
        *items, last = (json.loads(line) for line in answer.splitlines())
        for one, item in zip(part, items):
            one.index = item["receipt"]["index"]
            self.receipts.append({**item["receipt"], "checkpoint": last["checkpoint"]})
        producer.close()
        self.see(last["checkpoint"])
        self.records += part
        self.wait_until_old(items[-1]["receipt"]["timestamp_ms"])
        return part

    def operate(self, method, path, body=None):
        status, answer = self.log.request(method, path, json.dumps(body) if body else None, {
            "Authorization": f"Bearer {self.tokens['operator']}",
            "Content-Type": "application/json"}, timeout=120)
        return status, json.loads(answer or b"{}")

    def local_ms(self):
        return self.operate("GET", "/v1/admin/retention")[1]["time"]["local_ms"]

    def wait_until_old(self, moment):
        """Until the log's own time is so late that the longest rule has passed."""
        for _ in range(1_000):
            if self.local_ms() > moment + 2_100:
                return
            time.sleep(0.05)
        raise RuntimeError("the log's time does not pass")

    # Holds

    def hold(self, one):
        actor = one.canaries["actor"]
        status, answer = self.operate("POST", f"/v1/admin/holds?actor={actor}", {"reason": "case-1"})
        assert status == 201, answer
        self.held.add(one.index)
        return answer["index"]

    def release(self, hold, one):
        status, body = self.log.request(
            "POST", f"/v1/admin/holds/{hold}/release", json.dumps({"reason": "closed"}), {
                "Authorization": f"Bearer {self.tokens['operator']}",
                "Content-Type": "application/json"})
        assert status == 204, body
        self.held.discard(one.index)

    # Acts

    def act(self, kind, part):
        """What is asked of the log: as much as is past its time, or a part by name."""
        body = {"reason": "test", "dry_run": False}
        if kind == "erasure":
            free = [one.index for one in part if one.index not in self.held]
            return "/v1/admin/erasures", {**body, "records": free[::2]}
        body["trust_clock"] = True
        if kind == "prune":
            moment = datetime.datetime.fromtimestamp((self.local_ms() - 1) / 1000, datetime.UTC)
            body["before"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return f"/v1/admin/{kind}", body

    # What the log says

    def own(self, kind):
        """(index, details) of the log's own records of a type."""
        path, found = f"/v1/audit?type={kind}&tenant=_log&order=asc&limit=1000", []
        following = path
        while following:
            page = json.loads(self.get(following)[1])
            found += [(item["index"], item["record"]["details"]) for item in page["records"]]
            cursor = page.get("next_cursor")
            following = f"{path}&cursor={cursor}" if cursor else None
        return found

    def take_told(self):
        """Has every record know what the log says became of it; the log's own ones too, by count."""
        erasures, prunes = self.own("erasure.request"), self.own("retention.prune")
        erased, pruned = set(), set()
        for index, details in sorted(erasures + prunes):
            for item in details.get("erased", details.get("pruned")):
                span = set(range(item[0], item[-1] + 1))
                (erased if "erased" in details else pruned).update(span - erased - pruned)
        for one in self.records:
            one.is_whole = one.index in erased | pruned
        self.first = max((d["checkpoint"]["size"] for _, d in prunes if "checkpoint" in d), default=0)
        return [i for i, _ in sorted(erasures + prunes)], erased, pruned

    def ledger(self):
        """(what the ledger names, what of it is complete)."""
        named, complete = [], set()
        for line in (self.log.data / "anchor.erasures").read_text("utf-8").splitlines():
            event = json.loads(line)
            named += [event["request"]] if "request" in event else []
            complete |= {event["complete"]} if "complete" in event else set()
        return named, complete

    def forget(self):
        """The ledger loses its last line, or is lost."""
        path = self.log.data / "anchor.erasures"
        lines = path.read_text("utf-8").splitlines(keepends=True)
        if self.random.random() < 0.3:
            path.unlink()
        else:
            path.write_text("".join(lines[:-1]))

    def verify_last(self, count):
        """The newest receipts, and whatever head is shown, which is held against the log at the end."""
        for receipt in self.receipts[-count:]:
            verify.verify_receipt(json.dumps(receipt).encode(), self.trust)
        self.see(self.log.request("GET", "/checkpoint")[1].decode())

    def check(self, what):
        """Everything that must hold after a restart."""
        expect = self.checks.expect
        announced, erased, pruned = self.take_told()
        named, complete = self.ledger()
        expect(f"{what}: the ledger names what was announced", named == announced,
               f"{named[-4:]} {announced[-4:]}")
        expect(f"{what}: it calls all of it complete", complete == set(announced))
        told = [d["request"] for _, d in self.own("erasure.complete")]
        expect(f"{what}: so does the log", set(told) == set(announced),
               f"{set(announced) - set(told)}")
        expect(f"{what}: nothing that is held has gone", not (erased | pruned) & self.held)
        for one in self.records:
            if one.index in pruned and (one.tenant, one.kind) not in RULED:
                expect(f"{what}: what no rule takes goes by a prune alone", one.index < self.first)
        first = json.loads(self.log.request("GET", "/v1/log")[1])["first_content_index"]
        expect(f"{what}: content begins where it says", first == self.first, f"{first} {self.first}")
        left = [one.index for one in self.records
                if not one.is_whole and self.get(f"/v1/audit/{one.index}")[0] != 200]
        expect(f"{what}: what is not announced is all there", not left, str(left[:5]))
        self.check_files(what)
        self.check_chain(what, erased, pruned)
        return announced

    def check_chain(self, what, erased, pruned):
        done = self.checks.run(f"{what}: chain", binary(), "verify", "chain", "--data", self.log.data,
                               "--json")
        states = json.loads(done.stdout or "{}").get("states", {})
        self.checks.expect(f"{what}: exactly what was announced is gone",
                           (states.get("erased"), states.get("pruned")) == (len(erased), len(pruned)),
                           f"{states} {len(erased)} {len(pruned)}")

    def crashed(self, what):
        """The folder as the kill left it: whatever is missing was announced before."""
        self.checks.run(f"{what}: chain, before the restart", binary(), "verify", "chain", "--data",
                        self.log.data, "--json")


class Killer:
    """Kills a running server at a system call of a step."""

    def __init__(self, log, step, number):
        path = ["-P", str(log.data / step.file)] if step.file else []
        self.process = subprocess.Popen(
            ["strace", "-f", "-o", "/dev/null", *path, "-e", f"trace={step.call}", "-e",
             f"inject={step.call}:signal=KILL:when={number}", "-p", str(log.process.pid)],
            stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()  # it says that it is attached

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stderr.close()


def at_step(scene, kind, step, number, part):
    """Whether the act was killed at the step; it may not have come to as many calls."""
    killer = Killer(scene.log, step, number)
    path, body = scene.act(kind, part)
    answered = quietly(scene.operate, "POST", path, body)
    if answered:
        scene.log.kill()
    scene.log.process.wait(30)
    killer.end()
    return not answered


def quietly(call, *arguments):
    """Whether there was an answer; a server that is killed gives none."""
    try:
        call(*arguments)
    except (OSError, http.client.HTTPException):
        return False
    return True


def at_moment(scene, kind, delay, part):
    path, body = scene.act(kind, part)
    thread = threading.Thread(target=lambda: quietly(scene.operate, "POST", path, body))
    thread.start()
    time.sleep(delay)
    scene.log.kill()
    thread.join()


def one_kill(scene, number, kind, kill, what, options):
    """Fills, holds, kills, and looks at what a restart makes of it."""
    part = scene.fill(options.records)
    held = part[0]
    hold = scene.hold(held)
    known = len(scene.own("erasure.request") + scene.own("retention.prune"))
    killed = kill(part)
    scene.crashed(what)
    if number % 5 == 4:
        scene.forget()
    scene.log.start(30)
    scene.verify_last(options.records)
    announced = scene.check(what)
    scene.release(hold, held)
    if number % 7 == 6:
        # All that is left goes, so that the log does not grow with every kill.
        path, body = scene.act("prune", part)
        status, answer = scene.operate("POST", path, body)
        scene.checks.expect(f"{what}: afterwards it can be pruned", status == 200, str(answer))
        scene.check(f"{what}, pruned")
    return killed, len(announced) > known


def kills(scene, options):
    """The acts in turn, at each step and at random; (figures by step, how many were announced)."""
    plan = [(step, n) for step in STEPS for n in step.numbers]
    plan = [(kind, *one) for kind in ACTS for one in plan]
    scene.random.shuffle(plan)
    stepped = plan[:options.kills * 2 // 3]
    figures, announced = collections.Counter(), 0
    for number, (kind, step, call) in enumerate(stepped):
        killed, told = one_kill(
            scene, number, kind, lambda part: at_step(scene, kind, step, call, part),
            f"{kind}, {step.name} ({call})", options)
        figures[step.name if killed else "after the end"] += 1
        announced += told
    for number in range(len(stepped), options.kills):
        kind = ACTS[number % len(ACTS)]
        delay = scene.random.uniform(0, 0.25)
        _, told = one_kill(scene, number, kind, lambda part: at_moment(scene, kind, delay, part),
                           f"{kind}, killed after {delay:.3f} s", options)
        figures["at a random moment"] += 1
        announced += told
    return figures, announced


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--records", type=int, default=60, help="new ones before each kill")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    generator = seeded(options)
    if shutil.which("strace") is None:
        sys.exit("strace is needed")
    with tempfile.TemporaryDirectory(prefix="retention-") as name:
        scene = Aged(pathlib.Path(name), generator)
        with scene.log:
            figures, announced = kills(scene, options)
            counts = scene.verify_kept()
            _, erased, pruned = scene.take_told()
            scene.log.stop()
            scene.checks.run("fsck after all", binary(), "fsck", "--data", scene.log.data)
    checks = scene.checks
    print(f"{sum(figures.values())} kills; {announced} of the acts had been announced, and were carried "
          "out by the next start: " + "; ".join(f"{n} {name}" for name, n in figures.most_common()))
    print(f"{len(scene.records)} records with {len(FIELDS)} canaries each; {len(pruned)} pruned, "
          f"{len(erased)} erased; verified after: "
          + ", ".join(f"{count} {name}" for name, count in counts.items())
          + f", {len(scene.heads)} roots")
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
