#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The files of `serve --sink` under faults: no record lost, none doubled, nothing written twice.

- the server is killed while it writes; some tails are cut short too, as a crash of the machine does.
- sealed files are compressed in one round of every part and not in the other; the server is killed at
  each call of a compression, by strace, and the volume is full in the middle of one.
- files are moved within the folder, deleted, emptied (copytruncate) and written to by somebody else
  while records come, with SIGHUP and without, as log rotation programs do.
- logrotate moves and compresses the open file at once, and `evident reload` makes that safe.
- the sink's volume is full: the log goes on, /readyz and one record say so, and the sink catches up.
- a fake shipper follows every file by its inode and sees each byte once: none ever changes.
- erased content gets its notice; every altered byte of a sealed file is found.

The full volume needs root (a tmpfs), the kills within a compression strace, and logrotate itself:
each is left out without, and says so.
"""

import argparse
import contextlib
import json
import os
import pathlib
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
from mirror import Checks, submit, wait_for  # noqa: E402
from sink_compression import (check_compression_kills, check_full_volume,  # noqa: E402
                              check_logrotate)
from sink_folder import (INTERVAL, SEGMENT_BYTES, Shipper, caught_up, check_all,  # noqa: E402
                         compressing, content, files, is_sealed, newest, open_file, segments)


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
            if not data.endswith(b"\n") or not is_sealed(last):
                os.truncate(last, max(0, len(data) - random.randrange(1, 400)))
                shipper.read[last.stat().st_ino] = (last.name, last.read_bytes())
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
        last = open_file(log, token, sink)
        shipper.look()
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


def check_erasure(checks, log, token, sink, vkey):
    log.start()
    size = log.head()[0]
    submit(log, token, 3, 1 << 25)
    caught_up(log)
    checks.run("an erasure", binary(), "erase", "--data", log.data, "--record", size, "--because",
               "test.erasure", "--yes")
    caught_up(log)

    def notices():
        lines = [json.loads(line) for f in segments(sink) for line in content(f).splitlines()
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


def check_mutations(checks, sink, random, flips, suffix):
    """Every changed byte of a sealed file is found, without the log."""
    sealed = [f for f in files(sink) if f.suffix == suffix and (suffix == ".gz" or is_sealed(f))]
    checks.expect("there are sealed files", sealed)
    if not sealed:
        return
    target = sealed[0]
    data, found = target.read_bytes(), 0
    # The header of compressed data says when and where it was made.
    first = 10 if suffix == ".gz" else 0
    for _ in range(flips):
        place = random.randrange(first, len(data))
        changed = bytearray(data)
        changed[place] ^= 1 << random.randrange(8)
        target.write_bytes(changed)
        done = subprocess.run([binary(), "verify", "sink", sink], capture_output=True, check=False)
        found += done.returncode in (1, 2)
    target.write_bytes(data)
    checks.expect(f"every changed byte of a sealed {suffix} is found", found == flips,
                  f"{found} of {flips}")
    checks.run("and the file as it was is good", binary(), "verify", "sink", sink)


def check_strangers(checks, log, token, sink, work):
    """A folder of another log, and a log that was set back, are refused."""
    with LogProcess(work / "other", arguments=["--sink", str(sink)]).init(
            origin="other.example.com/log") as other:
        done = checks.run("another log's folder is refused", binary(), "serve", "--data", other.data,
                          "--listen", f"127.0.0.1:{other.port}", "--sink", sink, want=5)
        checks.expect("it says so", "another log" in done.stderr, done.stderr)


def check_memory(checks, work):
    """A log that is kept in memory writes its sink, and the next start, another log, leaves it alone."""
    sink = work / "of-memory"
    flags = ["--store", "null", "--sink", str(sink)]
    with LogProcess(work / "memory", arguments=flags).init() as log:
        token = log.token()
        log.start()
        submit(log, token, 5)
        checks.expect("a log in memory writes its sink", caught_up(log))
        check_all(checks, "memory", log, sink)
        log.stop()
        before = [(f.name, f.read_bytes()) for f in files(sink)]
        done = checks.run("the next one refuses the folder", binary(), "serve", "--data", log.data,
                          "--listen", f"127.0.0.1:{log.port}", *flags, want=3)
        checks.expect("and says why", "another log" in done.stderr, done.stderr)
        checks.expect("and leaves it", before == [(f.name, f.read_bytes()) for f in files(sink)])
        checks.run("what is there is sound", binary(), "verify", "sink", sink)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="kills of the server [30]")
    parser.add_argument("--moves", type=int, default=28, help="files that are taken away [28]")
    parser.add_argument("--flips", type=int, default=200, help="bytes that are changed [200]")
    parser.add_argument("--step", type=int, default=1,
                        help="kill at every Nth call of a compression [1]")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    random, checks = seeded(options), Checks()
    with tempfile.TemporaryDirectory(prefix="sink-") as name:
        work = pathlib.Path(name)
        with LogProcess(work / "data").init() as log:
            os.environ["EVIDENT_SINK_INTERVAL"] = INTERVAL
            os.environ["EVIDENT_SINK_SEGMENT_BYTES"] = SEGMENT_BYTES
            token = log.token()
            log.start()
            vkey = log.vkey()
            log.stop()
            for form in ("plain", "gzip"):
                with compressing() if form == "gzip" else contextlib.nullcontext():
                    for part, call in [
                        ("kills", lambda s: check_kills(checks, log, token, s, vkey,
                                                        options.rounds, random)),
                        ("erased", lambda s: check_erasure(checks, log, token, s, vkey)),
                        ("rotated", lambda s: check_rotation(checks, log, token, s, vkey,
                                                             work / form, options.moves, random)),
                    ]:
                        (work / form).mkdir(exist_ok=True)
                        sink = work / form / part
                        log.arguments = ["--sink", str(sink)]
                        call(sink)
            check_mutations(checks, work / "plain/kills", random, options.flips, ".ndjson")
            check_mutations(checks, work / "gzip/kills", random, options.flips, ".gz")
            for part, call in [
                ("compressed", lambda s: check_compression_kills(checks, log, token, s, vkey,
                                                                 options.step)),
                ("logrotate", lambda s: check_logrotate(checks, log, token, s, work, 4)),
            ]:
                sink = work / part
                log.arguments = ["--sink", str(sink)]
                call(sink)
            check_strangers(checks, log, token, work / "plain/kills", work)
            check_memory(checks, work)
            check_full_volume(checks, log, token, vkey, work)
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
