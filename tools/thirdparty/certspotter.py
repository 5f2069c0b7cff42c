#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Lets Debian's certspotter, a monitor of Certificate Transparency logs that knows nothing of this
project, follow a growing log; then shows it altered logs, each of which it must find out.

    certspotter.py               a few rounds of growth, about a minute
    certspotter.py --rounds 50   longer

What each leaf says is no certificate, so certspotter reports every one as malformed; its verdict on
signatures, entries and roots is what counts here. It asks for a new head every five minutes, so each
round starts it again on the state that it has kept.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from altered import Altered  # noqa: E402
from evident_process import LogProcess, Producer, copy_folder, record, seeded  # noqa: E402

FETCHED = ROOT / ".build" / "thirdparty" / "certspotter"
CERTSPOTTER = str(FETCHED) if FETCHED.exists() else shutil.which("certspotter")


class Follower:
    """certspotter, and the folder in which it keeps how far it has verified a log."""

    def __init__(self, folder, key, url):
        self.state, self.output = folder / "state", folder / "output.txt"
        self.list, self.watchlist = folder / "logs.json", folder / "watchlist"
        folder.mkdir()
        self.watchlist.write_text("evident.example\n", "utf-8")
        self.log_id = base64.b64encode(hashlib.sha256(base64.b64decode(key)).digest()).decode()
        self.key = key
        self.point_at(url)

    def point_at(self, url):
        """Another address for the same log: certspotter knows a log by its key."""
        log = {"key": self.key, "log_id": self.log_id, "url": url, "mmd": 86400,
               "description": "under test",
               "state": {"usable": {"timestamp": "2020-01-01T00:00:00Z"}}}
        self.list.write_text(json.dumps(
            {"operators": [{"name": "test", "email": [], "logs": [log]}]}), "utf-8")

    def logs(self):
        return list((self.state / "logs").glob("*")) if self.state.exists() else []

    def verified(self):
        """Leaves up to which entries and signed root agree."""
        for log in self.logs():
            try:
                position = json.loads((log / "state.json").read_text("utf-8"))["verified_position"]
                return position["size"] if position else 0
            except (OSError, ValueError, KeyError):
                pass
        return 0

    def unverified(self):
        return [path for log in self.logs() for path in (log / "unverified_sths").glob("*.json")]

    def run(self, until, limit, *arguments):
        """Runs it until `until(output)` holds or `limit` seconds have passed; returns its talk."""
        with open(self.output, "wb") as output:
            process = subprocess.Popen(
                [CERTSPOTTER, "-logs", str(self.list), "-state_dir", str(self.state),
                 "-watchlist", str(self.watchlist), "-verbose", "-no_save", "-stdout", *arguments],
                stdout=output, stderr=output)
        end = time.monotonic() + limit
        try:
            while time.monotonic() < end and process.poll() is None:
                if until(self.talk()):
                    break
                time.sleep(0.05)
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        return self.talk()

    def talk(self):
        """What it said of the log, without the notices of entries that are no certificates."""
        text = self.output.read_text("utf-8", "replace")
        return "\n".join(line for line in text.splitlines()
                         if re.match(r"^\d{4}/\d\d/\d\d ", line)
                         and not line.endswith("context canceled"))


def wrong_entry(index):
    """One bit of one leaf, in the middle of its commitment."""
    def alter(path, body):
        match = re.match(r"/ct/v1/get-entries\?start=(\d+)&end=\d+$", path)
        if not match:
            return body
        answer = json.loads(body)
        place = index - int(match[1])
        if not 0 <= place < len(answer["entries"]):
            return body
        leaf = bytearray(base64.b64decode(answer["entries"][place]["leaf_input"]))
        leaf[40] ^= 1
        answer["entries"][place]["leaf_input"] = base64.b64encode(leaf).decode()
        return json.dumps(answer).encode()
    return alter


def missing_entry(index):
    """A leaf is left out, and the one after it shown twice."""
    def alter(path, body):
        match = re.match(r"/ct/v1/get-entries\?start=(\d+)&end=\d+$", path)
        answer = json.loads(body)
        place = index - int(match[1]) if match else -1
        if not 0 <= place < len(answer.get("entries", [])) - 1:
            return body
        answer["entries"][place] = answer["entries"][place + 1]
        return json.dumps(answer).encode()
    return alter


def wrong_head(key=None):
    """Another root; with the log's own key, as its thief would sign it, or left unsigned."""
    def alter(path, body):
        if path != "/ct/v1/get-sth":
            return body
        head = json.loads(body)
        root = hashlib.sha256(b"another tree").digest()
        head["sha256_root_hash"] = base64.b64encode(root).decode()
        if key is not None:
            message = (b"\0\1" + head["timestamp"].to_bytes(8, "big")
                       + head["tree_size"].to_bytes(8, "big") + root)
            signature = key.sign(message, ec.ECDSA(hashes.SHA256()))
            head["tree_head_signature"] = base64.b64encode(
                b"\4\3" + len(signature).to_bytes(2, "big") + signature).decode()
        return json.dumps(head).encode()
    return alter


