#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs tools/verify_evident.py over Tests/Vectors: every valid case holds, every mutation fails."""

import base64
import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import verify_evident as verify  # noqa: E402  (the path is set above)
from mutations import bundle_mutations, encoded, flipped  # noqa: E402

REFUSED = (verify.Tampered, verify.Unverifiable)


def vectors(name):
    return json.loads((ROOT / "Tests" / "Vectors" / f"{name}.json").read_text("utf-8"))


class CanonicalJSON(unittest.TestCase):
    def test_accepted_texts_have_their_canonical_form(self):
        for case in vectors("canonical-json")["accept"]:
            with self.subTest(case["input"]):
                first = verify.canonical_bytes(case["input"].encode())
                self.assertEqual(first.decode(), case["canonical"])
                self.assertEqual(verify.canonical_bytes(first), first)

    def test_refused_texts_are_refused(self):
        for case in vectors("canonical-json")["refuse"]:
            with self.subTest(case["why"]), self.assertRaises(verify.JSONRefused):
                verify.canonical_bytes(base64.b64decode(case["input_base64"]))

    def test_too_many_members(self):
        text = ",".join(f'"m{i}":0' for i in range(1001))
        with self.assertRaises(verify.JSONRefused):
            verify.canonical_bytes(b"{" + text.encode() + b"}")

    def test_exponents_of_any_length(self):
        self.assertEqual(verify.canonical_bytes(b'{"a":1e+0000000000002}'), b'{"a":100}')
        for text in (b'{"a":1e99999999999999999999}', b'{"a":1e-99999999999999999999}'):
            with self.assertRaises(verify.JSONRefused):
                verify.canonical_bytes(text)

    def test_number_text(self):
        for case in vectors("ecmascript-numbers")["cases"]:
            value = struct.unpack(">d", bytes.fromhex(case["ieee754_hex"]))[0]
            self.assertEqual(verify.number_text(value), case["text"])


