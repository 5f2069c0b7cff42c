#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Opens tools/evident-verifier.html from disk in headless Chromium and gives it evidence.

Every valid file of Tests/Vectors is verified, every mutation that the vectors name is refused with
its verdict and a reason, erasures are told from what is withheld, and nothing can leave the page.
"""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tools" / "thirdparty")]
from headless import Browser  # noqa: E402  (the path is set above)
from mutations import bundle_mutations, encoded  # noqa: E402
from set_mutations import SetMutations, joined  # noqa: E402
from test_bundle_set import EITHER, UNVERIFIABLE as SET_UNVERIFIABLE  # noqa: E402

VERIFIED, TAMPERED, UNVERIFIABLE = "verified", "tampered", "cannot be verified"
# Mutations of a bundle that say nothing about the log, only about the file.
BUNDLE_UNVERIFIABLE = {
    "fields reordered", "two fields of one name", "a hidden second field of a shown name",
    "a member whose text is not canonical but parses equal", "v hidden",
    "an unknown member in the file", "upper-case hex", "base64 with non-zero trailing bits",
    "checkpoint origin", "all signature lines but the witness's removed",
}
# Those that break the form, the key's id or a hash, by where they fall.
BUNDLE_EITHER = {"one character of any member", "a field dropped", "a hidden field renamed",
                 "a signature of another key"}


def vectors(name):
    return json.loads((ROOT / "Tests" / "Vectors" / f"{name}.json").read_text("utf-8"))


class Verifier(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.browser = Browser()
        cls.folder = tempfile.TemporaryDirectory()

    @classmethod
    def tearDownClass(cls):
        cls.browser.driver.quit()
        cls.folder.cleanup()

    def setUp(self):
        self.browser.open((ROOT / "tools" / "evident-verifier.html").as_uri())
        self.bundle, self.set = vectors("bundle"), vectors("bundle-set")

    def tearDown(self):
        self.assertEqual([], self.browser.problems())

    def trust(self, vkey, policy=""):
        for name, text in (("vkey", vkey), ("policy", policy)):
            field = self.browser.one(f"#{name}")
            field.clear()
            self.browser.run("document.getElementById(given[0]).value = given[1]", name, text)

    def verify(self, *files):
        """The cards of these (name, bytes), in their order: verdict, reason, and whole text."""
        paths = []
        for number, (name, data) in enumerate(files):
            path = pathlib.Path(self.folder.name) / f"{number}-{name}"
            path.write_bytes(data)
            paths.append(str(path))
        self.browser.run("document.querySelector('.results').replaceChildren();"
                         "document.querySelector('.status').textContent = ''")
        self.browser.one("#files").send_keys("\n".join(paths))
        self.browser.wait(lambda: "Exit status" in self.browser.text(".status"), "a summary", 120)
        return self.browser.run(
            "return [...document.querySelectorAll('article')].map((card) => ({"
            " verdict: card.dataset.verdict, reason: card.querySelector('.reason').textContent,"
            " text: card.textContent, failed: [...card.querySelectorAll('.steps li')].filter((step) => "
            "/tampered|cannot be verified/.test(step.textContent)).map((step) => step.dataset.step) }))")

    def policy(self):
        return f"witness w {self.bundle['witness_vkey']}\nquorum w\n"

    def test_valid_evidence_is_verified(self):
        for policy in ("", self.policy()):
            self.trust(self.bundle["vkey"], policy)
            cards = self.verify(
                ("bundle.json", encoded(self.bundle["valid"])),
                ("receipt.json", encoded(self.bundle["receipt"])),
                ("record.tlog-proof", self.bundle["tlog_proof"].encode()),
                ("set", joined(self.set["lines"])),
                ("head.txt", vectors("checkpoint")["note"].encode()))
            self.assertEqual([VERIFIED] * 5, [card["verdict"] for card in cards], cards)
            self.assertIn("Exit status of evident verify: 0.", self.browser.text(".status"))
        self.assertIn("withheldactor, arguments", cards[0]["text"].replace(" ", "").replace(
            "actor,arguments", "actor, arguments"))
        self.assertIn("taken 2026-06-01T08:00:00.006Z", cards[1]["reason"])
        self.assertIn("5 records", cards[3]["reason"])
        self.assertIn("1 were erased", cards[3]["text"])

    def test_every_mutation_of_the_bundle_is_refused_with_its_reason(self):
        self.trust(self.bundle["vkey"])
        files = [(name, data) for name, data in bundle_mutations(self.bundle)]
        self.assertEqual(set(self.bundle["mutations"]), {name for name, _ in files})
        self.check_mutations(files, BUNDLE_UNVERIFIABLE, BUNDLE_EITHER)

    def test_every_mutation_of_the_set_is_refused_with_its_reason(self):
        self.trust(self.set["vkey"], self.policy())
        files = [(name, data) for name, data in SetMutations(self.set).all()]
        self.assertEqual(set(self.set["mutations"]), {name for name, _ in files})
        self.check_mutations(files, SET_UNVERIFIABLE, EITHER)

    def check_mutations(self, files, unverifiable, either):
        cards = self.verify(*[(str(n), data) for n, (_, data) in enumerate(files)])
        self.assertEqual(len(files), len(cards))
        for (name, _), card in zip(files, cards):
            with self.subTest(name):
                want = {TAMPERED, UNVERIFIABLE} if name in either else \
                    {UNVERIFIABLE} if name in unverifiable else {TAMPERED}
                self.assertIn(card["verdict"], want, card["reason"])
                self.assertGreater(len(card["reason"]), 10)
                self.assertGreaterEqual(len(card["failed"]), 1, card["text"])
        print(f"  {len(files)} mutations refused", end=" ", flush=True)

    def test_every_change_of_the_receipt_is_refused(self):
        self.trust(self.bundle["vkey"])
        receipt = self.bundle["receipt"]
        changes = [({"index": 5}, TAMPERED), ({"index": 14}, TAMPERED),
                   ({"timestamp_ms": receipt["timestamp_ms"] + 1}, TAMPERED),
                   ({"commitment": "0" * 64}, TAMPERED), ({"inclusion": []}, TAMPERED),
                   ({"index": "4"}, UNVERIFIABLE), ({"index": 4.5}, UNVERIFIABLE),
                   ({"receipt": "evident/v2"}, UNVERIFIABLE), ({"checkpoint": None}, UNVERIFIABLE),
                   ({"content": "gone"}, UNVERIFIABLE), ({"more": 1}, UNVERIFIABLE)]
        cards = self.verify(*[
            (f"{n}.json", encoded(dict(receipt, **change))) for n, (change, _) in enumerate(changes)])
        self.assertEqual([want for _, want in changes], [card["verdict"] for card in cards])

    def test_an_opening_is_checked(self):
        self.trust(self.bundle["vkey"])
        record = vectors("records")["records"][4]
        opening = {"record": record["canonical"], "seed": record["seed"]}
        cards = self.verify(*[(f"{n}.json", encoded(dict(self.bundle["receipt"], opening=o)))
                              for n, o in enumerate([opening, dict(opening, seed="0" * 64)])])
        self.assertEqual([VERIFIED, TAMPERED], [card["verdict"] for card in cards])
        self.assertEqual(["opening"], cards[1]["failed"])

    def test_erased_withheld_and_falsely_claimed(self):
        self.trust(self.set["vkey"])
        erasure, claimed = self.set["erasure"], self.set["claimed"]
        alone, = self.verify(("claimed.json", encoded(claimed)))
        self.assertIn("claimed to be erased by record 14", alone["text"])
        for other in (encoded(erasure), joined(self.set["lines"])):
            card, _ = self.verify(("claimed.json", encoded(claimed)), ("other", other))
            self.assertEqual(VERIFIED, card["verdict"])
            self.assertIn("erased by record 14arguments", card["text"])
            self.assertIn("withheld", card["text"])
        lying = json.loads(json.dumps(claimed))
        next(f for f in lying["fields"] if f.get("name") == "actor")["erased"] = 14
        card, _ = self.verify(("lying.json", encoded(lying)), ("erasure.json", encoded(erasure)))
        self.assertEqual(TAMPERED, card["verdict"])
        self.assertIn("does not erase actor", card["reason"])

    def test_what_is_trusted_comes_from_the_reader_alone(self):
        bundle = ("bundle.json", encoded(self.bundle["valid"]))
        self.browser.one("#files").send_keys(self.one_file(bundle))
        self.browser.wait(lambda: "verifier key" in self.browser.text(".status"), "a refusal")
        self.trust(self.bundle["witness_vkey"])
        self.browser.one("#files").send_keys(self.one_file(bundle))
        self.browser.wait(lambda: "witness" in self.browser.text(".status"), "a refusal")
        self.assertEqual([], self.browser.all("article"))
        other = vectors("checkpoint")["vkey"].replace("log.example.com/audit", "log.example.com/x")
        self.trust(other)
        self.browser.one("#files").send_keys(self.one_file(bundle))
        self.browser.wait(lambda: "key id" in self.browser.text(".status"), "a refusal")

    def one_file(self, file):
        path = pathlib.Path(self.folder.name) / file[0]
        path.write_bytes(file[1])
        return str(path)

    def test_a_policy_that_is_not_met_is_no_proof(self):
        self.trust(self.bundle["vkey"], f"{self.policy().split('quorum')[0]}"
                   f"witness v {self.other_witness()}\ngroup g all w v\nquorum g\n")
        card, = self.verify(("bundle.json", encoded(self.bundle["valid"])))
        self.assertEqual((UNVERIFIABLE, ["witnesses"]), (card["verdict"], card["failed"]))

    @staticmethod
    def other_witness():
        import base64
        import hashlib
        key = b"\x04" + bytes(range(32))
        name = "witness.example.net/w2"
        key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4].hex()
        return f"{name}+{key_id}+{base64.b64encode(key).decode()}"

    def test_no_browser_support_is_never_verified(self):
        self.trust(self.bundle["vkey"])
        self.browser.run("crypto.subtle.importKey = async () => {"
                         " throw new DOMException('no', 'NotSupportedError'); }")
        cards = self.verify(("bundle.json", encoded(self.bundle["valid"])),
                            ("receipt.json", encoded(self.bundle["receipt"])))
        for card in cards:
            self.assertEqual(UNVERIFIABLE, card["verdict"])
            self.assertIn("this browser cannot check Ed25519", card["reason"])

    def test_hostile_names_and_values_are_text(self):
        self.trust(self.bundle["vkey"])
        hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>'
        cards = self.verify((f"{'x' * 3}<b>&amp;.json", hostile.encode()),
                            ("y.json", json.dumps({hostile: hostile}).encode()))
        self.assertEqual([UNVERIFIABLE] * 2, [card["verdict"] for card in cards])
        self.assertEqual(0, self.browser.run(
            "return document.querySelectorAll('article img, article script, article b').length"))

    def test_nothing_leaves_the_page(self):
        blocked = self.browser.run("""
            const tries = [
                () => fetch("http://127.0.0.1:9/"), () => fetch("data:text/plain,x"),
                () => import("data:text/javascript,export default 1"),
                () => new Promise((good, bad) => { const image = new Image();
                    image.onload = good; image.onerror = bad; image.src = "data:image/gif;base64,"
                    + "R0lGODlhAQABAAAAACwAAAAAAQABAAA="; }),
                async () => { new WebSocket("ws://127.0.0.1:9/"); await new Promise((good, bad) => {
                    addEventListener("securitypolicyviolation", bad, { once: true });
                    setTimeout(good, 500); }); },
                async () => { (0, eval)("1"); },
            ];
            const outcomes = [];
            for (const one of tries) outcomes.push(await one().then(() => "passed", () => "blocked"));
            return outcomes""")
        self.assertEqual(["blocked"] * 6, blocked)
        said = self.browser.problems()
        self.assertGreaterEqual(sum("Content Security Policy" in line for line in said), 4, said)


if __name__ == "__main__":
    unittest.main()
