#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backups under load, and what may become of them: killed, altered, full volumes, rolled back.

A real log takes records while it is backed up. Restored elsewhere, every receipt from before the
backup's head verifies, and what was erased since does not come back. Backup and restore are killed
at their system calls one after another: what is left is refused, or whole. Every file of a backup
is altered: found. Every mix of older and newer store, anchor, ledger, witness and mirror: refused,
proven equal, or asked for in so many words.

    tools/fault/backup.py --step 1        # kill at every one of those calls; the default is some
"""

import argparse
import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, binary, record, seeded  # noqa: E402
from kill_loop import Ledger, Writers  # noqa: E402
from recover import Checks  # noqa: E402
from small_volume import Volume  # noqa: E402
from witness_process import WitnessProcess  # noqa: E402

CANARY = "canary-%06d-of-what-is-erased"


class Scene:
    """A log, the backups of it, and what was found wrong."""

    def __init__(self, work, generator):
        self.work, self.random, self.checks = work, generator, Checks()
        self.log = LogProcess(work / "data").init()
        self.token = self.log.token()
        self.log.start()
        self.vkey, self.count = self.log.vkey(), 0
        self.keys = work / "vault" / "keys"
        shutil.copytree(work / "data" / "keys", self.keys)

    def submit(self, count, first=None):
        """Receipts of records, each with a canary of its own."""
        producer, receipts = Producer(self.log, self.token), []
        for number in range(count):
            body = record(number, details={"canary": CANARY % self.count}, labels={
                "also": CANARY % self.count})
            status, answer = producer.post(json.dumps(body), key=f"{first}-{self.count}")
            if status != 201:
                raise RuntimeError(f"POST answered {status}: {answer[:200]}")
            receipts.append(json.loads(answer))
            self.count += 1
        producer.close()
        return receipts

    def backup(self, name, *flags, want=0):
        return self.checks.run(f"backup {name}", binary(), "backup", "--data", self.log.data, "--to",
                               self.work / name, "--json", *flags, want=want)

    def restore(self, what, name, target, *flags, want=0, keys=True):
        line = ["--keys", self.keys] if keys else []
        return self.checks.run(f"restore: {what}", binary(), "restore", self.work / name, "--data",
                               self.work / target, *line, *flags, "--json", want=want)

    def refused(self, what, name, target, *flags, want, word, keys=True):
        done = self.restore(what, name, target, *flags, want=want, keys=keys)
        self.checks.expect(f"{what}: it says {word!r}", word in done.stderr, done.stderr[-300:])
        self.checks.expect(f"{what}: nothing is there", not (self.work / target).exists()
                           and not (self.work / f"{target}.restoring").exists())

    def sound(self, what, target, states=None):
        """The restored log: fsck, chain, and a start that takes records."""
        folder = self.work / target
        log = LogProcess(folder)
        log.start()
        self.checks.run(f"{what}: it verifies", sys.executable, ROOT / "tools/verify_evident.py",
                        "log", log.url, "--vkey", self.vkey)
        log.stop()
        self.checks.run(f"{what}: fsck", binary(), "fsck", "--data", folder)
        done = self.checks.run(f"{what}: chain", binary(), "verify", "chain", "--data", folder,
                               "--json")
        found = json.loads(done.stdout or "{}").get("states", {})
        for state, count in (states or {}).items():
            self.checks.expect(f"{what}: {count} records are {state}", found.get(state) == count,
                               str(found))
        return log

    def stop(self):
        self.log.stop()


def size_of(folder):
    return json.loads((folder / "manifest.json").read_text())["size"]


def under_load(scene):
    """A backup while writers write: every receipt from before its head verifies after a restore."""
    ledger = Ledger(verify.Trust(scene.vkey))
    writers = Writers(scene.log, ledger, scene.token, 8, 0)
    writers.start()
    time.sleep(1)
    scene.backup("busy", "--deep", "--with-keys")
    time.sleep(0.3)
    writers.stop()
    ledger.verify_new()
    size = size_of(scene.work / "busy")
    known = [ack for ack in ledger.by_key.values() if ack.index < size]
    scene.checks.expect("some were acknowledged before and some after the head",
                        0 < len(known) < len(ledger.by_key), f"{len(known)} {len(ledger.by_key)}")
    scene.checks.run("backup verify", binary(), "backup", "verify", scene.work / "busy", "--vkey",
                     scene.vkey, "--deep")
    # As on another machine, where nothing but the backup is known.
    scene.refused("nothing to compare with", "busy", "busy-log", want=2, word="newest", keys=False)
    scene.restore("accepted", "busy", "busy-log", "--accept-as-newest", keys=False)
    restored = scene.sound("after a backup under load", "busy-log")
    restored.start()
    check = verify.LogCheck(verify.HTTPSource(restored.url), ledger.trust)
    check.run()
    lost = [ack.key for ack in known if check.entries[ack.index] != ack.leaf]
    restored.stop()
    scene.checks.expect("every receipt from before the backup's head is kept", not lost, str(lost[:3]))
    scene.checks.expect("no problem under load", not ledger.problems, str(ledger.problems[:2]))
    return len(known)


def found_in(folder, numbers):
    """The canaries of these numbers in any byte of any file."""
    wanted, found = {(CANARY % n).encode() for n in numbers}, set()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and not path.is_socket():
            data = path.read_bytes()
            found |= {(path.name, text) for text in re.findall(rb"canary-\d{6}-of-what-is-erased", data)
                      if text in wanted}
    return found


def erased_since(scene, receipts):
    """What was erased after the backup goes again; a mirror brings the rest of the tree."""
    scene.backup("before-erasure")
    checks, data, mirror = scene.checks, scene.log.data, scene.work / "mirror"
    gone, reduced = receipts[3]["index"], receipts[4]["index"]
    checks.run("erase a record", binary(), "erase", "--data", data, "--record", gone, "--because",
               "test", "--yes")
    checks.run("erase fields", binary(), "erase", "--data", data, "--record", reduced, "--field",
               "details", "--field", "labels", "--because", "test", "--yes")
    scene.submit(5, "later")
    checks.run("mirror", binary(), "mirror", scene.log.url, "--vkey", scene.vkey, "--to", mirror,
               "--once")
    checks.expect("the backup still has it", bool(found_in(scene.work / "before-erasure", [3])))
    anchor = scene.work / "kept-anchor"
    for end in ("", ".erasures"):
        shutil.copy(f"{data}/anchor{end}", f"{anchor}{end}")
    scene.refused("an anchor that is ahead", "before-erasure", "back", "--anchor", anchor, want=5,
                  word="rolled back")
    scene.refused("a mirror that is ahead", "before-erasure", "back", "--mirror", mirror, want=5,
                  word="--refill")
    scene.refused("a ledger that is ahead", "before-erasure", "back", "--ledger",
                  f"{anchor}.erasures", "--accept-as-newest", want=5, word="erasure ledger")
    size = size_of(scene.work / "before-erasure")
    lost = int((mirror / "checkpoint").read_text().split("\n")[1]) - size
    scene.restore("with anchor and mirror", "before-erasure", "back", "--anchor", anchor, "--mirror",
                  mirror, "--refill")
    back = scene.work / "back"
    left = found_in(back, [3, 4])
    checks.expect("nothing that was erased is in any byte", not left, str(left))
    checks.expect("the rest is there", len(found_in(back, [2, 5])) > 0)
    scene.sound("after erasures", "back", {"erased": 1, "lost": lost})
    checks.expect("nor after a start", not found_in(back, [3, 4]))


def restored_by_hand(scene):
    """The store alone, put back by hand and completed by `recover`: erased content goes as well."""
    back, mirror = scene.work / "by-hand", scene.work / "mirror"
    shutil.copytree(scene.log.data, back, ignore=lambda folder, names: [
        name for name in names if name.endswith(".sock")])
    shutil.rmtree(back / "store")
    shutil.copytree(scene.work / "before-erasure/store", back / "store")
    scene.checks.run("recover a store that was put back", binary(), "recover", "--data", back,
                     "--from", mirror)
    scene.sound("after recover", "by-hand", {"erased": 1})
    left = found_in(back, [3, 4])
    scene.checks.expect("nothing that was erased is in any byte after recover", not left, str(left))


def altered(scene, flips):
    """A byte of every file, and one more file: found by verify, refused by restore."""
    source = scene.work / "busy"
    files = [line.split(" ")[2] for line in json.loads((source / "manifest.json").read_text())["files"]]
    copy = scene.work / "altered"
    for name in [*files, "manifest.json"]:
        for _ in range(flips):
            shutil.copytree(source, copy)
            path = copy / name
            data = bytearray(path.read_bytes())
            place = scene.random.randrange(len(data)) if data else 0
            data[place:place + 1] = bytes([data[place] ^ (1 << scene.random.randrange(8))]) \
                if data else b"x"
            path.write_bytes(data)
            scene.checks.run(f"a flipped byte of {name}", binary(), "backup", "verify", copy, want=1)
            done = subprocess.run([binary(), "restore", copy, "--data", scene.work / "no",
                                   "--accept-as-newest"], capture_output=True, text=True, check=False)
            scene.checks.expect(f"a flipped byte of {name} is not restored", done.returncode == 1
                                and not (scene.work / "no").exists(), f"{done.returncode} {done.stderr}")
            shutil.rmtree(copy)
    shutil.copytree(source, copy)
    (copy / "store" / "more").write_text("x")
    scene.checks.run("a file too many", binary(), "backup", "verify", copy, want=1)
    shutil.rmtree(copy)
    shutil.copytree(source, copy)
    shutil.copy(scene.work / "before-erasure/store/log.sqlite", copy / "store/log.sqlite")
    scene.checks.run("a database of another backup", binary(), "backup", "verify", copy, want=1)
    shutil.rmtree(copy)


def matrix(scene):
    """Store and anchor, older and equal; other keys; witnesses up and down."""
    scene.backup("first")
    scene.refused("without keys", "first", "m", want=2, word="--keys", keys=False)
    other = LogProcess(scene.work / "other").init("log.example.com/other")
    scene.refused("another log's keys", "first", "m", "--keys", other.data / "keys", want=5,
                  word="another log", keys=False)
    anchor = scene.work / "equal-anchor"
    shutil.copy(scene.work / "first/anchor", anchor)
    done = scene.restore("an anchor with the very head", "first", "m", "--anchor", anchor)
    scene.checks.expect("the anchor proves it", json.loads(done.stdout)["newest"] == "anchor")
    scene.sound("proven by the anchor", "m")
    scene.checks.run("nothing is replaced", binary(), "restore", scene.work / "first", "--data",
                     scene.work / "m", "--keys", scene.keys, "--accept-as-newest", want=3)
    scene.submit(3, "ahead")
    scene.backup("second")
    older = scene.work / "older-anchor"
    shutil.copy(scene.work / "first/anchor", older)
    scene.refused("an anchor from before", "second", "n", "--anchor", older, want=2, word="newest")
    # The log in `m` went on from there, under the same key.
    scene.refused("an anchor of another history", "second", "n", "--anchor", anchor,
                  "--accept-as-newest", want=5, word="another history")
    damaged = scene.work / "damaged-anchor"
    damaged.write_bytes(b"x" * 8192)
    scene.refused("an unreadable anchor", "second", "n", "--anchor", damaged, want=5,
                  word="unreadable")
    witnesses(scene)


def witnesses(scene):
    """A witness that saw more refuses it; one that is down is no proof."""
    witness = WitnessProcess(scene.work / "witness", "witness.example/w", [scene.vkey]).init().start()
    policy = scene.work / "policy"
    policy.write_text(f"log {scene.vkey}\nwitness w {witness.vkey} http://127.0.0.1:{witness.port}\n"
                      "quorum w\n")
    scene.log.stop()
    scene.log.arguments = ["--witness-policy", str(policy)]
    scene.log.start()
    scene.backup("seen")
    scene.submit(2, "witnessed")
    status = 0
    for _ in range(100):
        status, body = scene.log.request("GET", "/witnessed/checkpoint")
        if status == 200 and int(body.split(b"\n")[1]) > size_of(scene.work / "seen"):
            break
        time.sleep(0.1)
    scene.checks.expect("a newer head was witnessed", status == 200)
    scene.refused("a witness that saw more", "seen", "w", "--witness-policy", policy,
                  "--accept-as-newest", want=5, word="witness")
    witness.kill()
    scene.refused("a witness that is down", "seen", "w", "--witness-policy", policy, want=2,
                  word="0 of 1 witnesses")
    scene.log.arguments = []


CALLS = ("openat", "mkdir", "fsync", "fdatasync", "rename", "pwrite64", "unlink", "ftruncate")


def killed(scene, step):
    """Backup and restore are killed at their calls, one after another."""
    scene.log.stop()
    total = 0
    for what, line, target in (
            ("backup", ["backup", "--data", scene.log.data, "--to"], "killed"),
            ("restore", ["restore", scene.work / "first", "--keys", scene.keys, "--accept-as-newest",
                         "--data"], "killed-log")):
        for call in CALLS:
            number = 1
            while kill_at(scene, what, line, scene.work / target, call, number):
                number, total = number + step, total + 1
    return total


def kill_at(scene, what, line, target, call, number):
    """Kills at the nth call of a kind in any thread; false once there are not so many."""
    done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                           f"inject={call}:signal=KILL:when={number}", binary(), *map(str, line),
                           str(target)], capture_output=True, text=True, check=False, timeout=120)
    name = f"{what} killed at {call} {number}"
    draft = target.with_name(target.name + (".unfinished" if what == "backup" else ".restoring"))
    was_killed = done.returncode in (-9, 137)
    scene.checks.expect(f"{name}: it ends by the kill or well", was_killed or done.returncode == 0,
                        f"{done.returncode} {done.stderr[-200:]}")
    if what == "backup":
        if draft.exists():
            run = [binary(), "restore", draft, "--keys", scene.keys, "--accept-as-newest", "--data",
                   scene.work / "never"]
            scene.checks.run(f"{name}: what is left is refused", *run, want=2)
            again = [binary(), *line, target]
            if not target.exists():
                scene.checks.run(f"{name}: it is in the way", *again, want=3)
                scene.checks.run(f"{name}: until it is removed", *again, "--discard-unfinished")
        if target.exists():
            scene.checks.run(f"{name}: a finished one is whole", binary(), "backup", "verify", target)
    else:
        if not target.exists():
            flags = ["--discard-unfinished"] if draft.exists() else []
            scene.checks.run(f"{name}: again", binary(), *line, target, *flags)
        scene.checks.run(f"{name}: the log is whole", binary(), "fsck", "--data", target)
    for left in (target, draft):
        shutil.rmtree(left, ignore_errors=True)
    return was_killed


def killed_server(scene):
    """The server dies in the middle of a backup that it makes."""
    scene.log.start()
    run = subprocess.Popen([binary(), "backup", "--data", str(scene.log.data), "--to",
                            str(scene.work / "cut")], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (scene.work / "cut.unfinished").exists() and time.monotonic() < until:
        time.sleep(0.001)
    scene.log.kill()
    scene.checks.expect("the command says that it failed", run.wait(120) == 4
                        or (scene.work / "cut").exists())
    scene.log.start()
    scene.backup("cut", "--discard-unfinished", want=0 if not (scene.work / "cut").exists() else 3)


def full_volume(scene):
    """A volume without room: nothing is left there, and the log goes on."""
    with contextlib.ExitStack() as stack:
        try:
            volume = stack.enter_context(Volume(scene.work, 24).mounted())
        except (OSError, subprocess.CalledProcessError):
            print("  no loop devices: the full volume was left out", flush=True)
            return
        volume.fill(256 << 10)
        target = volume.mount / "backup"
        scene.checks.run("a backup without room", binary(), "backup", "--data", scene.log.data, "--to",
                         target, want=4)
        scene.checks.expect("leaves nothing", not target.exists()
                            and not target.with_name("backup.unfinished").exists())
        scene.submit(1, "after")
        volume.make_room()
        scene.checks.run("a backup with room", binary(), "backup", "--data", scene.log.data, "--to",
                         target)
        scene.checks.run("restored from there", binary(), "backup", "verify", target)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--step", type=int, default=9, help="kill at every Nth of the calls")
    parser.add_argument("--flips", type=int, default=1, help="altered bytes of each file")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backup-") as name:
        scene = Scene(pathlib.Path(name), seeded(options))
        with scene.log:
            receipts = scene.submit(20, "first")
            known = under_load(scene)
            erased_since(scene, receipts)
            restored_by_hand(scene)
            altered(scene, options.flips)
            matrix(scene)
            full_volume(scene)
            kills = killed(scene, options.step)
            killed_server(scene)
            scene.stop()
        checks = scene.checks
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held; {known} receipts "
          f"from before the backup's head; {kills} kills")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
