"""The pure half of courtesy: when a host counts as down, who tries again, and how limits are read."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.host_gate import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    TRIP_AFTER,
    WINDOW_SLOTS,
    Host,
    HostLimit,
    Sign,
    State,
    admit,
    parse_limits,
    sign_of,
    told,
)
from carillon.domain.host_value import host_value, read_host
from carillon.domain.outcome import Outcome, OutcomeKind, permanent, retryable, timed_out

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
FREE = HostLimit()
SOON = NOW + timedelta(seconds=20)


def down(host=None, now=NOW, times=TRIP_AFTER):
    host = host or Host()
    for _ in range(times):
        host = told(host, Sign.DEAD, now, "c")
    return host


def test_a_few_failures_in_a_row_close_the_door_and_one_less_does_not():
    assert down(times=TRIP_AFTER - 1).state(NOW) is State.CLOSED
    assert down().state(NOW) is State.OPEN
    assert down().open_until == NOW + FIRST_PAUSE


def test_an_answer_in_between_begins_the_count_anew():
    host = told(down(times=TRIP_AFTER - 1), Sign.ALIVE, NOW, "c")
    assert down(host, times=TRIP_AFTER - 1).state(NOW) is State.CLOSED


def test_after_the_pause_one_call_tries_and_the_others_wait_for_it():
    later = NOW + FIRST_PAUSE
    first = admit(down(), FREE, later, "a", later + timedelta(seconds=20))
    assert first.go
    second = admit(first.host, FREE, later, "b", SOON)
    assert (second.go, second.again_at) == (False, later + timedelta(seconds=20))
    assert admit(first.host, FREE, later + timedelta(seconds=20), "b", SOON).go


def test_a_try_that_fails_makes_the_pause_longer_up_to_a_bound_and_one_that_does_not_ends_it():
    host, now, pauses = down(), NOW, []
    for _ in range(8):
        pauses.append(host.open_until - now)
        now = host.open_until
        host = told(admit(host, FREE, now, "a", now + timedelta(seconds=20)).host, Sign.DEAD, now, "a")
    assert pauses[:3] == [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]
    assert max(pauses) == LONGEST_PAUSE
    assert told(host, Sign.ALIVE, now, "a") == Host()


def test_calls_that_were_under_way_when_the_door_closed_do_not_make_the_pause_longer():
    assert down(down()) == down()


@pytest.mark.parametrize(
    ("outcome", "sign"),
    [
        (Outcome(OutcomeKind.SUCCESS, "", status=200), Sign.ALIVE),
        (permanent("http_404", "", status=404), Sign.ALIVE),
        (retryable("http_500", "", status=500), Sign.ALIVE),
        (retryable("http_429", "", status=429), Sign.ALIVE),
        (retryable("http_503", "", status=503), Sign.DEAD),
        (retryable("not_connected", ""), Sign.DEAD),
        (Outcome(OutcomeKind.UNKNOWN, "", error="answer_lost"), Sign.DEAD),
        (timed_out(""), Sign.DEAD),
        (permanent("address_refused", ""), Sign.NOTHING),
        (retryable("no_time_left", ""), Sign.NOTHING),
    ],
)
def test_what_an_outcome_says_of_its_host(outcome, sign):
    assert sign_of(outcome) is sign


def test_what_is_known_of_a_host_survives_its_row():
    host = replace(down(), busy={"a": SOON}, begun={7: 3, 8: 1}, probe_until=SOON)
    assert read_host(host_value(host)) == host
    assert host_value(Host()) == {}
    assert read_host({"failures": "many"}) == Host()


@given(st.lists(st.integers(0, 20_000), min_size=1, max_size=60), st.integers(1, 6))
def test_no_minute_whatever_its_beginning_holds_more_calls_than_are_allowed(pauses_ms, allowed):
    host, now, begun = Host(), NOW, []
    for pause in pauses_ms:
        now += timedelta(milliseconds=pause)
        found = admit(host, HostLimit(per_minute=allowed), now, "a", SOON)
        if found.go:
            host = found.host
            begun.append(now)
        else:
            assert now < found.again_at <= now + timedelta(seconds=65)
            assert admit(host, HostLimit(per_minute=allowed), found.again_at, "a", SOON).go
    for start in begun:
        assert sum(start <= each < start + timedelta(seconds=60) for each in begun) <= allowed
    assert len(host.begun) <= WINDOW_SLOTS


def test_limits_are_read_as_at_once_and_a_minute():
    found = parse_limits(("api.example.com=5/60", "B.example.com=2", "c.example.com=/30"))
    assert found == {
        "api.example.com": HostLimit(5, 60),
        "b.example.com": HostLimit(2),
        "c.example.com": HostLimit(None, 30),
    }


@pytest.mark.parametrize("entry", ["a=x", "a=0", "a=1/0", "a=-1"])
def test_a_limit_that_cannot_be_read_is_named(entry):
    with pytest.raises(ValueError, match=entry):
        parse_limits((entry,))
