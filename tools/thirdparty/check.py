#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Submits records to a real server and has three separate programs verify what it hands out:
`evident verify`, the Go program on x/mod sumdb, and tools/verify_evident.py.

Each verifier must accept what is true and refuse one falsified receipt. Nothing is downloaded.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from altered import Altered  # noqa: E402
from evident_process import LogProcess, Producer, binary, record  # noqa: E402

LOGCHECK = str(ROOT / ".build" / "thirdparty" / "logcheck")
PYTHON = [sys.executable, str(ROOT / "tools" / "verify_evident.py")]


class Check:
    """One server, its producer, and a folder of the receipts that it gave."""

    def __init__(self, log, folder, vkey, token):
        self.log, self.vkey, self.token = log, vkey, token
        self.spki = next(key["spki"] for key in log.log_description()["keys"]
                         if key["alg"] == "ecdsa-p256")
        self.producer = Producer(log, token)
        self.receipts = folder / "receipts"
        self.receipts.mkdir()
        self.folder, self.failures, self.passed = folder, [], 0

    def expect(self, what, good):
        self.passed += bool(good)
        if not good:
            self.failures.append(what)
            print(f"  NOT SO: {what}", flush=True)

    def keep(self, receipt):
        (self.receipts / f"{receipt['index']:06}.json").write_text(
            json.dumps(receipt, ensure_ascii=False), "utf-8")

    def run(self, what, line, want=0):
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        statuses = want if isinstance(want, tuple) else (want,)
        self.expect(f"{what}: exit {done.returncode}, wanted {want}: "
                    f"{(done.stderr or done.stdout).strip()[-400:]}", done.returncode in statuses)
        if done.returncode == 0 and want == 0:
            print(f"  {what}: {done.stdout.strip().splitlines()[0][:110]}", flush=True)
        return done

    def submit_singly(self, count):
        for number in range(count):
            status, body = self.producer.post(json.dumps(record(number)), key=f"single-{number}")
            if status != 201:
                raise RuntimeError(f"POST {number} answered {status}: {body[:300]}")
            self.keep(json.loads(body))

    def submit_batch(self, first, count):
        """One NDJSON unit; returns the indexes that its items got."""
        lines = [json.dumps(record(n)) for n in range(first, first + count)]
        status, body = self.producer.post(
            "\n".join(lines) + "\n", key=f"batch-{first}", kind="application/x-ndjson")
        self.expect(f"NDJSON answers 200, not {status} {body[:200]}", status == 200)
        *items, last = [json.loads(line) for line in body.decode().splitlines()]
        for item in items:
            self.keep({**item["receipt"], "checkpoint": last["checkpoint"]})
        return [item["receipt"]["index"] for item in items]


def falsify(receipt):
    """A receipt for another commitment, all else as it was."""
    first = receipt["commitment"][0]
    return {**receipt, "commitment": ("0" if first != "0" else "1") + receipt["commitment"][1:]}


def check_receipt(check, name, receipt, want):
    """Each of the three programs ends with the exit status `want`, or one of several."""
    file = check.folder / "one" / f"{name}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(receipt, ensure_ascii=False), "utf-8")
    check.run(f"evident verify receipt, {name}",
              [binary(), "verify", "receipt", str(file), "--vkey", check.vkey], want)
    check.run(f"verify_evident.py receipt, {name}",
              [*PYTHON, "receipt", str(file), "--vkey", check.vkey], want)
    check.run(f"logcheck, {name}",
              [LOGCHECK, "-url", check.log.url, "-vkey", check.vkey,
               "-receipts", str(file.parent)], want)
    file.unlink()


def check_log(check):
    """The whole log, and every receipt so far, by three programs."""
    kept = any(check.receipts.iterdir())
    check.run("evident verify log",
              [binary(), "verify", "log", check.log.url, "--vkey", check.vkey])
    check.run("verify_evident.py log",
              [*PYTHON, "log", check.log.url, "--vkey", check.vkey,
               *(["--receipts", str(check.receipts)] if kept else [])])
    check.run("logcheck",
              [LOGCHECK, "-url", check.log.url, "-vkey", check.vkey, "-spki", check.spki,
               *(["-receipts", str(check.receipts)] if kept else [])])


