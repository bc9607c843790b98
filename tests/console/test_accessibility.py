"""Every page against axe's rules: at desktop and phone width, light and dark."""

import pytest

from local.chaos import wait_for_end

pytestmark = pytest.mark.slow

PAGES = (
    "overview", "schedules", "schedules/orders", "new", "edit/orders", "confirmations", "calendars",
    "dead-letters", "users", "roles", "audit", "account",
)  # fmt: skip
WEIGHTY = ("serious", "critical")


@pytest.fixture(scope="module")
def axe():
    return pytest.importorskip(
        "axe_core_python.selenium", reason="axe-core-python is not installed (the console extra)"
    ).Axe()


@pytest.fixture(scope="module")
def filled(api, failing_flow):
    """A stack with something to show; answers a run's page."""
    api.post("/v1/schedules", failing_flow)
    run_id = api.post("/v1/schedules/orders/trigger")["run_id"]
    wait_for_end(api, run_id)
    return f"runs/{run_id.replace('@', '%40')}"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", ["desktop", "phone"])
def test_no_page_has_a_serious_finding(user, axe, filled, theme, width):
    user.run("localStorage.setItem('carillon.theme', arguments[0])", theme)
    user.driver.refresh()
    if width == "phone":
        user.as_phone()
    found = []
    for page in (*PAGES, filled):
        user.open(page)
        user.wait(lambda: user.run("return document.querySelector('main').children.length > 1"), page)
        user.settles()
        assert [e.text for e in user.all("main [role=alert]")] == [], page
        result = axe.run(user.driver)
        assert len(result["passes"]) > 15, f"axe has hardly looked at {page}"
        found += [
            (page, each["id"], [node["html"][:120] for node in each["nodes"]][:3])
            for each in result["violations"]
            if each["impact"] in WEIGHTY
        ]
        assert user.run("return document.documentElement.scrollWidth <= innerWidth"), (
            f"{page} is wider than the screen"
        )
    assert found == []


def test_the_login_page_has_none_either(browser, cloud, axe):
    browser.driver.get(browser.url + "/")
    browser.run("sessionStorage.clear()")
    browser.driver.refresh()
    browser.find("#password")
    assert [each["id"] for each in axe.run(browser.driver)["violations"] if each["impact"] in WEIGHTY] == []
