"""Script and markup in every field that somebody can write: shown as text, never run."""

import pytest

pytestmark = pytest.mark.slow

# Each would mark the window, if it ran.
SCRIPT = "<img src=x onerror='window.hit=1'><script>window.hit=1</script>\"'><svg onload=window.hit=1>{{7*7}}"
PAGES = (
    "overview", "schedules", "schedules/hostile", "edit/hostile", "confirmations", "calendars", "dead-letters",
    "users", "roles", "audit", "account",
)  # fmt: skip
# How often a script ran, and how much of what somebody wrote has become markup.
HARM = """
    const markup = 'main script, main img:not(.qr), [onerror], [onload]';
    return [window.hit ?? 0, document.querySelectorAll(markup).length];
"""


@pytest.fixture(scope="module")
def hostile(api, receiver):
    """Scripts wherever the API takes free text, and a run whose payload, error and output carry them."""
    target = {
        "kind": "http",
        "url": f"{receiver.url}/fail/{'%3Cscript%3E'}",
        "headers": {"X-Note": SCRIPT[:60]},
        "body": {SCRIPT: SCRIPT},
    }
    api.post("/v1/schedules", {
        "schedule_id": "hostile", "description": SCRIPT, "tags": {SCRIPT[:60]: SCRIPT},
        "timetable": {"expression": "@yearly"}, "job": {"target": target, "retry": {"max_attempts": 1}},
    })  # fmt: skip
    api.post("/v1/calendars", {"name": "hostile", "description": SCRIPT, "dates": ["2026-12-25"]})
    return api.post("/v1/schedules/hostile/trigger")["run_id"]


def test_nothing_that_somebody_wrote_is_ever_run(user, hostile):
    for page in (
        *PAGES,
        f"runs/{hostile.replace('@', '%40')}",
        "schedules?search=%3Cscript%3E&owner=%22%3E%3Cimg%20src%3Dx%3E",
    ):
        user.open(page)
        user.wait(lambda: user.run("return document.querySelector('main').children.length > 1"), page)
        user.settles()
        user.run("document.querySelectorAll('main summary').forEach((each) => each.click())")
        assert user.run(HARM) == [0, 0], page
        assert user.complaints() == [], page
    user.open("schedules/hostile")
    user.sees(SCRIPT, "main p")


def test_the_browser_itself_refuses_markup_and_foreign_scripts(user):
    user.open("overview")
    refused = user.run("""
        try { document.querySelector('main').innerHTML = '<b>x</b>'; } catch (error) { return error.name; }
        return 'taken';
    """)
    assert refused == "TypeError"
    loaded = user.driver.execute_async_script("""
        const done = arguments[0], image = new Image();
        image.onload = () => done('loaded'); image.onerror = () => done('refused');
        image.src = 'https://example.com/pixel.png';
    """)
    assert loaded == "refused"
    assert any("img-src" in complaint for complaint in user.complaints())
