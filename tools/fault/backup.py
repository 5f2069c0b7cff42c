#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Backups under load, and what may become of them: killed, altered, full volumes, rolled back.

A real log takes records while it is backed up. Restored elsewhere, every receipt from before the
backup's head verifies, and what was erased since does not come back. Backup and restore are killed
at their system calls one after another: what is left is refused, or whole. Every file of a backup
is altered: found. Every mix of older and newer store, anchor, ledger, witness and mirror: refused,
proven equal, or asked for in so many words. What was pruned since goes again as pruned; a hold whose
record is lost keeps everything until it is released.

    tools/fault/backup.py --step 1        # kill at every one of those calls; the default is some
"""

import argparse
import contextlib
import json
import pathlib
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
from backup_acts import erased_since, held_since, restored_by_hand  # noqa: E402
from backup_scene import Scene, size_of  # noqa: E402
from evident_process import LogProcess, binary, seeded  # noqa: E402
from kill_loop import Ledger, Writers  # noqa: E402
from small_volume import Volume  # noqa: E402
from witness_process import WitnessProcess  # noqa: E402


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
            held_since(scene)
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
