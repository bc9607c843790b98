"""A request shows that it is fresh: by a timestamp near now, and by a nonce of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.errors import InvalidInput
from carillon.domain.errors.doors import StaleTimestamp
from carillon.domain.moments import to_ms, to_rfc3339
from carillon.domain.replay import NONCE_LIFETIME, WINDOW, check_timestamp, nonce_guard

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("written", [to_rfc3339, lambda moment: str(to_ms(moment) // 1000)])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_timestamp_may_lie_five_minutes_off_on_either_side_and_no_more(written, side):
    check_timestamp(written(NOW + side * WINDOW), NOW)
    with pytest.raises(StaleTimestamp) as refusal:
        check_timestamp(written(NOW + side * (WINDOW + SECOND)), NOW)
    assert refusal.value.errors[0].field == "X-Timestamp"
    assert (
        "2026-11-22T02:00:00Z here; the timestamp may differ by 300 seconds"
        in refusal.value.errors[0].message
    )


@pytest.mark.parametrize("text", ["", "now", "12345678", "2026-11-22"])
def test_a_timestamp_that_cannot_be_read_is_refused_with_an_example(text):
    with pytest.raises(InvalidInput, match="fresh") as refusal:
        check_timestamp(text, NOW)
    assert "2026-11-22T02:00:00Z" in refusal.value.errors[0].message


def test_a_nonce_is_remembered_until_the_latest_timestamp_it_could_come_with_is_stale():
    latest = NOW + WINDOW
    with pytest.raises(StaleTimestamp):
        check_timestamp(to_rfc3339(latest), NOW + NONCE_LIFETIME)


@pytest.mark.parametrize("nonce", ["x" * 15, "x" * 129, "x" * 16 + "\n", "ä" * 16])
def test_what_is_no_nonce_is_refused(nonce):
    with pytest.raises(InvalidInput) as refusal:
        nonce_guard("ada", nonce)
    assert refusal.value.errors[0].field == "X-Nonce"


def test_a_nonce_is_its_owners_alone():
    nonce = "0f8fad5b-d9cb-469f-a165-70867728950e"
    assert nonce_guard("ada", nonce) == nonce_guard("ada", nonce) != nonce_guard("bob", nonce)
