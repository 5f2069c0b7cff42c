#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every refused start, and the way out of it that docs/recovery.md describes.

A real log is made, mirrored and broken in each way: the store set back or gone, the anchor missing,
another history, a damaged leaf, a clock that is off. Each must be refused with its status, be shown
by `serve --evidence` without a byte written, and come back by the documented commands, with the
receipts of before verifying. Then the log is ended, and must stay so.
"""

import argparse
import hashlib
import itertools
import json
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, binary, copy_folder, record  # noqa: E402


NUMBERS = itertools.count()


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, []

    def expect(self, what, good, detail=""):
        self.passed += bool(good)
        if not good:
            self.failed.append(what)
            print(f"  NOT SO: {what} {detail}", flush=True)

    def run(self, what, *line, want=0):
        done = subprocess.run([str(part) for part in line], capture_output=True, text=True,
                              check=False, timeout=120)
        self.expect(what, done.returncode == want,
                    f"exit {done.returncode}, wanted {want}: {(done.stderr or done.stdout)[-400:]}")
        return done


def submit(log, token, count, receipts):
    """Records one by one; their receipts are added to the list."""
    producer = Producer(log, token)
    for number in range(count):
        status, body = producer.post(json.dumps(record(number)), key=f"event-{next(NUMBERS)}")
        if status != 201:
            raise RuntimeError(f"POST answered {status}: {body[:300]}")
        receipts.append(json.loads(body))
    producer.close()


def refused(checks, what, log, status, word, *arguments):
    done = subprocess.run([binary(), "serve", "--data", str(log.data), "--listen",
                           f"127.0.0.1:{log.port}", *arguments], capture_output=True, text=True,
                          check=False, timeout=60)
    checks.expect(f"{what} is refused with {status}", done.returncode == status,
                  f"{done.returncode}: {done.stderr[-300:]}")
    checks.expect(f"{what} says {word}", word in done.stderr, done.stderr[-300:])


def fingerprint(folder):
    """What must not change while a log is only looked at."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(pathlib.Path(folder).rglob("*"))
            if p.is_file() and not p.is_socket()
            and p.name not in ("LOCK", "log.sqlite-shm", "reads.ndjson")}