def check_random(check, records, count):
    """Proofs at random sizes of a large log: x/mod's from tiles, and those of every interface."""
    size, _ = check.log.head()
    for first in range(size, records, 1000):
        lines = [json.dumps(record(n)) for n in range(first, min(records, first + 1000))]
        status, body = check.producer.post(
            "\n".join(lines) + "\n", key=f"large-{first}", kind="application/x-ndjson")
        if status != 200:
            raise RuntimeError(f"POST answered {status}: {body[:300]}")
    size, _ = check.log.head()
    check.expect(f"the log has {size} leaves, {records} wanted", size >= records)
    check.run(f"logcheck, {size} leaves, {count} random proofs",
              [LOGCHECK, "-url", check.log.url, "-vkey", check.vkey, "-spki", check.spki,
               "-random", str(count), "-seed", str(size)])


def change(text):
    """Another letter in the middle of a text."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1:]


def change_answer(path, body):
    """One bit of a tile; one letter of the first hash, leaf or signature in JSON."""
    if path.startswith("/tile/"):
        return bytes([body[0] ^ 1]) + body[1:]
    answer = json.loads(body)
    for name in ("tree_head_signature", "inclusion", "consistency", "audit_path", "entries"):
        value = answer.get(name)
        if isinstance(value, str):
            answer[name] = change(value)
        elif value and name == "entries":
            value[0]["leaf_input"] = change(value[0]["leaf_input"])
        elif value:
            value[0] = change(value[0])
        else:
            continue
        return json.dumps(answer).encode()
    return body


def check_altered(check):
    """A change in what any one of the resources answers is found by the Go program."""
    for start in ("/tile/0/", "/tile/1/", "/tile/entries/", "/v1/proof/inclusion",
                  "/v1/proof/consistency", "/ct/v1/get-sth", "/ct/v1/get-entries",
                  "/ct/v1/get-proof-by-hash", "/ct/v1/get-entry-and-proof",
                  "/ct/v1/get-sth-consistency"):
        def alter(path, body, start=start):
            return change_answer(path, body) if path.split("?")[0].startswith(start) else body
        with Altered(check.log.port, alter) as altered:
            check.run(f"logcheck, {start} changed",
                      [LOGCHECK, "-url", altered.url, "-vkey", check.vkey, "-spki", check.spki,
                       "-random", "10"], 1)
            check.expect(f"{start} was asked for", altered.changes > 0)


def check_vector_note(check):
    """The note of the vectors, by its log's two keys and a witness; none of their lines may change."""
    vector = json.loads((ROOT / "Tests" / "Vectors" / "checkpoint.json").read_text("utf-8"))
    file = check.folder / "vector.note"
    line = [LOGCHECK, "-note", str(file), "-vkey", vector["vkey"], "-spki", vector["ecdsa_spki_base64"],
            "-witness", vector["witness_vkey"]]
    file.write_text(vector["note"], "utf-8")
    check.run("logcheck, the vectors' note", line)
    for number in range(3):
        lines = vector["note"].splitlines()
        text = lines[-1 - number]
        lines[-1 - number] = text[:-10] + ("A" if text[-10] != "A" else "B") + text[-9:]
        file.write_text("\n".join(lines) + "\n", "utf-8")
        check.run(f"logcheck, signature {number} changed", line, 1)


def check_idempotency(check):
    status, body = check.producer.post(json.dumps(record(0)), key="single-0")
    first = json.loads((check.receipts / "000001.json").read_text("utf-8"))
    again = json.loads(body)
    same = all(again.get(n) == first[n]
               for n in ("index", "timestamp_ms", "commitment", "record_hash"))
    check.expect(f"a repeated POST answers 200 with the same receipt, not {status}",
                 status == 200 and same)
    status, _ = check.producer.post(json.dumps(record(1)), key="single-0")
    check.expect(f"the same key with other content answers 409, not {status}", status == 409)


