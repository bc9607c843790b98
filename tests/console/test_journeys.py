"""What people come to the console for, done in a real browser over the real stack."""

from datetime import UTC, datetime

import pyotp
import pytest

from carillon.domain.archive_object import archive_objects
from carillon.domain.run_change import RunChange
from local.chaos import wait_for_end
from tests.contract.builders import ended

pytestmark = pytest.mark.slow


def test_a_schedule_is_created_with_a_preview_and_watched_as_it_runs(user, receiver):
    user.press("Schedules")
    user.press("New schedule")
    user.type("#f-schedule_id", "made-by-hand")
    user.type("#f-timetable-expression", "0 25 * * *")
    user.sees("25", ".fault")
    user.type("#f-timetable-expression", "*/5 * * * * *")
    user.sees("5 seconds", ".preview")
    user.wait(lambda: len(user.all(".preview li")) == 8, "eight fire times")
    user.type("#f-job-target-url", f"{receiver.url}/ok/by-hand")
    user.press("Create")

    user.sees("made-by-hand", "h1")
    # Nobody reloads: the page itself sees the next run begin and end.
    user.find("td .badge.succeeded", seconds=120)
    before = len(user.all("svg.history .succeeded"))
    user.wait(lambda: len(user.all("svg.history .succeeded")) > before, "a further run", 120)
    user.press("Pause")
    user.press("Pause", "dialog")
    user.find("main .panel > .row .badge.paused")
    assert user.complaints() == []


def test_an_edit_makes_a_revision_whose_difference_is_shown(user, api, receiver):
    target = {"kind": "http", "url": f"{receiver.url}/ok/edited"}
    api.post(
        "/v1/schedules",
        {"schedule_id": "edited", "timetable": {"expression": "@yearly"}, "job": {"target": target}},
    )
    user.open("edit/edited")
    user.type("#f-timetable-expression", "@monthly")
    user.sees("month", ".preview")
    user.press("Save")

    user.sees("edited", "h1")
    user.press("Revisions")
    user.press("Changes")
    user.sees("@yearly", "del")
    user.sees("@monthly", "ins")


def test_a_workflow_is_followed_live_to_its_failure_and_its_compensation(user, api, failing_flow):
    api.post("/v1/schedules", failing_flow)
    user.open("schedules/orders")
    user.press("Run now")

    user.find("svg.graph [data-step=load]")
    user.wait(lambda: user.all("[data-step=extract][data-state=SUCCEEDED]"), "extract succeeded", 120)
    user.wait(lambda: user.all("[data-step=load][data-state=FAILED]"), "load failed", 120)
    user.find("main > div .panel > .row .badge.compensated", seconds=120)
    user.wait(lambda: "↩" in user.find("[data-step=extract]").text, "the compensation of extract")
    user.wait(lambda: user.all("svg.gantt rect"), "the times of the steps")
    assert user.complaints() == []


def test_cause_attempts_and_compensation_of_a_failed_run_are_two_clicks_from_the_overview(
    user, api, failing_flow
):
    run_id = api.post("/v1/schedules/orders/trigger")["run_id"]
    assert wait_for_end(api, run_id)["state"] == "COMPENSATED"
    user.open("overview")

    user.press(run_id)
    user.sees("http_5", ".cause")
    compensations = user.wait(lambda: sections(user, "Compensation"), "compensations")
    assert "extract" in compensations[0]
    assert "transform" in compensations[0]
    user.press("load", ".cause")
    user.wait(lambda: user.all("h1")[0].text.endswith(".load"), "the step's run")
    user.sees(api.run(run_id)["trace_id"], ".facts")
    user.wait(lambda: sections(user, "Attempts"), "attempts")
    rows = """return [...document.querySelectorAll('main section')]
        .find((each) => each.innerText.startsWith('Attempts')).querySelectorAll('tbody tr').length"""
    assert user.run(rows) == 2


def sections(user, title):
    """The texts of the sections with this title."""
    return [text for text in (each.text for each in user.all("main section")) if text.startswith(title)]