class Check:
    def __init__(self, folder, log, producer, key):
        self.folder, self.log, self.producer, self.key = folder, log, producer, key
        self.number, self.passed, self.failures = 0, 0, []

    def expect(self, what, good, talk=""):
        self.passed += bool(good)
        print(f"  {'ok' if good else 'NOT SO'}: {what}", flush=True)
        if not good:
            self.failures.append(what)
            print("    " + talk[-2000:].replace("\n", "\n    "), flush=True)

    def grow(self, count):
        grow(self.producer, count)

    def follow(self, follower, what, limit=60, *arguments):
        """It reaches the newest head, and has no head left that it could not verify."""
        size, _ = self.log.head()
        talk = follower.run(lambda _: follower.verified() == size and not follower.unverified(),
                            limit, *arguments)
        good = (follower.verified() == size and not follower.unverified() and not blames(talk))
        self.expect(f"{what}: verified up to {follower.verified()} of {size}, "
                    f"{len(follower.unverified())} heads not", good, talk)

    def alter(self, what, words, alter, limit=30):
        """A proxy's change is reported in these words, and nothing beyond is verified."""
        self.number += 1
        with Altered(self.log.port, alter) as altered:
            follower = Follower(self.folder / f"altered-{self.number}", self.key, altered.url)
            talk = follower.run(lambda talk: re.search(words, talk), limit)
            found = re.search(words, talk)
            self.expect(f"{what}: {last(talk, words)}; verified {follower.verified()}",
                        found and follower.verified() == 0 and altered.changes > 0, talk)


DIFFERS = r"does not match the entries|contained? incorrect|root hash"


def blames(talk):
    return re.search(DIFFERS + r"|[Ee]rror|invalid|inconsisten", talk)


def last(talk, words):
    lines = [line for line in talk.splitlines() if re.search(words, line)]
    return lines[-1][20:170] if lines else "nothing was reported"


def grow(producer, count):
    """`count` records, in batches as producers send them."""
    for start in range(0, count, 500):
        lines = [json.dumps(record(n)) for n in range(start, min(count, start + 500))]
        status, body = producer.post("\n".join(lines) + "\n", kind="application/x-ndjson",
                                     key=f"{time.monotonic_ns()}")
        if status != 200:
            raise RuntimeError(f"POST answered {status}: {body[:200]}")


def log_key(data):
    """The log's tree head key, as its thief would have it."""
    scalar = int.from_bytes((pathlib.Path(data) / "keys" / "ecdsa-p256.key").read_bytes(), "big")
    return ec.derive_private_key(scalar, ec.SECP256R1())


def forked(check, folder):
    """Two servers on copies of one store, each with its own continuation."""
    follower = Follower(folder / "forked", check.key, check.log.url + "/")
    check.follow(follower, "before the fork")
    check.log.stop()
    copy_folder(check.log.data, folder / "copy")
    check.log.start()
    check.producer.close()
    check.grow(300)
    check.follow(follower, "the log, continued")
    seen = follower.verified()
    # certspotter looks at heads that are larger than what it has verified, and at no others.
    with LogProcess(folder / "copy") as other:
        token = other.token()
        other.start()
        grow(Producer(other, token), 450)
        size, _ = other.head()
        follower.point_at(other.url + "/")
        talk = follower.run(lambda talk: re.search(DIFFERS, talk), 30)
    kept = [json.loads(path.read_text("utf-8"))["tree_size"] for path in follower.unverified()]
    check.expect(f"another continuation, {size} against {seen} leaves: {last(talk, DIFFERS)}; "
                 f"verified {follower.verified()}, heads kept as evidence of sizes {kept}",
                 re.search(DIFFERS, talk) and follower.verified() == seen and size in kept, talk)


def run(folder, options):
    random = seeded(options)
    with LogProcess(folder / "data") as log:
        log.init()
        token = log.token()
        log.start()
        key = next(k["spki"] for k in log.log_description()["keys"] if k["alg"] == "ecdsa-p256")
        check = Check(folder, log, Producer(log, token), key)
        follower = Follower(folder / "follower", key, log.url + "/")
        check.follow(follower, "a log of one leaf")
        for number in range(options.rounds):
            check.grow(random.choice([1, 2, 255, 256, 257, 1500]) if number else 1_300)
            check.follow(follower, f"round {number + 1}")
        late = Follower(folder / "late", key, log.url + "/")
        check.follow(late, "started at the end", 60, "-start_at_end")
        check.grow(700)
        check.follow(late, "started at the end, grown", 60)
        size, _ = log.head()
        check.alter("a wrong entry", DIFFERS, wrong_entry(random.randrange(size)))
        check.alter("a missing entry", DIFFERS, missing_entry(random.randrange(size // 2)))
        check.alter("a head that nobody signed", r"signature|[Ee]rror", wrong_head())
        check.alter("a head signed with the stolen key", DIFFERS, wrong_head(log_key(log.data)))
        forked(check, folder)
        check.expect("the server stops with status 0", log.stop() == 0)
    return check


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=4, help="rounds of growth")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if CERTSPOTTER is None:
        sys.exit("certspotter is not installed; tools/install-deps --test fetches it")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        check = run(pathlib.Path(name), options)
    print(f"certspotter: {check.passed} checks good, {len(check.failures)} not, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