def check_files(check):
    """The proof file and the opening, as the server gives them to the record's own producer."""
    headers = {"Authorization": f"Bearer {check.token}"}
    status, body = check.log.request("GET", "/v1/audit/1/proof", headers=headers)
    check.expect(f"GET proof answers 200, not {status}", status == 200)
    file = check.folder / "1.tlog-proof"
    file.write_bytes(body)
    check.run("verify_evident.py proof", [*PYTHON, "proof", str(file), "--vkey", check.vkey])
    sent = record(9000)
    status, body = check.producer.post(json.dumps(sent), key="opened", query="?opening=1")
    check.expect(f"POST with an opening answers 201, not {status}", status == 201)
    file = check.folder / "opened.json"
    file.write_bytes(body)
    done = check.run("verify_evident.py receipt with an opening",
                     [*PYTHON, "receipt", str(file), "--vkey", check.vkey])
    check.expect("the opening was checked", "the opening gives" in done.stdout)


def check_bundles(check, auditor):
    """A bundle and sets as the server makes them, by two programs, and the same falsified."""
    headers = {"Authorization": f"Bearer {auditor}"}
    for name, path in (("bundle", "/v1/audit/7/bundle?fields=type,actor"),
                       ("set", "/v1/audit/bundles?type=tool.*&fields=type,actor&report=gaps"),
                       ("range", "/v1/audit/bundles?from_index=3&to_index=99&report=chain")):
        status, body = check.log.request("GET", path, headers=headers)
        check.expect(f"GET {path} answers 200, not {status}", status == 200)
        hash_at = body.index(b'"record_hash":"') + 15
        changed = b"1" if body[hash_at:hash_at + 1] == b"0" else b"0"
        false = body[:hash_at] + changed + body[hash_at + 1:]
        for what, data, want in (("true", body, 0), ("falsified", false, 1),
                                 ("cut short", body[:-2], 2)):
            file = check.folder / name
            file.write_bytes(data)
            for program, line in (("evident verify bundle", [binary(), "verify", "bundle"]),
                                  ("verify_evident.py bundle", [*PYTHON, "bundle"])):
                check.run(f"{program}, {name} {what}",
                          [*line, str(file), "--vkey", check.vkey], want)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300, help="posted one by one")
    parser.add_argument("--batch", type=int, default=250, help="posted as one NDJSON unit")
    parser.add_argument("--large", type=int, default=100_000, help="leaves for random proofs")
    parser.add_argument("--random", type=int, default=300, help="random proofs of each kind")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as name:
        folder = pathlib.Path(name)
        with LogProcess(folder / "data") as log:
            log.init()
            token, auditor = log.token(), log.token("auditor")
            log.start()
            check = Check(log, folder, log.vkey(), token)
            size, _ = log.head()
            check.expect(f"an empty log has its first record, size {size}", size == 1)
            check_log(check)
            check.submit_singly(options.records)
            indexes = check.submit_batch(options.records, options.batch)
            check.expect("a repeated batch adds nothing",
                         check.submit_batch(options.records, options.batch) == indexes)
            check_idempotency(check)
            check_log(check)
            receipt = json.loads((check.receipts / "000007.json").read_text("utf-8"))
            check_receipt(check, "true", receipt, 0)
            check_receipt(check, "erased since", {**receipt, "content": "erased"}, 0)
            check_receipt(check, "falsified", falsify(receipt), 1)
            check_receipt(check, "of another form", {**receipt, "content": "gone"}, (1, 2))
            check_files(check)
            check_bundles(check, auditor)
            check_vector_note(check)
            check_altered(check)
            check_random(check, options.large, options.random)
            check.expect("the server stops with status 0", log.stop() == 0)
            check.run("evident fsck", [binary(), "fsck", "--data", str(folder / "data")])
    print(f"third parties: {check.passed} checks good, {len(check.failures)} not")
    return 1 if check.failures else 0


if __name__ == "__main__":
    sys.exit(main())
