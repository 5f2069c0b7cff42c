# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium for the checks in this folder (Debian: chromium, chromium-driver,
python3-selenium). It has no profile but a throw-away one, and no network but this machine's."""

import os
import time

from selenium import webdriver
from selenium.common.exceptions import (
    NoSuchElementException, StaleElementReferenceException, TimeoutException)
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

LIMIT = 90


class Browser:
    """One window, and what its console said."""

    def __init__(self, width=1100, height=900, dark=False):
        options = Options()
        options.binary_location = os.environ.get("CHROMIUM", "/usr/bin/chromium")
        for argument in (
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--disable-component-update", "--force-color-profile=srgb", "--lang=en",
                # Names of other hosts lead nowhere: a page that asks for one fails its check.
                "--host-resolver-rules=MAP plain.test 127.0.0.1, MAP * ~NOTFOUND,"
                " EXCLUDE 127.0.0.1",
                f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = os.environ.get("CHROMEDRIVER", "/usr/bin/chromedriver")
        self.driver = webdriver.Chrome(
            options=options, service=Service(executable_path=driver, log_path=os.devnull))
        self.driver.set_script_timeout(LIMIT)
        self.size(width, height)
        self.dark(dark)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def size(self, width, height):
        """Makes the page this large: narrower too than a window can be."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def dark(self, dark):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, url):
        self.driver.get(str(url))

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.one(selector).get_attribute("textContent")

    def wait(self, condition, what, limit=LIMIT):
        """Waits until `condition` gives something true, and gives that back."""
        until = time.monotonic() + limit
        while time.monotonic() < until:
            try:
                found = condition()
                if found:
                    return found
            except (NoSuchElementException, StaleElementReferenceException):
                pass
            time.sleep(0.03)
        raise TimeoutException(f"waited {limit} s in vain for {what}")

    def run(self, script, *arguments):
        """The value of an async function body in the page, bound by the page's own policy."""
        outcome = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            f"(async (...given) => {{ {script} }})(...[...arguments].slice(0, -1))"
            ".then((value) => done({value}), (error) => done({error: String(error)}));", *arguments)
        if "error" in outcome:
            raise AssertionError(f"in the page: {outcome['error']}")
        return outcome["value"]

    def problems(self):
        """What the console has said since the last call: errors, and breaches of the policy."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def picture(self, path):
        """The whole page as a PNG file."""
        height = self.driver.execute_script("return document.documentElement.scrollHeight")
        width = self.driver.execute_script("return window.innerWidth")
        before = self.driver.execute_script("return window.innerHeight")
        self.size(width, max(height, 200))
        self.driver.save_screenshot(str(path))
        self.size(width, before)
