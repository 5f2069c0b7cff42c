# SPDX-License-Identifier: Apache-2.0
"""What the checks of backups work on: a log whose records bear canaries, and the backups of it."""

import json
import pathlib
import re
import shutil
import sys

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from evident_process import LogProcess, Producer, binary, record  # noqa: E402
from recover import Checks  # noqa: E402

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


def found_in(folder, numbers):
    """The canaries of these numbers in any byte of any file."""
    wanted, found = {(CANARY % n).encode() for n in numbers}, set()
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.is_file() and not path.is_socket():
            data = path.read_bytes()
            found |= {(path.name, text) for text in re.findall(rb"canary-\d{6}-of-what-is-erased", data)
                      if text in wanted}
    return found
