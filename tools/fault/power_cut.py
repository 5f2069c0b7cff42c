#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cuts the power under a loaded server, and checks that no acknowledged record is lost.

The data folder lies on an ext4 file system in a loop file. A cut is FS_IOC_SHUTDOWN without
flushing the journal: everything that was not synchronised is gone after the next mount, as after
a real power failure; killing the process alone cannot show a missing fsync. Receipts are kept
outside. Needs root and loop devices.

    sudo tools/fault/power_cut.py --cycles 20
    sudo tools/fault/power_cut.py --calibrate     # the harness must catch an unsafe store

--calibrate cuts the power under plain SQLite: with synchronous=OFF commits must be lost, with
FULL none may be. A harness that cannot fail proves nothing.
"""

import argparse
import contextlib
import fcntl
import os
import pathlib
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, percentile, seeded  # noqa: E402
from kill_loop import Ledger, Writers, restart, settle  # noqa: E402

FS_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


class PowerSupply:
    """An ext4 file system in a file, whose power can be cut and restored."""

    def __init__(self, folder, megabytes=1024):
        self.image, self.mount = folder / "disk.img", folder / "disk"
        self.mount.mkdir()
        with open(self.image, "wb") as file:
            file.truncate(megabytes << 20)
        self.call("mkfs.ext4", "-q", "-F", str(self.image))
        self.on()

    @staticmethod
    def call(*line):
        subprocess.run(line, check=True, capture_output=True)

    def on(self):
        self.call("mount", "-o", "loop", str(self.image), str(self.mount))
        if "shutdown" in pathlib.Path("/proc/self/mounts").read_text().split(
                str(self.mount), 1)[1].split("\n")[0]:
            raise RuntimeError("the power did not come back: something still holds the old mount")

    def cut(self):
        handle = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def off(self):
        for _ in range(50):
            done = subprocess.run(["umount", str(self.mount)], capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("the file system cannot be unmounted")

    @contextlib.contextmanager
    def supplied(self):
        try:
            yield self
        finally:
            subprocess.run(["umount", "--lazy", str(self.mount)], capture_output=True, check=False)


def cut_under_load(options, folder):
    chance = seeded(options)
    with PowerSupply(folder).supplied() as power, LogProcess(power.mount / "data") as log:
        log.init()
        token = log.token()
        log.start()
        ledger = Ledger(verify.Trust(log.vkey()))
        number, ready = 0, []
        for cycle in range(1, options.cycles + 1):
            writers = Writers(log, ledger, token, options.writers, number)
            writers.start()
            time.sleep(chance.uniform(0.05, options.seconds))
            power.cut()
            log.kill()
            number = writers.stop()
            power.off()
            power.on()
            if not restart(log, ledger, ready, options):
                break
            settled = settle(log, ledger, token)
            acks = ledger.verify_new()
            size = ledger.check_log(log)
            print(f"cut {cycle}: {acks} receipts, {settled} settled after the cut, size {size}, "
                  f"ready in {ready[-1]:.2f} s", flush=True)
            if ledger.problems:
                break
        if log.process.poll() is None:
            log.stop()
        power.off()
    lost = sum("LOST" in p for p in ledger.problems)
    print(f"\npower cuts {len(ready)}; receipts acknowledged {len(ledger.by_key)}, lost {lost}; "
          f"problems {len(ledger.problems)}; ready again: median {percentile(ready, 0.5):.2f} s, "
          f"worst {max(ready, default=0):.2f} s")
    return 1 if ledger.problems else 0


WRITER = """
import sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None)
store.execute("PRAGMA journal_mode=WAL")
store.execute(f"PRAGMA synchronous={sys.argv[2]}")
store.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")
n = store.execute("SELECT coalesce(max(n), 0) FROM t").fetchone()[0]
while True:
    n += 1
    store.execute("INSERT INTO t VALUES (?)", (n,))
    print(n, flush=True)
"""


def calibrate_once(power, setting, name):
    """One cut under plain SQLite; returns how many acknowledged rows are gone."""
    store = power.mount / name
    acks = power.image.with_name("acks")
    with open(acks, "wb") as file:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(store), setting], stdout=file,
            stderr=subprocess.DEVNULL)
        time.sleep(0.4)
        power.cut()
        writer.kill()
        writer.wait()
    power.off()
    power.on()
    last = int(acks.read_bytes().rpartition(b"\n")[0].rpartition(b"\n")[2] or 0)
    try:
        with contextlib.closing(sqlite3.connect(store)) as opened:
            kept = opened.execute("SELECT count(*) FROM t").fetchone()[0]
    except sqlite3.DatabaseError:
        kept = 0
    return max(0, last - kept)


def calibrate(options, folder):
    lossy = {}
    with PowerSupply(folder).supplied() as power:
        for setting in ("OFF", "NORMAL", "FULL"):
            lost = [calibrate_once(power, setting, f"{setting}-{n}") for n in range(options.cycles)]
            lossy[setting] = sum(n > 0 for n in lost)
            print(f"synchronous={setting}: {lossy[setting]} of {options.cycles} cuts lost "
                  f"acknowledged rows (at most {max(lost)})", flush=True)
        power.off()
    good = lossy["OFF"] > 0 and lossy["FULL"] == 0
    print("the harness catches an unsafe setting" if good else "THE HARNESS PROVES NOTHING HERE")
    return 0 if good else 1


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--writers", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=0.8, help="the longest time under load")
    parser.add_argument("--ready", type=float, default=5.0, help="seconds allowed for a restart")
    parser.add_argument("--calibrate", action="store_true")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--own-namespace", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("needs root, for mount and FS_IOC_SHUTDOWN")
    if not options.own_namespace:
        # In a mount namespace of its own, so that no other process can copy the mount and so keep
        # the dead file system alive: the next mount would then be the same, still without power.
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable,
                              *sys.argv, "--own-namespace"])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        return calibrate(options, folder) if options.calibrate else cut_under_load(options, folder)


if __name__ == "__main__":
    sys.exit(main())
