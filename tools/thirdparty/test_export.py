#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tools/verify_export.py over the vector of exports."""

import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402  (the path is set above)
from verify_export import verify_export  # noqa: E402

REFUSED = (verify.Tampered, verify.Unverifiable, ValueError, KeyError, TypeError)


def joined(lines):
    return "".join(line + "\n" for line in lines).encode()


class Exports(unittest.TestCase):
    def setUp(self):
        vector = json.loads((ROOT / "Tests" / "Vectors" / "export.json").read_text("utf-8"))
        self.trust = verify.Trust(vector["vkey"])
        self.data, self.manifest = joined(vector["lines"]), joined(vector["manifest"])

    def test_the_export_holds(self):
        found, is_whole = verify_export(self.data, self.manifest, self.trust)
        self.assertEqual(found.records, self.data.count(b"\n"))
        self.assertTrue(is_whole)
        self.assertEqual(found.erased_fields, 1)

    def test_no_byte_can_differ(self):
        for place in range(len(self.manifest)):
            changed = bytearray(self.manifest)
            changed[place] ^= 1
            with self.subTest(place), self.assertRaises(REFUSED):
                verify_export(self.data, bytes(changed), self.trust)
        for place in range(0, len(self.data), 7):
            changed = bytearray(self.data)
            changed[place] ^= 1
            with self.subTest(place), self.assertRaises(REFUSED):
                verify_export(bytes(changed), self.manifest, self.trust)

    def test_nothing_can_be_missing_or_follow(self):
        for data in (self.data[:-1], self.data + b"\n", b""):
            with self.assertRaises(REFUSED):
                verify_export(data, self.manifest, self.trust)
        for manifest in (self.manifest[:-1], self.manifest + b"\n", self.manifest * 2, b""):
            with self.assertRaises(REFUSED):
                verify_export(self.data, manifest, self.trust)


if __name__ == "__main__":
    unittest.main()
