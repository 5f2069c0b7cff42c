#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills a witness with SIGKILL again and again, while logs that fork offer it both histories.

This script holds the logs' keys, so it can sign anything. Each log grows in two branches that
differ from some leaf on; requests for both arrive at once, from several threads. Whatever the
witness has cosigned, over all its lives, must lie on one history: every two cosigned heads of a
log are consistent. Every cosignature that was answered must also have been kept.
"""

import argparse
import base64
import hashlib
import http.client
import pathlib
import random
import struct
import sys
import tempfile
import threading
import time

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from evident_process import percentile, seeded  # noqa: E402
from witness_process import WitnessProcess  # noqa: E402


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def root(leaves):
    """RFC 6962 §2.1, of leaf hashes."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01", root(leaves[:half]), root(leaves[half:]))


def consistency(old, leaves, whole=True):
    """RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    half = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= half:
        return consistency(old, leaves[:half], whole) + [root(leaves[half:])]
    return consistency(old - half, leaves[half:], False) + [root(leaves[:half])]


class ForkingLog:
    """A log that signs two histories, and what a witness has cosigned of them."""

    def __init__(self, number):
        self.origin = f"fork{number}.example.com/log"
        self.key = ed25519.Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        name = self.origin.encode()
        self.key_id = sha256(name, b"\n\x01", public)[:4]
        self.vkey = (f"{self.origin}+{self.key_id.hex()}+"
                     + base64.b64encode(b"\x01" + public).decode())
        self.branches = [[], []]
        self.lock, self.cosigned = threading.Lock(), []
        self.hash = hashlib.sha256(name).hexdigest()
        # Every history that was offered, by its root: the witness may have kept one of them and
        # died before it answered.
        self.offered = {}

    def grow(self, rng):
        """Both branches get leaves; after some time they are one history again, the witness's."""
        with self.lock:
            for place in range(2):
                for _ in range(rng.randrange(1, 4)):
                    self.branches[place].append(sha256(b"\x00", rng.randbytes(8)))

    def settle(self, witness):
        """Both branches go on from the head that the witness remembers."""
        status, _, note = witness.request("GET", f"/{self.hash}/checkpoint", timeout=5)
        if status == 200:
            with self.lock:
                leaves = self.offered[note.decode().split("\n")[2]]
                self.branches = [list(leaves), list(leaves)]

    def request(self, branch, old, size):
        with self.lock:
            leaves = self.branches[branch][:size]
        if old > len(leaves):
            return None, leaves
        proof = consistency(old, leaves) if old else []
        digest = base64.b64encode(root(leaves)).decode()
        self.offered[digest] = leaves
        text = f"{self.origin}\n{len(leaves)}\n{digest}\n"
        signature = base64.b64encode(self.key_id + self.key.sign(text.encode())).decode()
        lines = "".join(base64.b64encode(node).decode() + "\n" for node in proof)
        return (f"old {old}\n{lines}\n{text}\n— {self.origin} {signature}\n").encode(), leaves


def offer(log, witness, stop, rng, statuses):
    """Sends heads of both branches until told to stop, whatever is answered."""
    old = 0
    while not stop.is_set():
        branch = rng.randrange(2)
        with log.lock:
            size = len(log.branches[branch])
        size = max(0, size - rng.randrange(3))
        body, leaves = log.request(branch, old, size)
        if body is None:
            old = 0
            continue
        try:
            status, kind, said = witness.request("POST", "/add-checkpoint", body, timeout=5)
            if rng.random() < 0.05:
                log.settle(witness)
        except (OSError, http.client.HTTPException):
            time.sleep(0.005)
            continue
        statuses[status] = statuses.get(status, 0) + 1
        if status == 200:
            with log.lock:
                log.cosigned.append((said, leaves))
            old = len(leaves)
        elif status == 409 and kind == "text/x.tlog.size":
            old = int(said)
        if status == 422 or rng.random() < 0.3:
            log.grow(rng)


def check(log, witness, failures):
    """All cosigned heads are on one history, and the newest one is what the witness remembers."""
    ordered = sorted(log.cosigned, key=lambda item: len(item[1]))
    for (_, first), (_, second) in zip(ordered, ordered[1:]):
        if second[:len(first)] != first:
            failures.append(f"{log.origin}: heads of {len(first)} and {len(second)} leaves are "
                            "cosigned and inconsistent")
    if ordered:
        _, _, note = witness.request(
            "GET", f"/{log.hash}/checkpoint")
        size = int(note.decode().split("\n")[1])
        if size < len(ordered[-1][1]):
            failures.append(f"{log.origin}: {len(ordered[-1][1])} leaves were cosigned, and the "
                            f"witness remembers {size}")
    for said, leaves in ordered[-3:]:
        verify_line(log, witness, said, leaves, failures)


def verify_line(log, witness, said, leaves, failures):
    blob = base64.b64decode(said.decode().split("\n")[0].rsplit(" ", 1)[1])
    seconds = struct.unpack(">Q", blob[4:12])[0]
    key = base64.b64decode(witness.vkey.split("+", 2)[2])[1:]
    text = f"{log.origin}\n{len(leaves)}\n{base64.b64encode(root(leaves)).decode()}\n"
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(key).verify(
            blob[12:], f"cosignature/v1\ntime {seconds}\n{text}".encode())
    except Exception as error:
        failures.append(f"{log.origin}: a cosignature does not verify ({error!r})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--logs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="for each log")
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    rng = seeded(options)
    logs = [ForkingLog(number) for number in range(options.logs)]
    failures, statuses, ready = [], {}, []
    with tempfile.TemporaryDirectory(prefix="witness-kill-") as folder:
        witness = WitnessProcess(pathlib.Path(folder) / "w", "witness.example.com/w",
                                 [log.vkey for log in logs]).init().start()
        stop = threading.Event()
        for log in logs:
            log.grow(rng)
        threads = [threading.Thread(target=offer, args=(
            log, witness, stop, random.Random(rng.random()), statuses))
            for log in logs for _ in range(options.threads)]
        for thread in threads:
            thread.start()
        for _ in range(options.rounds):
            time.sleep(rng.uniform(0.02, 0.25))
            witness.kill()
            began = time.monotonic()
            witness.start()
            ready.append((time.monotonic() - began) * 1000)
        stop.set()
        for thread in threads:
            thread.join()
        for log in logs:
            check(log, witness, failures)
        witness.kill()
    count = sum(len(log.cosigned) for log in logs)
    print(f"{options.rounds} kills, {count} cosignatures of {options.logs} forking logs, answers "
          f"{dict(sorted(statuses.items()))}, ready again p50 {percentile(ready, 0.5):.0f} ms")
    if count < options.rounds:
        failures.append("too few cosignatures to show anything")
    if not statuses.get(422):
        failures.append("the fork was never refused")
    for failure in failures[:20]:
        print(f"  NOT SO: {failure}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
