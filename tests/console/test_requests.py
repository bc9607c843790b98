"""How much the console asks of a large stack: 5,000 schedules and 100,000 runs behind the real API."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from api.handler import respond
from carillon.domain.run import RunState
from carillon.domain.run_log import LogLine, RunLog
from local.http_front import decoded_path, event_of, response_of
from local.inventory import Route
from local.sandbox import Answer
from local.web import Server
from tests.console.chromium import BROWSER, DRIVER, person
from tests.contract.builders import ended, run
from tests.functions.api.world import PASSWORD, ApiWorld

pytestmark = pytest.mark.slow

SCHEDULES, RUNS_EACH, BUSY_RUNS = 5_000, 18, 10_000
PAGE = 100


class Stack:
    """A big stack's API over HTTP; it keeps what each request asked, got and had the stores read."""

    def __init__(self):
        self.world = world = ApiWorld()
        self.asked = []
        world.create(schedule_id="s0000")
        head, revision = world.database.heads["s0000"], world.schedules.revision("s0000", 1)
        now = world.clock.now()
        for number in range(SCHEDULES):
            name = f"s{number:04}"
            world.database.heads[name] = replace(head, schedule_id=name)
            world.database.revisions[name, 1] = replace(revision, schedule_id=name)
            for back in range(BUSY_RUNS if number == 0 else RUNS_EACH):
                self._put(
                    name,
                    now - timedelta(minutes=back + 1),
                    RunState.FAILED if back % 9 == 4 else RunState.SUCCEEDED,
                )
            if number % 50 == 0:
                self._keep(run(name, now, wake_at=now + timedelta(minutes=1)))
        self.operations = []
        world.database.before = self.operations.append
        self._server = Server(self._answer)
        self.url = f"http://{self._server.address}"

    def _put(self, name, moment, state):
        self._keep(replace(ended(name, moment, state), ended_at=moment + timedelta(seconds=2), attempt=1))

    def _keep(self, row):
        self.world.database.runs[row.run_id] = row

    def _answer(self, request):
        path = decoded_path(request.target)
        event = event_of(request, Route("ANY", "/{proxy+}", "api"), path, {})
        with self.world.database.lock:
            # Counted behind the lock: the page asks several things at once, and each counts its own.
            before = len(self.operations)
            answer = respond(event, self.world.api)
            if path.startswith("/v1/"):
                body = json.loads(answer["body"] or "{}")
                read = len(body.get("items", ())), len(self.operations) - before
                self.asked.append((request.header("X-Page"), request.target, *read))
        return response_of(Answer(json.dumps(answer).encode(), None))

    def asked_by(self, page):
        """What this page has asked; another, which was left, may still be waiting for its answers."""
        return [asked for by, *asked in self.asked if by == page]

    def stop(self):
        self._server.stop()


@pytest.fixture(scope="module")
def stack():
    if not BROWSER or not DRIVER:
        pytest.skip("no Chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    running = Stack()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(stack, tmp_path_factory):
    with person(stack.url, tmp_path_factory.mktemp("browser")) as found:
        found.log_in("admin", PASSWORD)
        yield found


OPENING = {
    "overview": 6, "schedules": 1, "schedules?search=4999": 1, "schedules?state=paused": 1, "schedules/s0000": 3,
    "confirmations": 1, "calendars": 1, "dead-letters": 1, "users": 1, "roles": 1, "audit": 1, "account": 1,
    "new": 1, "edit/s0000": 2,
}  # fmt: skip


@pytest.mark.parametrize(("page", "most"), OPENING.items())
def test_a_page_opens_with_few_requests_and_none_reads_more_than_a_page(browser, stack, page, most):
    assert len(stack.world.database.runs) >= 100_000
    name = browser.opens_anew()
    with browser.without_repeats():
        browser.open(page)
    browser.wait(lambda: browser.run("return document.querySelector('main > div').children.length"), page)
    browser.wait(lambda: browser.run("return performance.now() > 1500"), "its first second")
    browser.settles()
    asked = stack.asked_by(name)
    opening = [each for each in asked if each[0] != "/v1/me"]
    assert len(asked) == len(opening) + 1, "who is logged in is asked once"
    assert 0 < len(opening) <= most, opening
    for target, items, operations in asked:
        assert items <= PAGE, target
        assert operations <= 32, target


def test_a_run_that_has_ended_is_asked_once_with_what_it_wrote(browser, stack):
    ended_run = next(row for row in stack.world.database.runs.values() if row.state is RunState.FAILED)
    line = LogLine(ended_run.ended_at, "<b>3 rows</b> could not be read")
    stack.world.logs.keep(ended_run, RunLog((line,), dropped=7), ended_run.ended_at)
    name = browser.opens_anew()
    browser.open(f"runs/{str(ended_run.run_id).replace('@', '%40')}")
    browser.find("main .badge.failed")
    browser.sees("<b>3 rows</b> could not be read", "pre")
    browser.wait(lambda: browser.run("return performance.now() > 3000"), "its first seconds")
    assert len([target for target, _, _ in stack.asked_by(name) if target != "/v1/me"]) <= 2


def test_further_pages_of_a_long_history_come_on_demand(browser, stack):
    name = browser.opens_anew()
    browser.open("schedules/s0000")
    browser.wait(lambda: len(browser.all("main tbody tr")) == 50, "the first page")
    browser.press("Older")
    browser.wait(lambda: len(browser.all("main tbody tr")) == 100, "the second page")
    assert [items for target, items, _ in stack.asked_by(name) if "cursor=" in target] == [50]
