"""The laptop cloud with a person in front of its console."""

import pytest

from local.api_client import ApiClient
from local.receiver import Receiver
from local.stack import LaptopCloud, Plan
from tests.console.chromium import BROWSER, DRIVER, person
from tests.e2e.conftest import silent


@pytest.fixture(scope="module")
def receiver():
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    if not BROWSER or not DRIVER:
        pytest.skip("no Chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    with LaptopCloud(Plan(folder=tmp_path_factory.mktemp("console")), say=silent) as running:
        yield running


@pytest.fixture(scope="module")
def admin(cloud):
    """The first user's name and password."""
    made = cloud.invoke("operator", {"command": "bootstrap", "user": "admin"})
    return made["user"], made["password"]


@pytest.fixture(scope="module")
def api(cloud, admin):
    client = ApiClient(cloud.url)
    client.login(*admin)
    return client


@pytest.fixture(scope="module")
def browser(cloud, tmp_path_factory):
    with person(cloud.url, tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def user(browser, admin):
    """The administrator, logged in, on a desktop, with nothing held against the page yet."""
    browser.driver.get(browser.url + "/")
    browser.run("localStorage.clear(); sessionStorage.clear()")
    browser.as_desktop()
    browser.log_in(*admin)
    browser.complaints()
    return browser


@pytest.fixture(scope="module")
def failing_flow(receiver):
    """A workflow whose third step fails after two completed ones that can be taken back."""

    def call(path):
        return {"kind": "http", "url": f"{receiver.url}/{path}"}

    steps = {
        "extract": {"target": call("ok/extract"), "compensate": {"target": call("ok/undo-extract")}},
        "transform": {
            "needs": ["extract"],
            "target": call("ok/transform"),
            "compensate": {"target": call("ok/undo-transform")},
        },
        "load": {
            "needs": ["transform"],
            "target": call("fail/load"),
            "retry": {"max_attempts": 2, "base_seconds": 0.5},
        },
    }
    return {"schedule_id": "orders", "timetable": {"expression": "@yearly"}, "job": {"steps": steps}}