def looked_at(checks, what, log, detail, auditor=None, index=1):
    """Starts the log with --evidence, and looks at what it answers and what it leaves."""
    before = fingerprint(log.data)
    arguments = ["--evidence"] + (["--journal-reads"] if auditor else [])
    process = subprocess.Popen([binary(), "serve", "--data", str(log.data), "--listen",
                                f"127.0.0.1:{log.port}", *arguments], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        status, body = 0, b""
        while time.monotonic() < until and not status:
            try:
                status, body = log.request("GET", "/readyz")
            except OSError:
                time.sleep(0.05)
        answer = json.loads(body or b"{}")
        checks.expect(f"{what}: /readyz answers 503 with what was found", status == 503
                      and answer.get("reason") == "evidence_only"
                      and detail in answer.get("detail", ""), str(answer))
        checks.expect(f"{what}: no record is taken", post_status(log)[0] in (401, 403, 503))
        checks.expect(f"{what}: the tree is shown",
                      log.request("GET", "/v1/proof/inclusion?index=1")[0] == 200)
        if auditor:
            header = {"Authorization": f"Bearer {auditor}"}
            read = log.request("GET", f"/v1/audit/{index}", headers=header)
            checks.expect(f"{what}: an auditor reads", read[0] == 200, str(read))
            lines = (log.data / "reads.ndjson").read_text().splitlines()
            checks.expect(f"{what}: which is written down", len(lines) >= 1
                          and json.loads(lines[-1])["details"]["index"] == index)
    finally:
        process.terminate()
        errors = process.communicate(timeout=120)[1]
    checks.expect(f"{what}: it says that nothing is signed", "EVIDENCE ONLY" in errors, errors)
    checks.expect(f"{what}: nothing was written", fingerprint(log.data) == before)


def post_status(log, token="none"):
    producer = Producer(log, token)
    try:
        return producer.post(json.dumps(record(1)))
    finally:
        producer.close()


def hold(checks, what, log, vkey, receipts, work, lost):
    """After a recovery: everything verifies, receipts of before too, and the loss is told."""
    log.start()
    folder = work / "receipts"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for receipt in receipts:
        (folder / f"{receipt['index']:06}.json").write_text(json.dumps(receipt), "utf-8")
        now = log.request("GET", f"/v1/proof/inclusion?index={receipt['index']}")
        checks.expect(f"{what}: index {receipt['index']} is proven", now[0] == 200)
    checks.run(f"{what}: the log verifies, and receipts of before", sys.executable,
               ROOT / "tools/verify_evident.py", "log", log.url, "--vkey", vkey, "--receipts",
               folder)
    log.stop()
    done = checks.run(f"{what}: the chain verifies", binary(), "verify", "chain",
                      "--data", log.data, "--json")
    report = json.loads(done.stdout or "{}")
    checks.expect(f"{what}: {lost} records are counted as lost",
                  report.get("states", {}).get("lost") == lost, str(report.get("headline")))


def check_rollback(checks, log, token, auditor, vkey, receipts, work):
    old, mirror = work / "old", work / "mirror"
    copy_folder(log.data, old)
    log.arguments = ["--mirror", str(mirror)]
    log.start()
    submit(log, token, 9, receipts)
    size = log.head()[0]
    # The end of the server is the last time that the mirror is written.
    log.stop()
    checks.expect("the mirror has all", int((mirror / "checkpoint").read_text().split("\n")[1])
                  == size)
    log.arguments = []
    shutil.rmtree(log.data / "store")
    shutil.copytree(old / "store", log.data / "store")
    refused(checks, "a store that was set back", log, 5, "an older copy was restored")
    looked_at(checks, "a store that was set back", log, f"a head of {size} was signed", auditor)

    stale = work / "stale"
    shutil.copytree(mirror, stale)
    dry = checks.run("a dry run", binary(), "recover", "--data", log.data, "--from", mirror,
                     "--dry-run", "--json")
    checks.expect("it says what would be done", json.loads(dry.stdout)["lost_count"] == 9,
                  dry.stdout)
    refused(checks, "after a dry run it", log, 5, "an older copy was restored")
    tile = sorted((stale / "tile/entries").rglob("*.p/*"))[-1]
    tile.write_bytes(tile.read_bytes()[:-9] + b"AAAAAAA" + tile.read_bytes()[-2:])
    checks.run("a false mirror is refused", binary(), "recover", "--data", log.data, "--from",
               stale, want=1)
    checks.run("recover", binary(), "recover", "--data", log.data, "--from", mirror)
    hold(checks, "after a rollback", log, vkey, receipts, work, 9)
    log.start()
    header = {"Authorization": f"Bearer {auditor}"}
    status, body = log.request("GET", f"/v1/audit/{receipts[-1]['index']}", headers=header)
    checks.expect("a lost record is told from an erased one",
                  status == 410 and json.loads(body)["code"] == "lost", f"{status} {body[:200]}")
    submit(log, token, 2, receipts)
    log.stop()


def check_lost_store(checks, log, vkey, receipts, work):
    """From a mirror served elsewhere, everything comes back but the records."""
    mirror = work / "second"
    log.start()
    size = log.head()[0]
    checks.run("mirror", binary(), "mirror", log.url, "--vkey", vkey, "--to", mirror, "--once")
    log.stop()
    kept = work / "kept-store"
    shutil.copytree(log.data / "store", kept)
    shutil.rmtree(log.data / "store")
    refused(checks, "a store that is gone", log, 5, "")
    checks.run("recover a store that is gone", binary(), "recover", "--data", log.data, "--from",
               mirror)
    hold(checks, "after the loss of the store", log, vkey, receipts, work, size)
    return kept


def check_anchor(checks, log, vkey, receipts, work, lost):
    mirror = work / "third"
    log.start()
    checks.run("mirror", binary(), "mirror", log.url, "--vkey", vkey, "--to", mirror, "--once")
    log.stop()
    (log.data / "anchor").rename(work / "anchor-away")
    refused(checks, "a missing anchor", log, 5, "anchor is missing")
    looked_at(checks, "a missing anchor", log, "no signed head is here")
    (log.data / "anchor").unlink(missing_ok=True)
    checks.run("without --new-anchor it is not made again", binary(), "recover", "--data",
               log.data, "--from", mirror, want=5)
    checks.run("a new anchor", binary(), "recover", "--data", log.data, "--from", mirror,
               "--new-anchor")
    hold(checks, "after a missing anchor", log, vkey, receipts, work, lost)


def check_fork(checks, log, token, work):
    """Two histories under one key: no way on, and both shown."""
    other = LogProcess(work / "other", port=log.port)
    copy_folder(log.data, other.data)
    log.start()
    submit(log, token, 3, [])
    log.stop()
    other.start()
    submit(other, token, 5, [])
    other.stop()
    shutil.copy(log.data / "anchor", other.data / "anchor")
    refused(checks, "another history", other, 5, "another history")
    looked_at(checks, "another history", other, "another history")
    mirror = work / "fourth"
    log.start()
    checks.run("mirror", binary(), "mirror", log.url, "--vkey", log.vkey(), "--to", mirror,
               "--once")
    log.stop()
    checks.run("recover does not join two histories", binary(), "recover", "--data", other.data,
               "--from", mirror, want=3)


def check_damage(checks, log, work):
    """A damaged leaf: fsck names it, and the log is shown up to what its head covers."""
    damaged = LogProcess(work / "damaged", port=log.port)
    copy_folder(log.data, damaged.data)
    database = sqlite3.connect(damaged.data / "store/log.sqlite")
    size = database.execute("SELECT size FROM head").fetchone()[0]
    rule = database.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'open_entry_update'").fetchone()[0]
    database.execute("DROP TRIGGER open_entry_update")
    leaf = bytearray(database.execute(
        "SELECT leaf FROM open_entry WHERE idx = ?", (size - 1,)).fetchone()[0])
    leaf[20] ^= 1
    database.execute("UPDATE open_entry SET leaf = ? WHERE idx = ?", (bytes(leaf), size - 1))
    database.execute(rule)
    database.commit()
    database.close()
    refused(checks, "a damaged leaf", damaged, 1, "")
    checks.run("fsck names it", binary(), "fsck", "--data", damaged.data, want=1)


def check_clock(checks, log):
    if not shutil.which("faketime"):
        print("  no faketime: the clock was left out", flush=True)
        return
    for shift, word in [("-2h", "behind"), ("+30d", "ahead")]:
        done = subprocess.run(["faketime", "-f", shift, binary(), "serve", "--data", str(log.data),
                               "--listen", f"127.0.0.1:{log.port}"], capture_output=True,
                              text=True, check=False, timeout=60)
        checks.expect(f"a clock that is {word} is refused", done.returncode == 4
                      and word in done.stderr, f"{done.returncode} {done.stderr[-200:]}")


def check_freeze(checks, log, token, auditor, vkey):
    origin = "log.example.com/check"
    log.start()
    checks.run("a wrong origin freezes nothing", binary(), "freeze", "--data", log.data,
               "--confirm", "log.example.com/other", want=3)
    done = checks.run("freeze, the server running", binary(), "freeze", "--data", log.data,
                      "--confirm", origin, "--reason", "migrated", "--json")
    final = json.loads(done.stdout or "{}")
    status, body = post_status(log, token)
    checks.expect("403 frozen", status == 403 and json.loads(body)["code"] == "frozen",
                  f"{status} {body[:200]}")
    log.stop()
    process = subprocess.Popen([binary(), "serve", "--data", str(log.data), "--listen",
                                f"127.0.0.1:{log.port}"], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                ready = log.request("GET", "/readyz")
                break
            except OSError:
                time.sleep(0.05)
        checks.expect("frozen after a restart", ready[0] == 503
                      and json.loads(ready[1])["reason"] == "frozen", str(ready))
        checks.expect("its head is final", log.head()[0] == final.get("size"))
        checks.expect("403 after a restart", post_status(log, token)[0] == 403)
        header = {"Authorization": f"Bearer {auditor}"}
        read = log.request("GET", f"/v1/audit/{final.get('index', 0)}", headers=header)
        checks.expect("reads go on", read[0] == 200
                      and json.loads(read[1])["type"] == "log.frozen", str(read)[:300])
        lines = (log.data / "reads.ndjson").read_text().splitlines()
        checks.expect("readings are written down", json.loads(lines[-1])["type"] == "audit.access")
        checks.run("a frozen log verifies", binary(), "verify", "log", log.url, "--vkey", vkey)
    finally:
        process.terminate()
        process.wait(30)
    checks.run("it cannot be frozen twice", binary(), "freeze", "--data", log.data, "--confirm",
               origin, want=4)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.parse_args()
    checks, receipts = Checks(), []
    with tempfile.TemporaryDirectory(prefix="recover-") as name:
        work = pathlib.Path(name)
        with LogProcess(work / "data").init() as log:
            token, auditor = log.token(), log.token(role="auditor")
            log.start()
            submit(log, token, 12, receipts)
            vkey = log.vkey()
            log.stop()
            check_rollback(checks, log, token, auditor, vkey, receipts, work)
            kept = check_lost_store(checks, log, vkey, receipts, work)
            # The rest goes on with a store that has its records.
            lost = json.loads(checks.run("chain", binary(), "verify", "chain", "--data",
                                         log.data, "--json").stdout)["states"]["lost"]
            check_anchor(checks, log, vkey, receipts, work, lost)
            check_fork(checks, log, token, work)
            check_damage(checks, log, work)
            check_clock(checks, log)
            check_freeze(checks, log, token, auditor, vkey)
            del kept
    print(f"{checks.passed} of {checks.passed + len(checks.failed)} checks held")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
