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
