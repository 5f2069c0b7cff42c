#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of `serve --sink` under faults: no record lost, none doubled, nothing written twice.

- the server is killed while it writes; some tails are cut short too, as a crash of the machine does.
- files are moved within the folder, deleted, emptied (copytruncate) and written to by somebody else
  while records come, with SIGHUP and without, as log rotation programs do.
- the sink's volume is full: the log goes on, /readyz says so, and the sink catches up.
- a fake shipper follows every file by its inode and sees each byte once: none ever changes.
- erased content gets its notice; every altered byte of a sealed file is found.

The full volume needs root (a tmpfs) and is left out without.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from evident_process import LogProcess, binary, seeded  # noqa: E402
from mirror import Checks, readiness, submit, wait_for  # noqa: E402

NAME = re.compile(r"audit-\d{16}(-\d+)?\.ndjson$")


def files(folder):
    """Every file of the sink that holds lines, whatever it is called now."""
    return [f for f in sorted(folder.glob("audit-*")) if f.is_file()]


def indexes(paths):
    """How often each index stands in whole lines, and a line that is none."""
    seen, bad = collections.Counter(), []
    for path in paths:
        data = path.read_bytes()
        for line in data[:data.rfind(b"\n") + 1].splitlines():
            try:
                value = json.loads(line)
            except ValueError:
                bad.append((path.name, line[:60]))
                continue
            if "index" in value:
                seen[value["index"]] += 1
    return seen, bad


class Shipper:
    """Reads what is new in every file, by inode, as log shippers do."""

    def __init__(self, folder):
        self.folder, self.read, self.rewritten = folder, {}, []

    def look(self):
        for path in files(self.folder):
            try:
                inode, data = path.stat().st_ino, path.read_bytes()
            except FileNotFoundError:
                continue
            before = self.read.get(inode, b"")
            if not data.startswith(before):
                self.rewritten.append(path.name)
            self.read[inode] = data

    def forget(self, path):
        """Somebody else, not the sink, is about to change or delete that file."""
        self.read.pop(path.stat().st_ino, None)


def newest(folder):
    found = [f for f in files(folder) if NAME.match(f.name)]
    return found[-1] if found else None


def caught_up(log):
    return wait_for("", lambda: readiness(log)["sink"] == {"size": log.head()[0],
                                                           "failing": False}, 30)


def check_all(checks, what, log, sink, kept=()):
    """Each index once, in the sink's files and in what was taken from them before."""
    size = log.head()[0]
    seen, bad = indexes(list(files(sink)) + list(kept))
    lost = [n for n in range(size) if seen[n] == 0]
    doubled = [n for n, times in seen.items() if times > 1]
    checks.expect(f"{what}: every line is JSON", not bad, bad[:3])
    checks.expect(f"{what}: no record lost", not lost, f"{len(lost)} of {size}: {lost[:5]}")
    checks.expect(f"{what}: no record doubled", not doubled, doubled[:5])


def check_kills(checks, log, token, sink, vkey, rounds, random):
    shipper = Shipper(sink)
    for number in range(rounds):
        log.start()
        for _ in range(random.randrange(1, 5)):
            submit(log, token, random.randrange(1, 400), random.randrange(1 << 30))
            shipper.look()
            time.sleep(random.random() * 0.15)
        log.kill()
        shipper.look()
        # As if the machine had stopped: a part of what was written last is not there.
        last = newest(sink)
        if last and number % 2:
            data = last.read_bytes()
            if not data.endswith(b"\n") or b"audit_segment_end" not in data[-400:]:
                os.truncate(last, max(0, len(data) - random.randrange(1, 400)))
                shipper.read[last.stat().st_ino] = last.read_bytes()
    log.start()
    checks.expect("caught up after kills", caught_up(log))
    shipper.look()
    checks.expect("no byte was written twice", not shipper.rewritten, shipper.rewritten[:3])
    check_all(checks, "kills", log, sink)
    checks.run("verified against the log", binary(), "verify", "sink", sink, "--log", log.url,
               "--vkey", vkey)
    log.stop()


def check_rotation(checks, log, token, sink, vkey, work, rounds, random):
    """Files moved, deleted, emptied and written to by somebody else."""
    shipper, taken = Shipper(sink), []
    log.start()
    for number in range(rounds):
        submit(log, token, random.randrange(1, 200), random.randrange(1 << 30))
        caught_up(log)
        shipper.look()
        last = newest(sink)
        action = ["move", "move-and-hangup", "away", "delete", "truncate", "write", "stopped"][number % 7]
        if action in ("move", "move-and-hangup"):
            last.rename(last.with_name(f"{last.name}.{number}"))
        elif action == "away":
            target = work / f"taken-{number}"
            last.rename(target)
            taken.append(target)
        elif action == "delete":
            shipper.forget(last)
            last.unlink()
        elif action == "truncate":
            copy = work / f"copied-{number}"
            copy.write_bytes(last.read_bytes())
            taken.append(copy)
            shipper.forget(last)
            os.truncate(last, 0)
        elif action == "write":
            shipper.forget(last)
            with open(last, "ab") as file:
                file.write(b'{"not":"ours"}\n')
        elif action == "stopped":
            log.stop()
            last.rename(last.with_name(f"{last.name}.{number}"))
            log.start()
        if action == "move-and-hangup":
            log.process.send_signal(signal.SIGHUP)
        submit(log, token, random.randrange(1, 50), random.randrange(1 << 30))
        checks.expect(f"caught up after: {action}", caught_up(log))
        shipper.look()
    checks.expect("no byte was written twice while files went", not shipper.rewritten,
                  shipper.rewritten[:3])
    check_all(checks, "rotation", log, sink, taken)
    done = checks.run("files that are not there, and lines that are not the sink's, are named",
                      binary(), "verify", "sink", sink, "--log", log.url, "--vkey", vkey, want=1)
    checks.expect("the foreign line is named", "no sink writes" in done.stdout, done.stdout[:300])
    checks.expect("what is not here is named", "missing:" in done.stdout, done.stdout[:300])
    log.stop()


