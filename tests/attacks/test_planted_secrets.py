"""A day of a stack with planted secrets, and then a search of everything that anybody may read: no hit."""

import base64
import json
from urllib.parse import quote

import pytest

from tests.template.least_privilege.day import PLANTED, TABLES
from tests.template.least_privilege.play import PASSWORD

pytestmark = pytest.mark.slow

FORMS = {
    "as it is": PLANTED,
    "in a URL": quote(PLANTED, safe=""),
    "in JSON": json.dumps(PLANTED)[1:-1],
    "in base64": base64.b64encode(PLANTED.encode()).decode()[:-4],
    "in hex": PLANTED.encode().hex(),
    "a part of it": "Se+cret-value",
}


def test_what_a_run_was_given_reached_its_target_and_stands_in_no_table(day):
    assert any(json.loads(call.body or b"{}") == {"given": "2026-11-21"} for call in day.received)
    assert "2026-11-21" not in day.places["RunsTable"]


def test_the_targets_did_receive_it(day):
    assert any(PLANTED in value for call in day.received for _, value in call.headers)
    assert any(PLANTED in call.path for call in day.received)


@pytest.mark.parametrize("place", ["answers", "archive"])
def test_targets_that_repeat_it_were_heard_and_masked(day, place):
    text = day.places[place]
    assert "may not use the bucket '***'" in text
    assert "called back with ***" in text
    assert "echoing" in text


@pytest.mark.parametrize("place", ["log", "answers", "messages", "alerts", "archive", *TABLES])
def test_a_planted_secret_is_found_nowhere(day, place):
    text = day.places[place]
    assert len(text) > 100, f"nothing was collected from {place}"
    assert {form: text.count(value) for form, value in FORMS.items() if value in text} == {}


@pytest.mark.parametrize("place", ["log", "messages", "alerts", "archive", *TABLES])
def test_a_password_and_a_seed_are_found_nowhere(day, place):
    assert PASSWORD not in day.places[place]
    assert len(day.seed) == 32
    assert day.seed not in day.places[place]
    assert base64.b32decode(day.seed).decode("latin-1") not in day.places[place]