class Records(unittest.TestCase):
    def setUp(self):
        self.vectors = vectors("records")

    def test_commitments_and_leaves(self):
        origin, leaves = self.vectors["origin"], []
        for record in self.vectors["records"]:
            seed = bytes.fromhex(record["seed"])
            commitment = verify.commit_record(origin, record["canonical"].encode(), seed)
            self.assertEqual(commitment.hex(), record["commitment"])
            for field in record["fields"]:
                salt = verify.field_salt(seed, field["name"])
                self.assertEqual(salt.hex(), field["salt"])
                digest = verify.field_digest(salt, field["member"].encode())
                self.assertEqual(digest.hex(), field["digest"])
            leaf = verify.encode_leaf(
                record["timestamp_ms"], commitment, bytes.fromhex(record["record_hash"]))
            self.assertEqual(base64.b64encode(leaf).decode(), record["leaf_base64"])
            self.assertEqual(verify.leaf_hash(leaf).hex(), record["leaf_hash"])
            leaves.append(verify.leaf_hash(leaf))
        root = verify.tree_root(verify.complete_levels(leaves), len(leaves))
        self.assertEqual(base64.b64encode(root).decode(),
                         vectors("checkpoint")["body"].split("\n")[2])

    def test_a_leaf_with_any_bit_flipped_is_another_leaf_or_none(self):
        leaf = base64.b64decode(self.vectors["records"][0]["leaf_base64"])
        fields = verify.decode_leaf(leaf)
        for bit in range(8 * len(leaf)):
            bad = bytearray(leaf)
            bad[bit // 8] ^= 1 << bit % 8
            self.assertNotEqual(verify.decode_leaf(bytes(bad)), fields)


class Trees(unittest.TestCase):
    def test_roots(self):
        roots = vectors("tree")["roots"]
        leaves = [verify.leaf_hash(bytes([i])) for i in range(len(roots) - 1)]
        levels = verify.complete_levels(leaves)
        for size, root in enumerate(roots):
            self.assertEqual(verify.tree_root(levels, size).hex(), root)

    def test_inclusion(self):
        for case in vectors("tree")["inclusion"]:
            leaf, root = bytes.fromhex(case["leaf_hash"]), bytes.fromhex(case["root"])
            proof = [bytes.fromhex(h) for h in case["proof"]]
            got = verify.root_from_inclusion(case["index"], case["size"], leaf, proof)
            self.assertEqual(got, root)
            for bad in ([*proof, leaf], proof[:-1] if proof else [root]):
                try:
                    wrong = verify.root_from_inclusion(case["index"], case["size"], leaf, bad)
                    self.assertNotEqual(wrong, root)
                except verify.Tampered:
                    pass

    def test_tile_paths(self):
        for case in vectors("tiles")["paths"]:
            level = "entries" if case["level"] in ("entries", -1) else case["level"]
            self.assertEqual(
                verify.tile_path(level, case["index"], case["width"]), case["path"])


class Checkpoints(unittest.TestCase):
    def setUp(self):
        self.vectors = vectors("checkpoint")
        self.spki = base64.b64decode(self.vectors["ecdsa_spki_base64"])
        self.trust = verify.Trust(
            self.vectors["vkey"], self.spki, [self.vectors["witness_vkey"]], 1)

    def test_all_three_lines(self):
        checkpoint = verify.Checkpoint(self.vectors["note"], self.trust)
        self.assertEqual(checkpoint.times[self.trust.head], self.vectors["sth_timestamp_ms"])
        self.assertEqual(checkpoint.times[self.trust.witnesses[0]],
                         self.vectors["cosignature_time_s"])
        self.assertEqual(base64.b64encode(self.trust.head.log_id).decode(),
                         self.vectors["log_id_base64"])
        self.assertEqual(self.trust.head.key_id.hex(), self.vectors["sth_key_id"])

    def test_no_changed_byte_leaves_three_good_lines(self):
        note = self.vectors["note"].encode()
        for at in range(len(note)):
            bad = bytearray(note)
            bad[at] ^= 1
            with self.subTest(at=at):
                try:
                    opened = verify.Checkpoint(bytes(bad).decode("utf-8"), self.trust)
                except (*REFUSED, UnicodeDecodeError):
                    continue
                self.assertNotIn(self.trust.head, opened.times)

    def test_every_prefix_is_refused(self):
        for length in range(len(self.vectors["note"])):
            with self.assertRaises(REFUSED):
                verify.Checkpoint(self.vectors["note"][:length], self.trust)

    def test_extension_lines_and_other_numbers_are_refused(self):
        body = self.vectors["body"]
        for bad in (body + "more\n", body.replace("\n14\n", "\n014\n"),
                    body.replace("\n14\n", "\n+14\n")):
            with self.assertRaises(REFUSED):
                verify.parse_checkpoint(bad)

    def test_keys_are_checked(self):
        vkey = self.vectors["vkey"]
        for bad in (vkey.replace("233d8ef7", "233d8ef8"), vkey.upper(), vkey[:-4], "a+b",
                    self.vectors["witness_vkey"]):
            with self.assertRaises(verify.Unverifiable):
                verify.Trust(bad)


class Evidence(unittest.TestCase):
    def setUp(self):
        self.vectors, keys = vectors("bundle"), vectors("checkpoint")
        self.spki = base64.b64decode(keys["ecdsa_spki_base64"])
        self.trust = verify.Trust(self.vectors["vkey"])
        self.full = verify.Trust(
            self.vectors["vkey"], self.spki, [self.vectors["witness_vkey"]], 1)

    def test_the_bundle_holds(self):
        for trust in (self.trust, self.full):
            lines = verify.verify_bundle(encoded(self.vectors["valid"]), trust)
            self.assertIn("withheld: actor arguments", lines)

    def test_every_mutation_of_the_bundle_is_refused(self):
        seen = set()
        for name, data in bundle_mutations(self.vectors):
            seen.add(name)
            with self.subTest(name), self.assertRaises(REFUSED):
                verify.verify_bundle(data, self.trust)
        self.assertEqual(seen, set(self.vectors["mutations"]))

    def test_the_receipt_holds_and_opens(self):
        receipt, record = self.vectors["receipt"], vectors("records")["records"][4]
        for trust in (self.trust, self.full):
            verify.verify_receipt(encoded(receipt), trust)
        text = record["canonical"].encode()
        lines = verify.verify_receipt(encoded(receipt), self.trust, text, record["seed"])
        self.assertIn("the record given is the one committed to", lines)
        opened = dict(receipt, opening={"record": record["canonical"], "seed": record["seed"]})
        lines = verify.verify_receipt(encoded(opened), self.trust, text)
        self.assertIn("the opening gives the receipt's commitment", lines)
        for bad in (flipped(record["seed"]), "00" * 32):
            with self.assertRaises(REFUSED):
                verify.verify_receipt(encoded(receipt), self.trust, text, bad)
            opened["opening"]["seed"] = bad
            with self.assertRaises(REFUSED):
                verify.verify_receipt(encoded(opened), self.trust)

    def test_a_receipt_may_say_that_its_content_was_erased(self):
        erased = dict(self.vectors["receipt"], content="erased")
        lines = verify.verify_receipt(encoded(erased), self.trust)
        self.assertIn("the log has erased its content since", lines)
        for bad in ("", "Erased", None, True, ["erased"]):
            with self.assertRaises(verify.Unverifiable):
                verify.verify_receipt(encoded(dict(erased, content=bad)), self.trust)
        record = vectors("records")["records"][4]
        opening = {"record": record["canonical"], "seed": record["seed"]}
        with self.assertRaises(verify.Unverifiable):
            verify.verify_receipt(encoded(dict(erased, opening=opening)), self.trust)

    def test_every_change_of_the_receipt_is_refused(self):
        receipt = self.vectors["receipt"]
        changes = [{"index": 5}, {"index": -4}, {"index": "4"}, {"index": 4.5}, {"index": True},
                   {"timestamp_ms": receipt["timestamp_ms"] + 1}, {"receipt": "evident/v2"},
                   {"inclusion": receipt["inclusion"][:-1]}, {"inclusion": []}, {"more": 1},
                   {"commitment": flipped(receipt["commitment"])}, {"checkpoint": None},
                   {"record_hash": flipped(receipt["record_hash"])},
                   {"record_hash": receipt["record_hash"].upper()}]
        for change in changes:
            with self.subTest(str(change)[:60]), self.assertRaises(REFUSED):
                verify.verify_receipt(encoded(dict(receipt, **change)), self.trust)
        for name in receipt:
            with self.assertRaises(REFUSED):
                verify.verify_receipt(
                    encoded({k: v for k, v in receipt.items() if k != name}), self.trust)

    def test_a_record_later_than_its_head_is_refused(self):
        checkpoint = verify.Checkpoint(self.vectors["receipt"]["checkpoint"], self.full)
        checkpoint.check_time(vectors("checkpoint")["sth_timestamp_ms"])
        with self.assertRaises(verify.Tampered):
            checkpoint.check_time(vectors("checkpoint")["sth_timestamp_ms"] + 1)

    def test_the_tlog_proof_holds_and_no_changed_byte_does(self):
        proof = self.vectors["tlog_proof"].encode()
        verify.verify_tlog_proof(proof, self.full)
        head_line = vectors("checkpoint")["note"].split("\n")[5].encode()
        for at in range(proof.index(head_line)):
            bad = bytearray(proof)
            bad[at] ^= 1
            with self.subTest(at=at), self.assertRaises((*REFUSED, UnicodeDecodeError)):
                verify.verify_tlog_proof(bytes(bad), self.full)

    def test_exit_statuses(self):
        script = str(ROOT / "tools" / "verify_evident.py")
        with tempfile.TemporaryDirectory() as folder:
            good, bad, odd = (pathlib.Path(folder) / name for name in ("good", "bad", "odd"))
            good.write_bytes(encoded(self.vectors["receipt"]))
            bad.write_bytes(encoded(dict(self.vectors["receipt"], index=5)))
            odd.write_bytes(b"{}")
            for name, want in ((good, 0), (bad, 1), (odd, 2), (None, 3),
                               (pathlib.Path(folder) / "absent", 4)):
                line = [sys.executable, script, "receipt", *([str(name)] if name else []),
                        "--vkey", self.vectors["vkey"]]
                done = subprocess.run(line, capture_output=True, check=False)
                self.assertEqual(done.returncode, want, done.stderr)


def write_log(folder, size=14):
    """Writes the first `size` records of the vectors as a folder of a log's public resources."""
    leaves = [base64.b64decode(r["leaf_base64"]) for r in vectors("records")["records"][:size]]
    files = {
        "checkpoint": vectors("checkpoint")["note"].encode(),
        f"tile/0/000.p/{size}": b"".join(map(verify.leaf_hash, leaves)),
        f"tile/entries/000.p/{size}": b"".join(struct.pack(">H", 118) + e for e in leaves),
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return files


class WholeLog(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.files = write_log(self.folder)
        self.trust = verify.Trust(vectors("checkpoint")["vkey"])

    def check(self):
        check = verify.LogCheck(verify.DirectorySource(self.folder), self.trust)
        check.run()
        return check

    def test_the_log_holds(self):
        check = self.check()
        self.assertEqual((len(check.entries), check.tiles, check.unknown), (14, 2, 0))
        check.check_receipt(encoded(vectors("bundle")["receipt"]), "receipt")

    def test_every_changed_byte_and_every_missing_file_is_found(self):
        for name, data in self.files.items():
            if name != "checkpoint":
                for at in range(len(data)):
                    bad = bytearray(data)
                    bad[at] ^= 0x10
                    (self.folder / name).write_bytes(bad)
                    with self.subTest(name=name, at=at), self.assertRaises(verify.Tampered):
                        self.check()
            (self.folder / name).unlink()
            with self.assertRaises((verify.Tampered, OSError)):
                self.check()
            (self.folder / name).write_bytes(data)

    def test_a_receipt_that_the_log_does_not_hold_is_found(self):
        check = self.check()
        check.entries[4] = check.entries[5]
        with self.assertRaises(verify.Tampered):
            check.check_receipt(encoded(vectors("bundle")["receipt"]), "receipt")

    def test_a_fork_is_found(self):
        check = self.check()
        check.levels = verify.complete_levels([verify.leaf_hash(b"x")] * 14)
        with self.assertRaisesRegex(verify.Tampered, "FORK"):
            check.check_older(vectors("checkpoint")["note"], "head")


if __name__ == "__main__":
    unittest.main()
