#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Generated records: the server and the independent verifier must agree on every one of them.

Records with strange numbers, escapes, scripts, depths and sizes are made by a generator that knows
only the grammar of JSON, and sent to a real server, some of them broken on purpose. Then, for each:

- accept: `verify_evident.py` parses it if and only if the server takes it;
- canonicalise: what the server stored has each member that was sent, in its canonical text, and is
  canonical as it stands;
- hash and commit: the opened record and seed make the receipt's commitment;
- verify: receipt, inclusion, signature; and at the end the whole log by `evident verify chain`, and
  its chain of MACs by this script, from the chain key.

    tools/agreement.py                         100,000 records
    tools/agreement.py --records 2000 --seed 1
"""

import argparse
import collections
import hashlib
import hmac
import http.client
import json
import pathlib
import struct
import sys
import tempfile
import time

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402
from evident_process import LogProcess, Producer, seeded  # noqa: E402

BATCH = 500
# What the server puts into every record.
STAMPS = {"received", "redactions", "redaction_policy"}


class Generator:
    """Texts of records. Members are written by hand, so that nothing is made canonical here."""

    def __init__(self, chance):
        self.chance = chance

    def pick(self, *ways):
        return self.chance.choice(ways)()

    def space(self):
        return self.chance.choice(["", "", "", "", " ", "\t", "  ", "\r"])

    def number(self):
        chance = self.chance
        digits = str(chance.getrandbits(chance.randrange(1, 53)))
        return self.pick(
            lambda: digits,
            lambda: "-" + digits,
            lambda: f"{chance.randrange(10 ** 6)}.{chance.randrange(10 ** 6):06d}",
            lambda: f"{chance.randrange(10)}.{chance.randrange(10 ** 9)}"
                    f"{chance.choice('eE')}{chance.choice(['', '+', '-'])}{chance.randrange(14)}",
            lambda: f"{chance.randrange(1, 10)}e-{chance.randrange(300)}",
            lambda: repr(struct.unpack(">d", struct.pack(
                ">Q", chance.randrange(2 ** 62)))[0]),
            lambda: chance.choice(["0", "-0", "0.0", "-0.0e9", "1e15", "9007199254740991", "1E2",
                                   "0.1", "5e-324", "2.2250738585072014e-308", "1e-7", "1e-6",
                                   "123456789012345.6", "100000.00000", "333333333.33333329"]))

    def character(self):
        chance = self.chance
        code = self.pick(
            lambda: chance.randrange(0x20, 0x7F), lambda: chance.randrange(0x20, 0x7F),
            lambda: chance.randrange(0xA0, 0x800), lambda: chance.randrange(0x800, 0xD800),
            lambda: chance.randrange(0xE000, 0xFDD0), lambda: chance.randrange(0x10000, 0x1FFF0),
            lambda: chance.choice([0x2028, 0x2029, 0x200D, 0x301, 0x7F, 0xFEFF, 0xE9, 0x1F600]),
            lambda: chance.randrange(0x20))
        text = chr(code)
        if code < 0x20 or text in '"\\' or chance.random() < 0.1:
            return self.escape(text)
        return text

    def escape(self, text):
        short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n",
                 "\r": "\\r", "\t": "\\t"}
        if text in short and self.chance.random() < 0.5:
            return short[text]
        units = text.encode("utf-16-be")
        form = self.chance.choice(["\\u{:04x}", "\\u{:04X}"])
        return "".join(form.format(int.from_bytes(units[i:i + 2], "big"))
                       for i in range(0, len(units), 2))

    def string(self, longest=12):
        # Short runs, so that nothing by chance looks like what redaction takes out.
        return '"' + "".join(self.character() for _ in range(self.chance.randrange(longest))) + '"'

    def value(self, depth):
        chance = self.chance
        ways = [self.number, self.number, self.string, self.string,
                lambda: chance.choice(["true", "false", "null"])]
        if depth > 0:
            ways += [lambda: self.object(depth - 1), lambda: self.array(depth - 1)]
        return self.pick(*ways)

    def array(self, depth):
        items = [self.value(depth) for _ in range(self.chance.randrange(5))]
        return "[" + ",".join(self.space() + item + self.space() for item in items) + "]"

    def object(self, depth, width=6):
        members, names = [], set()
        for number in range(self.chance.randrange(width)):
            name = self.string(8)
            plain = json.loads(name)
            if plain in names:
                name = plain = f'"{number}"'
            names.add(plain)
            members.append(f"{self.space()}{name}{self.space()}:{self.space()}{self.value(depth)}")
        return "{" + ",".join(members) + self.space() + "}"

    def deep(self, depth):
        opened = "".join(self.chance.choice(['{"a":', "["]) for _ in range(depth))
        closed = "".join("}" if c == ":" else "]" for c in reversed(
            opened.replace('{"a":', ":").replace("[", "[")))
        return opened + self.number() + closed

    def record(self):
        chance = self.chance
        members = ['"type":"x.check.event"', '"tenant":"acme"',
                   f'"actor":{{"id":{self.string(20)[:-1]}x","type":"agent"}}',
                   '"details":' + self.pick(
                       lambda: self.object(3), lambda: self.object(1, 40),
                       lambda: '{"deep":' + self.deep(chance.randrange(1, 30)) + "}",
                       lambda: '{"long":"' + "z" * chance.randrange(4000) + '"}')]
        for name in ("arguments", "result", "labels"):
            if chance.random() < 0.4:
                members.append(f'"{name}":{self.object(2) if name != "labels" else self.flat()}')
        chance.shuffle(members)
        text = "{" + ",".join(self.space() + m for m in members) + self.space() + "}"
        return text.encode()

    def flat(self):
        return '{"k":' + self.string(9) + "}"

    def broken(self):
        """A record that breaks one rule of the JSON layer."""
        chance = self.chance
        bad = self.pick(
            lambda: '{"n":9007199254740992}', lambda: '{"n":1e16}', lambda: '{"n":1e-400}',
            lambda: '{"n":0.123456789012345678}', lambda: '{"n":01}', lambda: '{"n":+1}',
            lambda: '{"n":1.}', lambda: '{"a":1,"\\u0061":2}', lambda: '{"s":"\\ud800"}',
            lambda: '{"s":"\\udc00\\ud800"}', lambda: '{"s":"\ufdd0"}', lambda: '{"s":"\\uffff"}',
            lambda: '{"s":"a\tb"}', lambda: '{"s":"\\x41"}', lambda: '{"n":NaN}',
            lambda: '{"a":1,}', lambda: "{'a':1}", lambda: '{"a" 1}', lambda: '{"a":tru}',
            lambda: '{"deep":' + self.deep(31) + "}", lambda: '{"a":1}//',
            lambda: "{" + ",".join(f'"{i}":0' for i in range(1000)) + "}",
            lambda: self.object(2)[:-1])
        text = f'{{"type":"x.check.event","tenant":"acme","actor":{{"id":"a","type":"agent"}},' \
               f'"details":{bad}}}'
        data = text.encode()
        if chance.random() < 0.1:
            at = data.index(b"details") + 9
            data = data[:at] + chance.choice([b"\xff", b"\xc0\xaf", b"\xed\xa0\x80"]) + data[at:]
        return data.replace(b"\n", b" ")


class Check:
    def __init__(self, log, chance):
        self.log, self.generator, self.chance = log, Generator(chance), chance
        self.trust = verify.Trust(log.vkey())
        self.token = log.token()
        self.counts = collections.Counter()

    def run(self, total):
        began = time.monotonic()
        producer = Producer(self.log, self.token, timeout=120)
        for start in range(0, total, BATCH):
            count = min(BATCH, total - start)
            texts = [self.generator.broken() if self.chance.random() < 0.06
                     else self.generator.record() for _ in range(count)]
            # One line each: a line's end inside of a record would be white space, and is left out.
            body = b"".join(text.replace(b"\r", b" ") + b"\n" for text in texts)
            status, answer = self.post(producer, body, f"agreement-{start}")
            if status != 200:
                raise RuntimeError(f"POST answered {status}: {answer[:300]}")
            *lines, last = answer.splitlines()
            note = json.loads(last)["checkpoint"]
            checkpoint = verify.Checkpoint(note, self.trust)
            for text, line in zip(texts, lines, strict=True):
                self.compare(text.replace(b"\r", b" "), json.loads(line), checkpoint)
            if sys.stderr.isatty():
                print(f"\r{start + count:,} of {total:,}", end="", file=sys.stderr)
        producer.close()
        return time.monotonic() - began

    @staticmethod
    def post(producer, body, key):
        """Sends a batch; once more under the same key, if the idle connection was closed."""
        for attempt in range(2):
            try:
                return producer.post(
                    body, key=key, kind="application/x-ndjson", query="?opening=1")
            except (OSError, http.client.HTTPException):
                if attempt == 1:
                    raise

    def compare(self, text, result, checkpoint):
        try:
            value, fault = verify.StrictParser(text).parse(), None
        except verify.JSONRefused as error:
            value, fault = None, error
        if "receipt" not in result:
            problem = result["error"]
            self.expect(fault is not None, text, f"refused by the server alone: {problem}")
            self.expect(problem["code"] in ("invalid_json", "oversize"), text, f"{problem}")
            self.counts["refused by both"] += 1
            self.counts["at the same byte"] += problem.get("offset") == fault.offset
            return
        self.expect(fault is None, text, f"refused by the verifier alone: {fault}")
        self.opened(text, value, result["receipt"], checkpoint)

    def opened(self, text, value, receipt, checkpoint):
        stored = receipt["opening"]["record"].encode()
        self.expect(verify.canonical_bytes(stored) == stored, text, "not stored canonically")
        kept = verify.StrictParser(stored).parse()
        if "redactions" in kept:
            self.counts["redacted"] += 1
        else:
            for name, member in value.items():
                self.expect(verify.canonical(kept.get(name)) == verify.canonical(member), text,
                            f"`{name}` was stored otherwise")
            self.expect(not STAMPS & set(value), text, "a stamp was sent")
            self.counts["canonical texts equal"] += 1
        commitment = verify.commit_record(
            self.trust.log.name, stored, bytes.fromhex(receipt["opening"]["seed"]))
        self.expect(commitment.hex() == receipt["commitment"], text, "commitments differ")
        leaf = verify.encode_leaf(
            receipt["timestamp_ms"], commitment, bytes.fromhex(receipt["record_hash"]))
        root = verify.root_from_inclusion(
            receipt["index"], checkpoint.size, verify.leaf_hash(leaf),
            verify.inclusion_hashes(receipt["inclusion"]))
        self.expect(root == checkpoint.root, text, "the proof does not lead to the signed root")
        self.counts["commitments and proofs equal"] += 1

    @staticmethod
    def expect(truth, text, what):
        if not truth:
            raise SystemExit(f"DISAGREE: {what}\n{text[:2000]!r}")


def check_chain(log, key):
    """Every MAC of the chain, from the entries as the log serves them."""
    check = verify.LogCheck(verify.HTTPSource(log.url), verify.Trust(log.vkey()))
    head = check.run()
    origin = head.origin.encode()
    previous = hmac.digest(key, b"evident.genesis.v1\0" + origin, hashlib.sha256)
    for index, entry in enumerate(check.entries):
        time_ms, commitment, mac = verify.decode_leaf(entry)
        previous = hmac.digest(key, b"evident.chain.v1\0" + struct.pack(">QQ", index, time_ms)
                               + commitment + previous, hashlib.sha256)
        if previous != mac:
            raise SystemExit(f"DISAGREE: the MAC at index {index}")
    return len(check.entries)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int)
    options = parser.parse_args()
    chance = seeded(options)
    parent = ROOT / ".build" if (ROOT / ".build").is_dir() else None
    with tempfile.TemporaryDirectory(dir=parent) as name:
        folder = pathlib.Path(name) / "data"
        with LogProcess(folder) as log:
            log.init()
            log.start(20)
            check = Check(log, chance)
            seconds = check.run(options.records)
            links = check_chain(log, (folder / "keys" / "chain-0.key").read_bytes())
            log.stop()
            done = log.command("verify", "chain", "--data", folder, "--json", check=False)
            report = json.loads(done.stdout or "{}")
    for what, count in check.counts.items():
        print(f"  {count:>9,} {what}")
    print(f"  {links:>9,} MACs of the chain equal")
    good = done.returncode == 0 and report.get("records_checked") == links
    print(f"{options.records:,} generated records in {seconds:.0f} s; evident verify chain: "
          f"{report.get('headline', done.stderr)[:120]}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
