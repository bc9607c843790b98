"""Masking: what of a change is kept out of the audit log."""

import pytest

from carillon.domain.masking import MASK, masked


def test_secrets_are_masked_wherever_they_stand_and_their_names_stay():
    job = {
        "secrets": {"TOKEN": "a", "OTHER": None},
        "steps": [{"headers": {"X-Api-Key": "b", "Accept": "c", "cookie": "d"}}],
    }
    assert masked(job) == {
        "secrets": {"TOKEN": MASK, "OTHER": MASK},
        "steps": [{"headers": {"X-Api-Key": MASK, "Accept": "c", "cookie": MASK}}],
    }


@pytest.mark.parametrize("value", [None, 7, True, "text", [1], {"a": {"b": None}}], ids=str)
def test_what_is_no_secret_stays_as_it_is(value):
    assert masked(value) == value


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ({"password": 123456}, {"password": MASK}),
        ({"tokens": ["a", 7, None]}, {"tokens": [MASK, MASK, None]}),
        ({"credentials": {"user": "u", "pin": ["9"]}}, {"credentials": {"user": MASK, "pin": [MASK]}}),
        ({"secrets": {"T": {"set": True, "value": "a"}}}, {"secrets": {"T": MASK}}),
        ({"steps": {"token": "a"}}, {"steps": {"token": MASK}}),
    ],
    ids=str,
)
def test_whatever_stands_under_a_secrets_name_is_masked(value, hidden):
    assert masked(value) == hidden


def test_a_step_that_is_named_like_a_secret_is_not_hidden_with_what_it_calls():
    steps = {"refresh-token": {"target": {"url": "https://example.com/", "headers": {"Cookie": "a"}}}}
    masked_steps = {"refresh-token": {"target": {"url": "https://example.com/", "headers": {"Cookie": MASK}}}}
    assert masked({"steps": steps}) == {"steps": masked_steps}


def test_when_a_secret_was_changed_stays():
    shown = {"secrets": {"T": {"set": True, "changed_at": "2026-11-22T02:00:00Z"}}}
    assert masked(shown) == shown
