#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Submits an NDJSON file of records to two fresh logs, one by one and in batches, and compares.

Every receipt is verified by three separate programs, a second submission of the same file must add
nothing, and both logs must hold the same canonical records, what the log itself adds and its own
tokens for people aside.

    tools/thirdparty/replay.py events.ndjson
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, binary  # noqa: E402

LOGCHECK = str(ROOT / ".build" / "thirdparty" / "logcheck")
PYTHON = [sys.executable, str(ROOT / "tools" / "verify_evident.py")]
STAMPS = {"v", "id", "received"}
TOKEN = re.compile(rb"tok_[a-z0-9]+_[a-z0-9]+_[a-z2-7]{26}")


def run(what, line, **more):
    done = subprocess.run([str(part) for part in line], capture_output=True, text=True, check=False,
                          env={**os.environ, **more})
    if done.returncode != 0:
        raise RuntimeError(f"{what} ended with {done.returncode}: "
                           f"{(done.stderr or done.stdout).strip()[-600:]}")
    lines = [text for text in done.stdout.strip().splitlines() if text]
    print(f"  {what}: {lines[-1][:120] if lines else 'good'}", flush=True)


def records_of(log, token, indexes):
    """The canonical text of each record, by index."""
    headers = {"Authorization": f"Bearer {token}"}
    for index in indexes:
        status, body = log.request("GET", f"/v1/audit/{index}", headers=headers)
        if status != 200:
            raise RuntimeError(f"GET /v1/audit/{index} answered {status}")
        if verify.canonical_bytes(body) != body:
            raise RuntimeError(f"record {index} is not canonical as it was served")
        yield json.loads(body)


def verify_all(log, vkey, receipts):
    files = sorted(receipts.glob("*.json"), key=lambda f: int(f.stem))
    run("evident verify receipt", [binary(), "verify", "receipt", *files, "--vkey", vkey])
    run("evident verify log", [binary(), "verify", "log", log.url, "--vkey", vkey])
    run("logcheck (Go)", [LOGCHECK, "-url", log.url, "-vkey", vkey, "-receipts", receipts])
    run("verify_evident.py", [*PYTHON, "log", log.url, "--vkey", vkey, "--receipts", receipts])
    return [json.loads(file.read_text("utf-8"))["index"] for file in files]


def replay(file, folder, batch):
    """Submits the file to a fresh log; returns its records without what the log adds."""
    print(f"{'one by one' if batch == 1 else f'{batch} lines a request'}:", flush=True)
    copy, receipts = folder / "events.ndjson", folder / "receipts"
    shutil.copy(file, copy)
    sent = [json.loads(line) for line in copy.read_text("utf-8").splitlines() if line.strip()]
    with LogProcess(folder / "data") as log:
        log.init()
        token, auditor = log.token(), log.token("auditor")
        log.start()
        submit = [binary(), "submit", copy, "--url", log.url, "--receipts", receipts,
                  "--batch", batch]
        run("evident submit", submit, EVIDENT_TOKEN=token)
        size, _ = log.head()
        if size != len(sent) + 1:
            raise RuntimeError(f"{len(sent)} lines gave a log of size {size}")
        run("evident submit, again", submit, EVIDENT_TOKEN=token)
        if log.head()[0] != size:
            raise RuntimeError("a second submission added records")
        indexes = verify_all(log, log.vkey(), receipts)
        if sorted(indexes) != list(range(1, size)):
            raise RuntimeError("the receipts do not cover every index once")
        found = list(records_of(log, auditor, indexes))
        log.stop()
    run("evident fsck", [binary(), "fsck", "--data", folder / "data"])
    return [strip(record, line) for record, line in zip(found, sent)]


def strip(record, sent):
    """The record without the members that the log added or rewrote, in canonical form."""
    added = STAMPS | {name for name in ("time", "tenant") if name not in sent}
    return verify.canonical_bytes(json.dumps(
        {name: value for name, value in record.items() if name not in added}).encode())


def numbered(records):
    """The records with their tokens numbered as they come: each log makes its own."""
    numbers = {}
    return [TOKEN.sub(lambda found: b"token %d" % numbers.setdefault(found[0], len(numbers)), text)
            for text in records]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--batch", type=int, default=100)
    options = parser.parse_args()
    results = []
    for batch in (1, options.batch):
        with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
            results.append(replay(options.file, pathlib.Path(name), batch))
    same = numbered(results[0]) == numbered(results[1])
    print(f"{len(results[0])} records; the two logs hold "
          f"{'the same canonical records' if same else 'DIFFERENT RECORDS'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
