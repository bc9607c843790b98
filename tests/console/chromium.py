"""A Chromium that is driven: what a person would do with mouse and keyboard, and what they would see."""

import shutil
import time
from contextlib import contextmanager

import pytest

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1280,900", "--lang=en-GB",
)  # fmt: skip
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
PATIENCE = 60
# Told to every page before its own scripts: what the policy refuses, and how many answers it still waits for.
WATCH = """
window.refused = [];
document.addEventListener('securitypolicyviolation',
  (event) => refused.push(event.violatedDirective + ' ' + event.blockedURI));
window.awaited = 0;
const plainly = window.fetch;
window.fetch = async (...given) => {
  window.awaited += 1;
  try {
    const answer = await plainly(...given);
    await answer.clone().text();
    return answer;
  } finally {
    window.awaited -= 1;
  }
};
"""
# The console's pages look again after two seconds and more.
ONCE = """
const later = window.setTimeout;
window.setTimeout = (work, ms, ...more) => (ms >= 2000 ? 0 : later(work, ms, ...more));
"""


class Person:
    """Somebody in front of the browser."""

    def __init__(self, driver, url):
        self.driver, self.url, self._pages = driver, url, 0
        driver.set_script_timeout(3 * PATIENCE)
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})

    def open(self, address="", *, heading=True):
        """Goes to a page of the console; the heading of the one before does not count."""
        before = self.driver.current_url
        self.run("document.querySelectorAll('main h1').forEach((each) => { each.dataset.old = ''; })")
        self.driver.get(f"{self.url}/#/{address}")
        if heading:
            self.find("main h1" if self.driver.current_url == before else "main h1:not([data-old])")

    def log_in(self, user, password):
        self.driver.get(self.url + "/")
        self.type("#user", user)
        self.type("#password", password)
        self.click("button[type=submit]")
        self.find("#menu")

    def find(self, selector, seconds=PATIENCE):
        """The first element that is shown; waits for it."""
        return self.wait(lambda: self._shown(selector), selector, seconds)

    def _shown(self, selector):
        return next((e for e in self.all(selector) if e.is_displayed()), None)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def sees(self, text, selector="body", seconds=PATIENCE):
        """Waits until the text stands there."""
        self.wait(
            lambda: any(text in element.text for element in self.all(selector)),
            f"{text!r} in {selector}",
            seconds,
        )

    def wait(self, look, what, seconds=PATIENCE):
        from selenium.common.exceptions import StaleElementReferenceException

        until = time.monotonic() + seconds
        while True:
            try:
                if found := look():
                    return found
            except StaleElementReferenceException:
                pass
            assert time.monotonic() < until, (
                f"{what} never showed; there was:\n{self.all('body')[0].text[:1500]}"
            )
            time.sleep(0.1)

    def settles(self, seconds=0.6):
        """Waits until the page has something to show, awaits no answer and changes no more for a while."""
        seen, since = "", time.monotonic()
        until = since + PATIENCE
        while time.monotonic() - since < seconds:
            now, awaited = self.run("return [document.querySelector('main').innerText, window.awaited]")
            if now != seen or awaited or not now.strip():
                seen, since = now, time.monotonic()
            assert time.monotonic() < until, f"the page does not come to rest:\n{now[:500]}"
            time.sleep(0.1)

    def type(self, selector, text):
        def done():
            if element := self._shown(selector):
                element.clear()
                element.send_keys(text)
            return element

        self.wait(done, selector)

    def click(self, selector):
        self._press(lambda: self._shown(selector), selector)

    def press(self, label, within="body"):
        """Presses the button or link with this label."""
        script = """const [within, label] = arguments;
            return [...document.querySelectorAll(`${within} button, ${within} a, ${within} summary`)]
            .find((each) => each.textContent.trim() === label && each.offsetParent)"""
        self._press(lambda: self.run(script, within, label), label)

    def _press(self, look, what):
        from selenium.common.exceptions import (
            ElementClickInterceptedException,
            StaleElementReferenceException,
        )

        leads_to = None

        def done():
            nonlocal leads_to
            if leads_to and self.driver.current_url == leads_to:
                return True
            try:
                if not (element := look()):
                    return False
                leads_to = element.get_attribute("href")
                element.click()
            except (StaleElementReferenceException, ElementClickInterceptedException):
                return False
            return not leads_to or self._arrives(leads_to)

        self.wait(done, f"what {what} leads to")

    def _arrives(self, address):
        """Whether a link was followed; one that a new list replaced under the mouse is pressed again, as people do."""
        until = time.monotonic() + 2
        while self.driver.current_url != address:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def opens_anew(self):
        """A page without a past; what it asks the API from now on carries the returned name."""
        self.driver.get("about:blank")
        self._pages += 1
        name = f"page {self._pages}"
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.setExtraHTTPHeaders", {"headers": {"X-Page": name}})
        return name

    @contextmanager
    def without_repeats(self):
        """Pages that are loaded meanwhile ask nothing again after a while, however long that takes here."""
        made = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": ONCE})
        yield
        self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", made)

    def requests(self):
        """Addresses of the API that this page has asked since it was loaded."""
        found = self.run("return performance.getEntriesByType('resource').map((entry) => entry.name)")
        return [name.removeprefix(self.url) for name in found if "/v1/" in name]

    def complaints(self):
        """What the policy refused, and what the browser's log holds against the page but for answers of 4xx."""
        log = [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]
        return [*self.run("return window.refused"), *(line for line in log if "status of 4" not in line)]

    def as_phone(self):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)

    def as_desktop(self):
        self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


@contextmanager
def person(url, folder):
    """A fresh browser without a past; skips with the reason where there is none."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed (the console extra)"
    )
    if not BROWSER or not DRIVER:
        pytest.skip("no Chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        yield Person(driver, url)
    finally:
        driver.quit()