def test_a_sensitive_operation_is_confirmed_by_a_code_of_an_app_set_up_here(user, api, admin, receiver):
    user.open("account")
    user.type("form:not(:has(#f-new_password)) #f-password", admin[1])
    user.press("Set up an app")
    seed = user.find("code.secret").text
    user.wait(lambda: user.find("img.qr").get_attribute("naturalWidth") != "0", "the code's picture")
    code = pyotp.TOTP(seed)
    user.type("#first-code", code.now())
    first = code.now()
    user.press("Activate")
    user.sees("The second factor is active")

    target = {"kind": "http", "url": f"{receiver.url}/ok/careful"}
    document = {
        "schedule_id": "careful",
        "sensitive": True,
        "timetable": {"expression": "@yearly"},
        "job": {"target": target},
    }
    api.post("/v1/schedules", document)
    user.open("schedules/careful")
    user.press("Run now")
    user.type("dialog #code", "000000")
    user.press("Confirm", "dialog")
    user.find("dialog .notice.bad")
    user.wait(lambda: code.now() != first, "the next code")
    user.type("dialog #code", code.now())
    user.press("Confirm", "dialog")
    user.wait(lambda: "careful@" in user.all("h1")[0].text, "the run")
    user.find("main .badge.succeeded", seconds=120)
    assert user.complaints() == []


def test_the_language_changes_at_once_and_is_kept(user):
    user.open("overview")
    user.click("#language")
    user.sees("概览", "h1")
    assert user.run("return document.documentElement.lang") == "zh-CN"
    user.driver.refresh()
    user.sees("概览", "h1")
    user.click("#language")
    user.sees("Overview", "h1")


def test_a_run_whose_row_has_expired_is_shown_without_what_could_be_done_to_it(user, api, cloud, receiver):
    target = {"kind": "http", "url": f"{receiver.url}/ok/gone"}
    api.post(
        "/v1/schedules",
        {"schedule_id": "gone", "timetable": {"expression": "@yearly"}, "job": {"target": target}},
    )
    long_ago = datetime(2026, 1, 2, 3, tzinfo=UTC)
    run = ended("gone", long_ago, attempt=1, reason="http_5xx", started_at=long_ago, created_at=long_ago)
    (item,) = archive_objects([RunChange("c", "1", None, run)])
    bucket = cloud.inventory.outputs["ArchiveBucketName"]
    cloud.client("s3").put_object(Bucket=bucket, Key=item.key, Body=item.body)

    user.open(f"runs/{run.run_id}")

    user.sees("http_5xx", ".cause")
    user.sees("From the archive", "main .panel > .row")
    assert user.all("main .panel > .row button") == []
    assert user.complaints() == []


def test_the_keyboard_alone_reaches_search_and_leaves_a_dialog(user, api):
    from selenium.webdriver import ActionChains, Keys

    user.open("schedules?search=edited")
    user.find("tbody tr")
    ActionChains(user.driver).send_keys("/").perform()
    user.wait(lambda: user.run("return document.activeElement.id") == "search", "the search")
    user.wait(lambda: len(user.all("tbody tr")) == 1, "the one that is searched for")
    user.press("Pause")
    user.find("dialog")
    ActionChains(user.driver).send_keys(Keys.ESCAPE).perform()
    user.wait(lambda: not user.all("dialog"), "the dialog's end")
    user.wait(lambda: user.run("return document.activeElement.textContent") == "Pause", "where it began")


def test_a_session_ends_with_a_click_and_the_token_with_it(user):
    token = user.run("return sessionStorage.getItem('carillon.token')")
    assert token
    user.click("#logout")
    user.find("#password")
    assert user.run("return [sessionStorage.length, document.cookie]") == [0, ""]
    answer = user.driver.execute_async_script(
        """const [token, done] = arguments;
        fetch('/v1/me', {headers: {Authorization: `Bearer ${token}`}}).then((answer) => done(answer.status))""",
        token,
    )
    assert answer == 401
