#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the explorer of a running server goes by, in headless Chromium: pinned keys and policies.

A changed key, a forked log, a head without the given key's signature and a browser that cannot check
signatures are told, and nothing is called verified then. Nothing else may run in the page.
"""

import json
import shutil
import unittest

from explorer_case import HOSTILE, ORIGIN, ROOT, ExplorerCase
from evident_process import LogProcess, Producer, copy_folder, record
from witness_process import WitnessProcess


class Trust(ExplorerCase):
    def test_a_given_key_and_policy_are_pinned(self):
        self.open("")
        self.browser.one("[aria-labelledby=pinned] summary").click()
        self.browser.wait(lambda: self.browser.one("#pin-vkey"), "the form")
        for vkey, policy, said in (("nonsense", "", "looks like"), (self.log.vkey(), "quorum x", "line 1")):
            self.browser.run("document.getElementById('pin-vkey').value = given[0];"
                             "document.getElementById('pin-policy').value = given[1]", vkey, policy)
            self.browser.one("[aria-labelledby=pinned] form button").click()
            self.browser.wait(lambda s=said: s in self.browser.text("form .error"), said)
        self.browser.run("document.getElementById('pin-policy').value = ''")
        self.browser.one("[aria-labelledby=pinned] form button").click()
        self.browser.wait(lambda: "Pinned here" in self.browser.text("#main"), "the pin")
        self.open("")
        self.assertIn("Pinned here", self.browser.text("#main"))

    def test_without_webcrypto_nothing_is_verified(self):
        """By plain HTTP from another machine a browser gives a page no WebCrypto."""
        self.browser.open(self.log.url.replace("127.0.0.1", "plain.test") + "/")
        self.browser.wait(lambda: "has no WebCrypto" in self.browser.text("#alarm"), "an alarm")
        self.assertNotIn("verified", self.browser.text("#main").replace("was verified yet", ""))

    def test_a_key_that_the_log_alone_states_opens_nothing(self):
        self.open("")
        outcomes = self.browser.run("""
            const { openCheckpoint } = await import("/explorer/note.js");
            const { LogState } = await import("/explorer/log-state.js");
            const state = new LogState();
            await state.refresh();
            const note = await (await fetch("checkpoint")).text();
            const lines = note.split("\\n");
            const outcomes = [];
            for (const without of [null, 4, 5]) {
                const text = lines.filter((_, at) => at !== without).join("\\n");
                outcomes.push(await openCheckpoint(text, state.pinned()).then(
                    () => "opened", (error) => error.message));
            }
            return outcomes""")
        self.assertEqual("opened", outcomes[0])
        self.assertIn("no signature by a pinned key", outcomes[1])
        self.assertEqual("opened", outcomes[2])

    def test_witnesses_that_the_log_names_are_told_from_pinned_ones(self):
        keys = json.loads((ROOT / "Tests" / "Vectors" / "checkpoint.json").read_text())
        self.open("")
        outcomes = self.browser.run("""
            const { openCheckpoint } = await import("/explorer/note.js");
            const { parsePolicy } = await import("/explorer/policy.js");
            const { pinLog } = await import("/explorer/keys.js");
            const { LogState } = await import("/explorer/log-state.js");
            const { vkey, note, witness_vkey: witness } = given[0];
            const state = new LogState();
            state.description = { witnesses: [{ name: "w", vkey: witness }, { vkey: "odd" }] };
            const judged = async (text, policy) => {
                const opened = await openCheckpoint(text, pinLog(vkey, policy));
                await state.judgeUnpinned(opened);
                const { key, isByStatedKey } = opened.signatures[2];
                return [key !== null, isByStatedKey ?? null];
            };
            const bad = note.replace(/2IsO9AAAAABqHTwB68/, "2IsO9AAAAABqHTwC68");
            return [await judged(note, null), await judged(bad, null),
                await judged(note, parsePolicy(`witness w ${witness}\\nquorum w\\n`))]""", keys)
        self.assertEqual([[False, True], [False, False], [True, None]], outcomes)

    def test_a_changed_key_is_told(self):
        self.open("")
        other = json.loads((ROOT / "Tests" / "Vectors" / "checkpoint.json").read_text())["vkey"]
        self.browser.run("""
            const name = Object.keys(localStorage)[0];
            const trust = JSON.parse(localStorage.getItem(name));
            localStorage.setItem(name, JSON.stringify({ ...trust, vkey: given[0] }))""", other)
        self.open("")
        alarm = self.browser.wait(lambda: self.browser.one(".alarm.grave"), "an alarm").text
        self.assertIn("another verifier key", alarm)
        self.assertEqual([], self.browser.all(".number"))
        self.open("entry/4")
        self.browser.wait(lambda: "no head of this log was verified" in self.browser.text("#main"), "no")

    def test_a_fork_is_told_with_its_evidence(self):
        log = LogProcess(self.folder / "forked").init("log.example.com/forked")
        token = log.token()
        with log:
            log.start()
            log.stop()
            copy_folder(log.data, self.folder / "copy")
            for side in ("data", "copy"):
                if side == "copy":
                    log.stop()
                    shutil.rmtree(log.data)
                    (self.folder / "copy").rename(log.data)
                log.start()
                producer = Producer(log, token)
                for n in range(3 if side == "data" else 5):
                    self.assertEqual(producer.post(json.dumps(record(n)).encode())[0], 201)
                producer.close()
                self.browser.open("about:blank")
                self.browser.open(f"{log.url}/")
                self.browser.wait(lambda: self.browser.one("#main h2"), "the page")
                alarms = self.browser.all(".alarm.grave")
                self.assertEqual(len(alarms), side == "copy", [alarm.text for alarm in alarms])
            self.assertIn("does not begin with the older one", alarms[0].text)
            self.assertIn("Save both heads", alarms[0].text)

    def test_the_page_may_run_nothing_else(self):
        self.expect_problems = True
        blocked = self.browser.run("""
            const script = document.createElement("script");
            script.textContent = "window.wasRun = 1";
            document.body.append(script);
            const image = document.createElement("div");
            image.innerHTML = given[0];
            document.body.append(image);
            const tries = [() => fetch("http://127.0.0.1:9/"), () => import("data:text/javascript,1"),
                async () => { (0, eval)("1"); }];
            const outcomes = [];
            for (const one of tries) outcomes.push(await one().then(() => "passed", () => "blocked"));
            return outcomes""", HOSTILE)
        self.assertEqual(["blocked"] * 3, blocked)
        said = self.browser.problems()
        self.assertGreaterEqual(sum("Content Security Policy" in line for line in said), 3, said)


class Witnessed(ExplorerCase):
    """A log with one witness, which goes away."""

    @classmethod
    def prepare(cls):
        # A second init of a log that is whole prints its key again.
        vkey = cls.log.command(
            "init", "--data", cls.log.data, "--origin", ORIGIN).stdout.strip()
        cls.witness = WitnessProcess(
            cls.folder / "witness", "w.example.com/w", [vkey]).init().start()
        cls.policy = (f"log {vkey}\nwitness w {cls.witness.vkey}"
                      f" http://127.0.0.1:{cls.witness.port}/\nquorum w\n")
        (cls.folder / "policy").write_text(cls.policy)
        settings = cls.log.data / "evident.yaml"
        settings.write_text(f"witness:\n  policy: {cls.folder}/policy\n  interval: 100ms\n")
        settings.chmod(0o600)

    @classmethod
    def tearDownClass(cls):
        cls.witness.kill()
        super().tearDownClass()

    def test_how_far_witnesses_vouch_is_shown(self):
        self.expect_problems = True  # Until the first round the server answers 404.
        self.open("")
        said = self.browser.wait(lambda: self.browser.all(".witnessed"), "the witnessed head", 40)
        self.assertIn("w.example.com/w, by the keys that the log states", said[0].text)
        size = self.log.head()[0]
        self.witness.kill()
        self.submit(record(1))
        self.open("")
        self.browser.wait(lambda: self.browser.all(".witnessed"), "the witnessed head", 40)
        self.assertIn(f"first {size} entries", self.browser.text(".witnessed"))
        self.browser.one("[aria-labelledby=pinned] summary").click()
        self.browser.wait(lambda: self.browser.one("#pin-vkey"), "the form")
        self.browser.run("document.getElementById('pin-vkey').value = given[0];"
                         "document.getElementById('pin-policy').value = given[1]",
                         self.log.vkey(), self.policy)
        self.browser.one("[aria-labelledby=pinned] form button").click()
        self.browser.wait(lambda: "policy pinned below" in self.browser.text(".witnessed"), "the pin")


if __name__ == "__main__":
    unittest.main()
