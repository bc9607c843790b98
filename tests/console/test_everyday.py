"""What people do in the console beside the great journeys, in a real browser over the api in memory."""

import pytest

from tests.console.chromium import BROWSER, DRIVER, person
from tests.console.small_stack import SmallStack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def stack():
    if not BROWSER or not DRIVER:
        pytest.skip("no Chromium and chromedriver on this machine (Debian: chromium, chromium-driver)")
    running = SmallStack()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(stack, tmp_path_factory):
    with person(stack.url, tmp_path_factory.mktemp("browser")) as found:
        yield found


@pytest.fixture
def as_user(browser, stack):
    """Puts somebody in front of the console who has logged in."""

    def logged_in(name="admin"):
        browser.driver.get(browser.url + "/")
        browser.run("localStorage.clear(); sessionStorage.clear()")
        browser.run("sessionStorage.setItem('carillon.token', arguments[0])", stack.world.token_of(name))
        browser.driver.refresh()
        browser.find("#menu")
        browser.complaints()
        return browser

    return logged_in


def test_an_edit_by_the_form_keeps_what_the_form_does_not_show(stack, as_user):
    target = {
        "kind": "http",
        "url": "https://example.com/etl",
        "sign_with": "${secrets.KEY}",
        "body.$": "{run: run.id}",
    }
    stack.world.create(schedule_id="signed", job={"target": target, "secrets": {"KEY": "long enough"}})
    user = as_user()
    user.open("edit/signed")
    user.type("#f-description", "Edited")
    user.press("Save")
    user.sees("Edited", "main p")

    job = stack.world.call("GET", "/v1/schedules/signed").json["job"]
    assert {name: job["target"][name] for name in target} == target
    assert job["secrets"]["KEY"]["set"]


def test_the_preview_counts_from_the_anchor_and_tells_extra_fire_times(stack, as_user):
    timetable = {
        "expression": "@every 7m",
        "anchor": "2026-01-01T00:03:00Z",
        "also_at": [f"{stack.world.clock.now().year + 1}-12-24T06:00:00Z"],
    }
    stack.world.create(schedule_id="anchored", timetable=timetable)
    user = as_user()
    user.open("edit/anchored")
    user.sees("7 minutes", ".preview")
    asked = stack.bodies("POST", "/v1/timetables/preview")[-1]
    assert {name: asked[name] for name in timetable} == timetable


READER = {"resource": "schedules", "actions": ["read", "trigger"], "scope": "tag:team=data"}


def test_who_may_read_some_schedules_only_sees_those_on_every_page(stack, as_user):
    world = stack.world
    asked = world.asked("POST", "/v1/roles", {"role": "data-team", "permissions": [READER], "inherits": []})
    assert world.confirm(asked, world.next_code()).status == 201
    world.create(schedule_id="ours", tags={"team": "data"}, timetable={"expression": "@hourly"})
    world.create(schedule_id="theirs", timetable={"expression": "@hourly"})
    world.add_user("dana", roles=("data-team",))
    user = as_user("dana")

    for page, told in (("overview", "ours"), ("schedules", "ours"), ("schedules/ours", "Next fire times")):
        user.open(page)
        user.sees(told, "main")
        assert user.all("main [role=alert]") == [], page
    user.open("overview")
    assert "theirs" not in user.find("main").text


def test_who_may_do_nothing_is_told_so_and_no_error(stack, as_user):
    stack.world.add_user("nils")
    user = as_user("nils")
    user.open("overview")
    user.settles()
    assert user.all("main [role=alert]") == []
    user.sees("You have no permissions yet", "main")


def test_a_recovery_code_confirms_where_the_phone_is_lost(stack, as_user):
    world = stack.world
    world.add_user("ada", roles=("operator",))
    codes = world.enrol("ada")
    world.create(schedule_id="careful", sensitive=True)
    user = as_user("ada")
    user.open("schedules/careful")
    user.press("Run now")
    user.type("dialog #code", codes[0])
    user.press("Confirm", "dialog")
    user.wait(lambda: "careful@" in user.all("h1")[0].text, "the run")
    assert len(world.factors.rows["ada"].recovery) == 9


def test_a_lost_second_factor_is_reset_by_an_admin_on_the_page_of_users(stack, as_user):
    world = stack.world
    world.add_user("lost", roles=("viewer",))
    world.enrol("lost")
    user = as_user()
    user.open("users")
    user.sees("lost", "main")
    user.run(
        "[...document.querySelectorAll('tbody tr')].find((r) => r.cells[0].innerText === 'lost').id = 'row'"
    )
    user.press("Reset second factor", "#row")
    user.press("Reset second factor", "dialog")
    user.type("dialog #code", world.next_code())
    user.press("Confirm", "dialog")
    user.wait(lambda: not world.factors.rows["lost"].is_active, "the reset")


def test_who_logs_out_everywhere_is_told_so_on_the_page_to_log_in(stack, as_user):
    stack.world.add_user("leaving", roles=("viewer",))
    user = as_user("leaving")
    user.open("account")
    user.press("Log out everywhere")
    user.find("#password")
    user.sees("Your session is over.", "#toasts")


def test_a_list_of_more_than_a_page_shows_what_was_done_to_it(stack, as_user):
    for number in range(60):
        stack.world.create(schedule_id=f"many-{number:02}")
    user = as_user()
    user.open("schedules?search=many-")
    user.press("More")
    user.wait(lambda: len(user.all("main tbody tr")) == 60, "the second page")
    user.click('button[data-key="many-00-Pause"]')
    user.press("Pause", "dialog")
    user.find('button[data-key="many-00-Resume"]')


def test_a_run_is_given_a_payload(stack, as_user):
    stack.world.create(schedule_id="given")
    user = as_user()
    user.open("schedules/given")
    user.press("Run with a payload")
    user.type("dialog textarea", '{"day": ')
    user.press("Run now", "dialog")
    user.sees("JSON", "dialog .toast.bad")
    user.type("dialog textarea", '{"day": "2026-11-20"}')
    user.press("Run now", "dialog")
    user.wait(lambda: "given@" in user.all("h1")[0].text, "the run")
    assert stack.bodies("POST", "/v1/schedules/given/trigger") == [{"payload": {"day": "2026-11-20"}}]


def test_the_overview_tells_what_fires_next_of_all_schedules(stack, as_user):
    for number in range(60):
        stack.world.create(schedule_id=f"a-yearly-{number:02}", timetable={"expression": "@yearly"})
    stack.world.create(schedule_id="zz-soon", timetable={"expression": "* * * * *"})
    user = as_user()
    user.open("overview")
    user.sees("zz-soon", "main")


def test_the_account_speaks_chinese_too(stack, as_user):
    user = as_user()
    user.open("account")
    user.click("#language")
    user.sees("人员", "main .facts")


def test_the_audit_log_is_narrowed_down_by_time(stack, as_user):
    stack.world.create(schedule_id="audited")
    user = as_user()
    user.open("audit")
    user.sees("schedule:audited", "main")
    user.type("#to", "2026-01-01T00:00:00Z")
    user.press("Search")
    user.sees("There is nothing here yet.", "main")
