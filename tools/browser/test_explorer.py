#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the explorer of a running server as people would, in headless Chromium.

    tools/browser/test_explorer.py                 all checks
    PICTURES=DIR tools/browser/test_explorer.py    also keep a picture of each view

Heads, look-ups and evidence are verified in the page, altered evidence is found; hostile content is
shown as text; every view passes the rules of accessibility in light and dark, wide and narrow.
"""

import json
import os
import pathlib
import unittest

from accessibility import findings, reachable
from explorer_case import HOSTILE, ExplorerCase
from evident_process import record


class Explorer(ExplorerCase):
    # -- the log --------------------------------------------------------------------------------------

    def test_the_head_is_verified_and_grows(self):
        self.open("")
        size, root = self.log.head()
        number = self.browser.text(".number").replace("\u202f", "")
        self.assertEqual(str(size), number)
        self.assertIn(root, self.browser.text("section.wide"))
        rows = self.browser.all("tbody tr")[:2]
        self.assertEqual(2, sum("verified" in row.text for row in rows))
        figure = self.browser.wait(lambda: self.browser.one(".growth svg"), "the plot")
        self.assertIn("entries between", figure.get_attribute("aria-label"))
        self.assertIn("The log said so itself", self.browser.text("#main"))
        self.submit(record(1))
        self.browser.wait(lambda: self.browser.text(".number").replace("\u202f", "") == str(size + 1),
                          "the next head", 25)
        self.assertIn(f"begins with the {size} entries", self.browser.text("section.wide"))

    def test_a_form_survives_a_newer_head(self):
        self.open("")
        size, _ = self.log.head()
        self.browser.one("[aria-labelledby=pinned] summary").click()
        field = self.browser.wait(lambda: self.browser.one("#pin-vkey"), "the form")
        field.send_keys("half a k")
        self.submit(record(2))
        self.browser.wait(lambda: self.browser.text(".number").replace("\u202f", "") != str(size),
                          "the next head", 25)
        field.send_keys("ey")
        self.assertEqual("half a key", field.get_attribute("value"))

    # -- look-up --------------------------------------------------------------------------------------

    def test_entries_are_proven_by_index(self):
        size, _ = self.log.head()
        for index in (0, 255, 256, size - 1):
            self.open(f"entry/{index}")
            card = self.article()
            self.assertEqual("verified", card.get_attribute("data-verdict"), card.text)
            levels = len(card.find_elements("css selector", ".tree g.path")) - 1
            self.assertEqual(levels, len(card.find_elements("css selector", ".tree g.sibling")))

    def test_entries_are_found_by_hash_and_id(self):
        index = self.hostile["index"]
        proof = json.loads(self.get(f"/v1/proof/inclusion?index={index}"))
        self.open(f"entry/{proof['leaf_hash']}")
        self.assertIn(f"Entry {index}", self.article().text)
        identity = json.loads(self.get(f"/v1/audit/{index}"))["id"]
        self.open(f"entry/{identity}")
        self.browser.wait(lambda: "takes a reader" in self.browser.text(".results"), "a token is asked for")
        self.open("entry/0")
        self.article()
        self.paste_token()
        self.browser.one(".check input").click()
        field = self.browser.one("#lookup")
        field.clear()
        field.send_keys(identity + "\n")
        self.browser.wait(lambda: f"Entry {index}" in self.browser.text(".results"), "the entry")

    def test_what_is_not_there_is_said(self):
        self.expect_problems = True  # The server answers 404, which the console tells.
        for text, said in (("999999", "not below"), ("f" * 64, "404"), ("what", "give an index"),
                           ("%E0%A4%A", "give an index")):
            self.open(f"entry/{text}")
            field = self.browser.one("#lookup")
            if not field.get_attribute("value"):
                field.send_keys("%\n")
            self.browser.wait(lambda s=said: s in self.browser.text(".results") or (
                s == "404" and "has no v1/proof" in self.browser.text(".results")), said)

    def test_a_false_tile_is_found(self):
        self.open("")
        verdict = self.browser.run("""
            const { proveEntry } = await import("/explorer/live-check.js");
            const { LogState } = await import("/explorer/log-state.js");
            const state = new LogState();
            await state.refresh();
            const outcomes = [(await proveEntry(state, 300)).verdict];
            const get = state.tiles.get;
            for (const kind of ["tile/entries/001", "tile/0/002", "tile/1/000"]) {
                state.tiles.kept.clear();
                state.tiles.get = async (path) => {
                    const bytes = await get(path);
                    if (path.startsWith(kind)) bytes[9] ^= 1;
                    return bytes;
                };
                outcomes.push((await proveEntry(state, kind.includes("entries") ? 256 : 300)).verdict);
            }
            return outcomes""")
        self.assertEqual(["verified", "tampered", "tampered", "tampered"], verdict)

    def test_a_record_is_shown_as_text(self):
        self.open(f"entry/{self.hostile['index']}")
        self.article()
        self.browser.one("article section button").click()
        self.browser.wait(lambda: "paste a token" in self.browser.text("article"), "a refusal")
        self.paste_token()
        self.browser.one("article section button").click()
        self.browser.wait(lambda: "onerror" in self.browser.text("article"), "the record")
        self.assertIn("verified", self.browser.text("article"))
        self.assertEqual([], self.browser.all("#main img, #main script"))

    # -- records as they come -------------------------------------------------------------------------

    def test_records_are_followed(self):
        self.open("tail")
        button = self.browser.one(".token + button")
        button.click()
        self.assertIn("Paste a token", self.browser.text(".status"))
        self.paste_token()
        button.click()
        self.browser.wait(lambda: len(self.browser.all(".records li")) > 10, "records")
        index = self.submit(record(9, actor={"id": HOSTILE, "type": "human"}))["index"]
        row = self.browser.wait(lambda: [
            row for row in self.browser.all(".records li") if row.text.startswith(str(index))],
            "the new record")[0]
        self.assertIn("onerror", row.text)
        row.find_element("css selector", "summary").click()
        self.browser.wait(lambda: f"Prove entry {index}" in row.text, "the record opened")
        self.assertEqual([], self.browser.all("#main img, #main script"))
        self.assertNotIn(self.auditor, self.browser.run(
            "return JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"))
        button.click()
        self.assertIn("Stopped", self.browser.text(".status"))

    def test_a_wrong_token_is_refused(self):
        self.expect_problems = True  # The server answers 401, which the console tells.
        self.open("tail")
        self.browser.one("#token").send_keys("evt_nobody\n")
        self.browser.one(".token + button").click()
        self.browser.wait(lambda: "Refused" in self.browser.text(".status"), "a refusal")
        self.assertEqual("Follow", self.browser.one(".token + button").text)

    # -- evidence -------------------------------------------------------------------------------------

    def test_evidence_is_verified_and_altered_evidence_is_not(self):
        receipt = json.loads(self.get("/v1/audit/300/receipt"))
        proof = self.get("/v1/audit/300/proof").decode()
        old = self.hostile
        bundle = self.get("/v1/audit/300/bundle?fields=actor").decode()
        name = json.loads("{" + json.loads(bundle)["fields"][0]["member"] + "}")["actor"]["id"]
        lying = bundle.replace(name, name + "2")
        self.open("verify")
        cards = self.drop(("bundle.json", bundle), ("lying.json", lying))
        self.assertEqual(["verified", "tampered"],
                         [card.get_attribute("data-verdict") for card in cards])
        altered = {"index": dict(receipt, index=301),
                   "leaf": dict(receipt, timestamp_ms=receipt["timestamp_ms"] + 1000),
                   "form": dict(receipt, more=1),
                   "signature": dict(receipt, checkpoint=receipt["checkpoint"].replace("\n", "0\n", 2)
                                     .replace("explored0", "explored"))}
        cards = self.drop(("receipt.json", json.dumps(receipt)), ("old.json", json.dumps(old)),
                          ("a.tlog-proof", proof), *[
                              (f"{name}.json", json.dumps(one)) for name, one in altered.items()])
        self.assertEqual(["verified"] * 3 + ["tampered"] * 2 + ["cannot be verified", "tampered"],
                         [card.get_attribute("data-verdict") for card in cards])
        self.assertEqual([["inclusion"], ["inclusion"], ["form"], ["signatures"]],
                         [self.failed(card) for card in cards[3:]])
        for card in cards[:3]:
            self.browser.wait(lambda c=card: c.find_element("css selector", ".live").get_attribute(
                "data-verdict") == "verified", "the comparison with the log")
        self.assertIn("is the beginning of size", cards[1].text)
        self.assertIn("Exit status of evident verify: 1.", self.browser.text(".status"))

    # -- for everyone ---------------------------------------------------------------------------------

    def views(self):
        """Each view, with something in it."""
        self.open("")
        self.browser.wait(lambda: self.browser.one(".growth svg"), "the plot")
        yield "log"
        self.open("entry/300")
        self.article()
        yield "entry"
        self.open("tail")
        self.paste_token()
        self.browser.run("document.querySelector('.token + button').click()")
        self.browser.wait(lambda: len(self.browser.all(".records li")) > 10, "records")
        self.browser.run("document.querySelector('.records details').open = true")
        yield "tail"
        self.open("verify")
        receipt = json.loads(self.get("/v1/audit/300/receipt"))
        cards = self.drop(("receipt.json", json.dumps(receipt)),
                          ("altered.json", json.dumps(dict(receipt, index=3))), ("odd.json", "{}"))
        self.browser.wait(lambda: "same leaf" in cards[0].text, "the comparison")
        self.browser.run("for (const one of document.querySelectorAll('details')) one.open = true")
        yield "verify"

    def test_everyone_can_use_every_view(self):
        pictures = os.environ.get("PICTURES")
        for name, width, dark in (("light", 1100, False), ("dark", 1100, True),
                                  ("narrow", 360, False), ("narrow-dark", 360, True)):
            self.browser.size(width, 900)
            self.browser.dark(dark)
            for view in self.views():
                if pictures:
                    self.browser.picture(pathlib.Path(pictures) / f"{name}-{view}.png")
                with self.subTest(f"{name}: {view}"):
                    self.assertEqual([], findings(self.browser))

    def test_the_keyboard_reaches_everything(self):
        for view in self.views():
            with self.subTest(view):
                seen, bad = reachable(self.browser)
                self.assertEqual([], bad)
                want = self.browser.run("""return [...document.querySelectorAll(
                    "a[href], button, input, textarea, summary")].filter((one) => (
                    one.checkVisibility())).length""")
                self.assertGreaterEqual(len(seen), min(want, 190), seen)

    def test_a_view_takes_the_focus(self):
        self.open("")
        self.browser.all("#views a")[3].click()
        self.browser.wait(lambda: self.browser.run(
            "return document.activeElement.textContent") == "Verify evidence", "the focus")
        self.assertIn("Verify", self.browser.driver.title)


if __name__ == "__main__":
    unittest.main()
