#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the independent verifier over Tests/Vectors/fork.json, and over what a vandal makes of it."""

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

VECTORS = json.loads((ROOT / "Tests" / "Vectors" / "fork.json").read_text("utf-8"))
TRUST = verify.Trust(VECTORS["vkey"])


def encoded(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Fork(unittest.TestCase):
    def test_valid_evidence_proves_a_fork(self):
        for case in VECTORS["valid"]:
            with self.subTest(case["about"]):
                lines = verify.verify_fork(encoded(case["evidence"]), TRUST)
                self.assertEqual(lines[-1], f"evidence {case['id']}")

    def test_what_proves_nothing_is_refused(self):
        for case in VECTORS["refused"]:
            with self.subTest(case["about"]), self.assertRaises(verify.Unverifiable):
                verify.verify_fork(encoded(case["evidence"]), TRUST)

    def test_every_prefix_and_bumped_byte(self):
        data = encoded(VECTORS["valid"][1]["evidence"])
        for end in range(len(data)):
            with self.assertRaises(verify.Unverifiable):
                verify.verify_fork(data[:end], TRUST)
        for at in range(len(data)):
            bumped = data[:at] + bytes([(data[at] + 1) % 256]) + data[at + 1:]
            with self.subTest(at), self.assertRaises((verify.Unverifiable, UnicodeDecodeError)):
                verify.verify_fork(bumped, TRUST)

    def test_command_line(self):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            for case, status in ((VECTORS["valid"][1], 0), (VECTORS["refused"][0], 2)):
                pathlib.Path(file.name).write_bytes(encoded(case["evidence"]))
                done = subprocess.run(
                    [sys.executable, str(ROOT / "tools" / "verify_evident.py"), "fork", file.name,
                     "--vkey", VECTORS["vkey"]], capture_output=True, text=True, check=False)
                self.assertEqual(done.returncode, status, done.stderr)


if __name__ == "__main__":
    unittest.main()
