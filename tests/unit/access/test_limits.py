"""Sliding windows are exact, whatever moments operations come at."""

from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.limits import BY_ROLE, Limit, OperationClass, admit, limit_of
from carillon.domain.moments import from_ms

LIMIT = Limit(3, 10)
GAPS = st.lists(st.integers(0, 6000), min_size=1, max_size=60)


def played(gaps):
    """The moments that were let through, and for each refusal its moment, the window and the wait that it was told."""
    now, window, passed, refused = 1_000_000, (), [], []
    for gap in gaps:
        now += gap
        answer = admit(window, LIMIT, from_ms(now))
        if answer.is_allowed:
            window = answer.times_ms
            assert len(window) <= LIMIT.count
            passed.append(now)
        else:
            refused.append((now, window, answer.retry_after_seconds))
    return passed, refused


@given(GAPS)
def test_no_span_of_the_window_ever_sees_more_than_the_limit(gaps):
    passed, _ = played(gaps)
    for begin in passed:
        assert sum(begin <= each < begin + LIMIT.seconds * 1000 for each in passed) <= LIMIT.count


@given(GAPS)
def test_whoever_waits_as_told_is_let_through_and_not_a_second_earlier(gaps):
    for now, window, wait in played(gaps)[1]:
        assert admit(window, LIMIT, from_ms(now + wait * 1000)).is_allowed
        assert not admit(window, LIMIT, from_ms(now + (wait - 1) * 1000)).is_allowed


def test_the_stack_says_how_many_triggers_and_a_role_may_have_more_of_the_rest():
    assert limit_of(OperationClass.TRIGGER, ["admin"], 7) == Limit(7, 60)
    for (role, kind), limit in BY_ROLE.items():
        assert limit_of(kind, [role, "viewer"], 5) == limit
        assert limit_of(kind, ["viewer"], 5).count < limit.count
