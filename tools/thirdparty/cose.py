#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has programs of others verify the COSE receipts that a running server gives: scitt-cose (RFC 9942
receipts, RFC 9943), pycose (COSE_Sign1) and cbor2 (deterministic CBOR), beside `evident verify`.

Needs the Python packages that tools/install-deps --test puts below .build/, and starts itself again
with that Python. Nothing is downloaded.
"""

import argparse
import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
VENV = ROOT / ".build" / "thirdparty" / "venv"
if pathlib.Path(sys.prefix) != VENV:
    os.execv(VENV / "bin" / "python", [str(VENV / "bin" / "python"), *sys.argv])
sys.path.insert(0, str(ROOT / "tools"))

import cbor2  # noqa: E402
from cryptography.hazmat.primitives import serialization  # noqa: E402
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from pycose.keys import CoseKey  # noqa: E402
from pycose.messages import CoseMessage  # noqa: E402
from scitt_cose.receipt import verify_receipt  # noqa: E402

from evident_process import ORIGIN, LogProcess, Producer, binary, record, seeded  # noqa: E402

TREE_SIZE, LEAF = -65537, -65538


class Check:
    """One server, what pins it, and the token of one who may read all receipts."""

    def __init__(self, log, folder, token):
        self.log, self.folder = log, folder
        self.headers = {"Authorization": f"Bearer {token}", "Accept": "application/cose"}
        self.passed, self.failures = 0, []
        self.vkey = log.vkey()
        self.spki = next(key["spki"] for key in log.log_description()["keys"]
                         if key["alg"] == "es256-receipt")
        self.cose_key, self.pem = self.keys()

    def expect(self, what, good):
        self.passed += bool(good)
        if not good:
            self.failures.append(what)
            print(f"  NOT SO: {what}", flush=True)

    def keys(self):
        """The key as pycose reads it from the key set, and as PEM from /v1/log: the same one."""
        status, body = self.log.request("GET", "/.well-known/scitt-keys")
        self.expect(f"/.well-known/scitt-keys answers 200, not {status}", status == 200)
        (members,) = cbor2.loads(body)
        self.expect("the key set is deterministic CBOR",
                    cbor2.dumps([members], canonical=True) == body)
        key = serialization.load_der_public_key(base64.b64decode(self.spki))
        numbers = key.public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        self.expect("the key set has the key of /v1/log",
                    (members[-2], members[-3]) == (x, y) and isinstance(key.curve, ec.SECP256R1))
        thumbprint = cbor2.dumps({1: 2, -1: 1, -2: x, -3: y}, canonical=True)
        self.expect("the key's id is its RFC 9679 thumbprint",
                    members[2] == hashlib.sha256(thumbprint).digest())
        pem = key.public_bytes(serialization.Encoding.PEM,
                               serialization.PublicFormat.SubjectPublicKeyInfo)
        return CoseKey.from_dict(dict(members)), pem

    def receipt(self, index):
        status, body = self.log.request("GET", f"/v1/audit/{index}/receipt", headers=self.headers)
        if status != 200:
            raise RuntimeError(f"the receipt of {index} answered {status}: {body[:200]}")
        return body

    def leaf(self, index):
        """The leaf as the public tree has it, and not as the receipt says."""
        _, body = self.log.request("GET", f"/ct/v1/get-entries?start={index}&end={index}")
        return base64.b64decode(json.loads(body)["entries"][0]["leaf_input"])

    def scitt(self, receipt, leaf):
        return verify_receipt(receipt, leaf_entry_hex=leaf.hex(), log_public_key_pem=self.pem)

    def one(self, index):
        receipt, leaf = self.receipt(index), self.leaf(index)
        size, root = self.log.head()
        result = self.scitt(receipt, leaf)
        self.expect(f"scitt-cose, {index} of {size}: {result.errors}",
                    result.ok and (result.leaf_index, result.tree_size) == (index, size)
                    and result.root == base64.b64decode(root).hex())
        self.expect(f"issuer and subject of {index}: {result.issuer} {result.subject}",
                    (result.issuer, result.subject) == (f"https://{ORIGIN}", str(index)))
        message = CoseMessage.decode(receipt)
        message.key = self.cose_key
        self.expect(f"pycose, {index} of {size}",
                    message.verify_signature(detached_payload=base64.b64decode(root)))
        outer = cbor2.loads(receipt)
        protected, unprotected = cbor2.loads(outer.value[0]), outer.value[1]
        self.expect(f"deterministic CBOR, {index}",
                    cbor2.dumps(outer, canonical=True) == receipt
                    and cbor2.dumps(protected, canonical=True) == outer.value[0]
                    and all(cbor2.dumps(cbor2.loads(proof), canonical=True) == proof
                            for proof in unprotected[396][-1]))
        self.expect(f"signed size and unsigned leaf of {index}",
                    protected[15][TREE_SIZE] == size and unprotected[LEAF] == leaf)
        return receipt, leaf

    def evident(self, files):
        """The verdict of `evident verify receipt` on each file, and its exit status."""
        done = subprocess.run(
            [binary(), "verify", "receipt", *map(str, files), "--json", "--vkey", self.vkey,
             "--receipt-key", self.spki], capture_output=True, text=True, check=False)
        return [json.loads(line)["verdict"] for line in done.stdout.splitlines()], done.returncode

    def files(self, receipts):
        paths = []
        for number, receipt in enumerate(receipts):
            paths.append(self.folder / f"{number}.cose")
            paths[-1].write_bytes(receipt)
        return paths

    def changed(self, receipt, leaf, random):
        """One bit of each byte: neither program takes it."""
        start = receipt.index(cbor2.dumps(LEAF) + cbor2.dumps(leaf))
        unread = range(start, start + len(cbor2.dumps(LEAF) + cbor2.dumps(leaf)))
        variants = []
        for place in range(len(receipt)):
            variant = bytearray(receipt)
            variant[place] ^= 1 << random.randrange(8)
            variants.append(bytes(variant))
            # scitt-cose is given the leaf, and does not read it from the receipt.
            if place not in unread:
                self.expect(f"scitt-cose refuses a change at {place}",
                            not self.scitt(bytes(variant), leaf).ok)
        verdicts, status = self.evident(self.files(variants))
        self.expect("evident calls none of them verified",
                    len(verdicts) == len(variants) and "verified" not in verdicts and status == 1)
        print(f"  {len(variants)} changed receipts: {verdicts.count('tampered')} tampered, "
              f"{verdicts.count('unverifiable')} unverifiable", flush=True)

    def get(self, index, token):
        """`evident get --cose` gives a file that `evident verify receipt` takes."""
        done = subprocess.run(
            [binary(), "get", str(index), "--cose", "--url", self.log.url], capture_output=True,
            check=False, env={**os.environ, "EVIDENT_TOKEN": token})
        self.expect("evident get --cose", done.returncode == 0)
        self.expect("evident verifies what it got",
                    self.evident(self.files([done.stdout])) == (["verified"], 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = seeded(options)
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        folder = pathlib.Path(name)
        with LogProcess(folder / "data") as log:
            log.init()
            token, auditor = log.token(), log.token("auditor")
            log.start()
            check = Check(log, folder, auditor)
            producer = Producer(log, token)
            receipts = [check.one(0)]
            for number in range(9):
                producer.post(json.dumps(record(number)))
                receipts += [check.one(index) for index in range(number + 2)]
            lines = "\n".join(json.dumps(record(n)) for n in range(options.records)) + "\n"
            producer.post(lines, kind="application/x-ndjson")
            size, _ = log.head()
            for index in [0, 1, 255, 256, size - 1, *random.sample(range(size), 20)]:
                if index < size:
                    receipts.append(check.one(index))
            verdicts, status = check.evident(check.files([one for one, _ in receipts]))
            check.expect("evident verifies them all",
                         status == 0 and verdicts == ["verified"] * len(receipts))
            print(f"  {len(receipts)} receipts of trees of 1 to {size} leaves", flush=True)
            check.changed(*receipts[-1], random)
            check.get(3, auditor)
            check.expect("the server stops with status 0", log.stop() == 0)
    print(f"COSE: {check.passed} checks good, {len(check.failures)} not")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
