# SPDX-License-Identifier: Apache-2.0
"""A server with records, a browser, and what the checks of the explorer do with them."""

import json
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from evident_process import LogProcess, Producer, record  # noqa: E402  (the path is set above)
from headless import Browser  # noqa: E402

HOSTILE = "<img src=x onerror=\"window.wasRun=1\"><script>window.wasRun=1</script>"
RECORDS = 600
ORIGIN = "log.example.com/explored"


class ExplorerCase(unittest.TestCase):
    """A console that says anything fails the check, unless it is about that."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT / ".build"))
        cls.log = LogProcess(cls.folder / "data").init(ORIGIN)
        cls.auditor = cls.log.token("auditor")
        cls.producer = Producer(cls.log, cls.log.token())
        cls.prepare()
        cls.log.start()
        lines = "\n".join(json.dumps(record(n)) for n in range(RECORDS))
        status, _ = cls.producer.post(lines.encode(), kind="application/x-ndjson")
        assert status == 200, status
        cls.hostile = cls.submit(record(7, actor={"id": HOSTILE, "type": "human"},
                                        details={HOSTILE: [HOSTILE]}))
        cls.browser = Browser()

    @classmethod
    def prepare(cls):
        """What is to be done before the server starts."""

    @classmethod
    def tearDownClass(cls):
        cls.browser.driver.quit()
        cls.producer.close()
        cls.log.stop()
        shutil.rmtree(cls.folder)

    def setUp(self):
        self.browser.size(1100, 900)
        self.browser.dark(False)
        self.open("")
        self.browser.run("localStorage.clear(); sessionStorage.clear()")
        self.expect_problems = False
        self.browser.problems()

    def tearDown(self):
        said = self.browser.problems()
        if not self.expect_problems:
            self.assertEqual([], said)
        self.assertFalse(self.browser.run("return 'wasRun' in window"))

    # -- helpers --------------------------------------------------------------------------------------

    @classmethod
    def submit(cls, document):
        status, body = cls.producer.post(json.dumps(document).encode())
        assert status == 201, body
        return json.loads(body)

    def get(self, path):
        status, body = self.log.request("GET", path, headers={
            "Authorization": f"Bearer {self.auditor}"})
        self.assertEqual(status, 200, body)
        return body

    def open(self, view):
        """Loads the page anew, at a view."""
        self.browser.open("about:blank")
        self.browser.open(f"{self.log.url}/#/{view}")
        self.browser.wait(lambda: self.browser.all("#views a[aria-current]"), "the page")

    def article(self):
        return self.browser.wait(lambda: self.browser.one("article"), "an outcome")

    def paste_token(self):
        field = self.browser.one("#token")
        field.clear()
        field.send_keys(self.auditor)

    def drop(self, *files):
        """Drops (name, text) files on the zone; returns the cards when all are there."""
        self.browser.run("""
            const transfer = new DataTransfer();
            for (const [name, text] of given[0]) transfer.items.add(new File([text], name));
            document.querySelector(".results").replaceChildren();
            document.querySelector(".drop").dispatchEvent(
                new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }))""",
                         files)
        self.browser.wait(lambda: len(self.browser.all("article")) == len(files), "cards")
        return self.browser.all("article")

    def failed(self, card):
        return [step.get_attribute("data-step") for step in
                card.find_elements("css selector", ".steps > li")
                if step.find_elements("css selector", ".badge.tampered, .badge.doubt")]
