#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tools/verify_evident.py over the vectors of bundle sets, and what erasures say of bundles."""

import base64
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402  (the path is set above)
from mutations import encoded  # noqa: E402
from set_mutations import RECORD_7, SetMutations, joined  # noqa: E402

REFUSED = (verify.Tampered, verify.Unverifiable)
# What says nothing about the log, only about the file.
UNVERIFIABLE = {
    "a line dropped", "a line repeated", "an empty line added", "two lines exchanged",
    "a line of another kind", "the last line feed removed", "bytes after the last line",
    "header: first above a record's index", "header: end above the size",
    "header: end at a record's index", "header: fields out of order", "record: index + 1",
    "record: fields reordered", "record: v hidden", "skip: skip_to where it begins",
    "record: a member whose text is not canonical but parses equal", "skip: beyond the size",
    "report of an unknown kind", "end: records + 1", "vouched: another record of the log",
    "vouched: details hidden", "an unknown member in each line", "upper-case hex",
    "base64 with non-zero trailing bits",
}
# Those that break the form or a hash, by where they fall.
EITHER = {"record: one character of a member", "record: a hidden field renamed",
          "record: a field dropped", "skip: skip_to + 1",
          "two lines exchanged", "a line dropped", "header: checkpoint of another size"}


def vectors(name):
    return json.loads((ROOT / "Tests" / "Vectors" / f"{name}.json").read_text("utf-8"))


class BundleSets(unittest.TestCase):
    def setUp(self):
        self.vector = vectors("bundle-set")
        self.data = joined(self.vector["lines"])
        self.trust = verify.Trust(self.vector["vkey"])
        self.full = verify.Trust(
            self.vector["vkey"], base64.b64decode(self.vector["spki_base64"]),
            [self.vector["witness_vkey"]], 1)
        self.erasure, self.claimed = (encoded(self.vector[n]) for n in ("erasure", "claimed"))

    def verify(self, data, trust=None, erasures=()):
        return verify.verify_set(io.BytesIO(data), trust or self.trust, erasures)

    def test_the_set_holds(self):
        for trust in (self.trust, self.full):
            lines = self.verify(self.data, trust)
            self.assertIn("erased: arguments of record 7, by record 14", lines)
            self.assertIn("not shown there: 7", lines[1])

    def test_records_erased_before_are_counted(self):
        for erasure in (self.erasure, self.data):
            self.assertIn("1 of them erased", self.verify(self.data, erasures=[erasure])[1])

    def test_every_mutation_is_refused_with_its_verdict(self):
        seen = set()
        for name, data in SetMutations(self.vector).all():
            seen.add(name)
            want = REFUSED if name in EITHER else \
                verify.Unverifiable if name in UNVERIFIABLE else verify.Tampered
            with self.subTest(name), self.assertRaises(want):
                self.verify(data, self.full)
        self.assertEqual(seen, set(self.vector["mutations"]))

    # The tests of LogClient take each prefix and each byte; here a prime's step keeps it short.
    def test_prefixes_are_refused(self):
        for length in range(0, len(self.data), 11):
            with self.assertRaises(verify.Unverifiable):
                self.verify(self.data[:length])

    def test_changed_bytes_are_refused(self):
        for at in range(0, len(self.data), 11):
            bad = bytearray(self.data)
            bad[at] ^= 1
            with self.subTest(at=at), self.assertRaises(REFUSED):
                self.verify(bytes(bad))

    def test_a_witness_is_asked_of_the_header_alone(self):
        lines = list(self.vector["lines"])
        header = json.loads(lines[0])
        kept = header["checkpoint"].split("\n")
        header["checkpoint"] = "\n".join(kept[:6] + kept[7:])
        lines[0] = json.dumps(header, ensure_ascii=False, separators=(",", ":"))
        with self.assertRaisesRegex(verify.Unverifiable, "witnesses cosigned"):
            self.verify(joined(lines), self.full)

    def test_a_false_claim_of_an_erasure_is_tampering(self):
        claimed = json.loads(self.claimed)
        lines = verify.verify_bundle(self.claimed, self.trust)
        self.assertIn("as claimed by record 14", lines[-1])
        for erasure in (self.erasure, self.data):
            self.assertIn("erased: arguments of record 7, by record 14",
                          verify.verify_bundle(self.claimed, self.trust, [erasure]))
        for field in claimed["fields"]:
            if field.get("name") == "actor":
                field["erased"] = 14
        with self.assertRaisesRegex(verify.Tampered, "does not erase"):
            verify.verify_bundle(encoded(claimed), self.trust, [self.erasure])

    def test_a_large_line_is_refused(self):
        lines = list(self.vector["lines"])
        lines[RECORD_7] = lines[RECORD_7] + " " * verify.LINE_BYTES
        with self.assertRaisesRegex(verify.Unverifiable, "too long"):
            self.verify(joined(lines))

    def test_growth(self):
        roots = [bytes.fromhex(root) for root in vectors("tree")["roots"]]

        class Head:
            def __init__(self, size):
                self.size, self.root = size, roots[size]

        for case in vectors("tree")["consistency"]:
            old, new = Head(case["old_size"]), Head(case["size"])
            proof = [bytes.fromhex(h) for h in case["proof"]]
            verify.check_grown(old, new, proof)
            for bad in (proof[:-1], [*proof, roots[3]], [roots[5], *proof[1:]]):
                if bad != proof:
                    with self.assertRaises(verify.Tampered):
                        verify.check_grown(old, new, bad)

    def test_skips_of_all_trees_make_their_roots(self):
        roots = vectors("tree")["roots"]
        leaves = [verify.leaf_hash(bytes([i])) for i in range(len(roots) - 1)]
        levels = verify.complete_levels(leaves)
        for size in range(1, len(roots)):
            for shown in range(size):
                peaks = verify.Peaks()
                for end in (shown, size):
                    for height in list(peaks.heights(end)):
                        peaks.append(height, levels[height][peaks.size >> height])
                    if end == shown:
                        peaks.append(0, leaves[shown])
                self.assertEqual(peaks.root().hex(), roots[size])

    def test_exit_statuses(self):
        script = str(ROOT / "tools" / "verify_evident.py")
        with tempfile.TemporaryDirectory() as folder:
            good, bad, odd, erasure = (pathlib.Path(folder) / n for n in "gboe")
            good.write_bytes(self.data)
            bad.write_bytes(self.data.replace(b'"made_ms":1', b'"made_ms":2', 1))
            odd.write_bytes(self.data[:-1])
            erasure.write_bytes(self.erasure)
            for name, want in ((good, 0), (bad, 1), (odd, 2), (pathlib.Path(folder) / "x", 4)):
                done = subprocess.run(
                    [sys.executable, script, "bundle", str(name), "--vkey", self.vector["vkey"],
                     "--erasure", str(erasure)], capture_output=True, check=False)
                self.assertEqual(done.returncode, want, done.stderr)


if __name__ == "__main__":
    unittest.main()