def check_full_volume(checks, log, token, vkey, work):
    if os.geteuid() != 0:
        print("  not root: the full volume was left out", flush=True)
        return
    volume = work / "volume"
    volume.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", volume], check=True)
    sink = volume / "sink"
    try:
        log.arguments = ["--sink", str(sink)]
        log.start()
        shipper = Shipper(sink)
        for _ in range(4):
            submit(log, token, 300)
            shipper.look()
        checks.expect("/readyz says that the sink fails",
                      wait_for("", lambda: readiness(log)["sink"]["failing"]))
        checks.expect("the log is ready all the same", readiness(log)["ready"])
        submit(log, token, 5)
        log.kill()
        log.start()
        submit(log, token, 5)
        shipper.look()
        subprocess.run(["mount", "-o", "remount,size=64m", volume], check=True)
        checks.expect("it catches up", wait_for("", lambda: caught_up(log), 60))
        shipper.look()
        checks.expect("no byte was written twice on a full volume", not shipper.rewritten)
        check_all(checks, "full volume", log, sink)
        checks.run("verified then", binary(), "verify", "sink", sink, "--log", log.url, "--vkey",
                   vkey)
        log.stop()
    finally:
        log.stop()
        subprocess.run(["umount", volume], check=False)


def check_erasure(checks, log, token, sink, vkey):
    log.start()
    size = log.head()[0]
    submit(log, token, 3, 1 << 25)
    caught_up(log)
    checks.run("an erasure", binary(), "erase", "--data", log.data, "--record", size, "--because",
               "test.erasure", "--yes")
    caught_up(log)

    def notices():
        lines = [json.loads(line) for f in files(sink) for line in f.read_bytes().splitlines()
                 if line.startswith(b'{"erased"')]
        return [n for n in lines if n["notice"] == "erasure" and [size] in n["erased"]]

    checks.expect("the erasure has its notice", wait_for("", lambda: len(notices()) == 1))
    log.stop()
    log.start()
    submit(log, token, 1, 1 << 26)
    caught_up(log)
    checks.expect("one notice, after a restart too", len(notices()) == 1)
    checks.run("verified with the notice", binary(), "verify", "sink", sink, "--log", log.url,
               "--vkey", vkey)
    log.stop()


def check_mutations(checks, log, sink, vkey, random, flips):
    """Every changed byte of a sealed file is found, without the log."""
    sealed = [f for f in files(sink) if b'{"audit_segment_end"' in f.read_bytes()[-400:]]
    checks.expect("there are sealed files", sealed)
    if not sealed:
        return
    target = sealed[0]
    data, found = target.read_bytes(), 0
    for _ in range(flips):
        place = random.randrange(len(data))
        changed = bytearray(data)
        changed[place] ^= 1 << random.randrange(8)
        target.write_bytes(changed)
        done = subprocess.run([binary(), "verify", "sink", sink], capture_output=True, check=False)
        found += done.returncode in (1, 2)
    target.write_bytes(data)
    checks.expect("every changed byte of a sealed file is found", found == flips,
                  f"{found} of {flips}")
    checks.run("and the file as it was is good", binary(), "verify", "sink", sink)


def check_strangers(checks, log, token, sink, work):
    """A folder of another log, and a log that was set back, are refused."""
    with LogProcess(work / "other", arguments=["--sink", str(sink)]).init(
            origin="other.example.com/log") as other:
        done = checks.run("another log's folder is refused", binary(), "serve", "--data", other.data,
                          "--listen", f"127.0.0.1:{other.port}", "--sink", sink, want=5)
        checks.expect("it says so", "another log" in done.stderr, done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="kills of the server [30]")
    parser.add_argument("--moves", type=int, default=28, help="files that are taken away [28]")
    parser.add_argument("--flips", type=int, default=200, help="bytes that are changed [200]")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    random, checks = seeded(options), Checks()
    with tempfile.TemporaryDirectory(prefix="sink-") as name:
        work = pathlib.Path(name)
        with LogProcess(work / "data").init() as log:
            os.environ["EVIDENT_SINK_INTERVAL"] = "100ms"
            os.environ["EVIDENT_SINK_SEGMENT_BYTES"] = "256KiB"
            token = log.token()
            log.start()
            vkey = log.vkey()
            log.stop()
            for part, call in [
                ("kills", lambda s: check_kills(checks, log, token, s, vkey, options.rounds, random)),
                ("erased", lambda s: check_erasure(checks, log, token, s, vkey)),
                ("rotated", lambda s: check_rotation(checks, log, token, s, vkey, work,
                                                     options.moves, random)),
            ]:
                sink = work / f"sink-{part}"
                log.arguments = ["--sink", str(sink)]
                call(sink)
            check_mutations(checks, log, work / "sink-kills", vkey, random, options.flips)
            check_strangers(checks, log, token, work / "sink-kills", work)
            check_full_volume(checks, log, token, vkey, work)
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
