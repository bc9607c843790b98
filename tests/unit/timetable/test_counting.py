"""Fire times are counted exactly, without walking them, across clock changes, bounds and extra fire times."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from carillon.domain import timetable as timetables
from carillon.domain.errors import InvalidExpression
from carillon.domain.fire_times import count_between, fire_times_between, newest, next_after
from carillon.domain.schedule import TimetableSpec
from tests.unit.timetable.expressions import FOLDS, GAPS, cases
from tests.unit.timetable.test_against_brute_force import share

START = datetime(2026, 3, 27, tzinfo=UTC)
DAY = timedelta(days=1)


def walked(spec, first, last, most=200):
    """The fire times from first to last, one by one."""
    found = []
    for fire_at in fire_times_between(spec, next_after(spec, first - timedelta(microseconds=1)), last):
        found.append(fire_at)
        if len(found) > most:
            break
    return found


@share(200)
@given(cases(), st.integers(1, 60), st.integers(0, 3))
def test_the_count_is_what_walking_finds_under_all_four_switch_pairs(case, steps, more):
    expression, zone, moment, _, _, anchor = case
    for gap in GAPS:
        for fold in FOLDS:
            spec = TimetableSpec(expression, zone, gap, fold, anchor)
            try:
                last = next_after(spec, moment)
            except InvalidExpression:
                assume(False)
            for _ in range(steps):
                last = next_after(spec, last) if last else None
            last = (last or moment + 400 * DAY) + timedelta(seconds=more)
            found = walked(spec, moment, last)
            if len(found) <= 200:
                assert count_between(spec, moment, last) == len(found)


@share(120)
@given(
    cases(), st.lists(st.integers(-90_000, 90_000), max_size=5), st.integers(0, 90_000), st.integers(0, 99)
)
def test_extra_fire_times_and_bounds_are_counted_and_the_newest_found(case, extra, inset, count):
    expression, zone, moment, gap, fold, anchor = case
    moment = moment.replace(microsecond=0)
    first, last = moment - DAY, moment + DAY
    spec = TimetableSpec(
        expression,
        zone,
        gap,
        fold,
        anchor,
        starts_at=first + timedelta(seconds=inset),
        ends_at=last - timedelta(seconds=inset),
        also_at=tuple(moment + timedelta(seconds=second) for second in extra),
    )
    try:
        found = walked(spec, first, last, most=3000)
    except InvalidExpression:
        assume(False)
    if len(found) <= 3000:
        assert count_between(spec, first, last) == len(found)
        assert newest(spec, first, last, count) == tuple(
            found[len(found) - count :] if count <= len(found) else found
        )


@pytest.mark.parametrize(
    ("expression", "days", "expected"),
    [
        ("* * * * * *", 3, 3 * 86_400),
        ("* * * * *", 365, 365 * 1440),
        ("30 2 * * *", 7, 7),
        ("0 * * * *", 7, 7 * 24),
        ("@every 1s", 36_500, 36_500 * 86_400),
        ("rate(7 minutes)", 7, 1440),
    ],
)
def test_a_long_stretch_is_counted_in_a_few_questions(expression, days, expected):
    spec = TimetableSpec(expression, "Europe/Berlin", anchor=START)
    before = timetables._fire_after.cache_info()
    assert count_between(spec, START, START + days * DAY - timedelta(seconds=1)) == expected
    after = timetables._fire_after.cache_info()
    # One for the parse, which asks whether it ever fires.
    assert after.hits + after.misses - before.hits - before.misses <= 1


def test_the_newest_of_a_long_stretch_are_found_without_walking_it():
    spec = TimetableSpec("* * * * * *", "Europe/Berlin")
    last = START + 300 * DAY
    assert newest(spec, START, last, 3) == tuple(last - timedelta(seconds=back) for back in (2, 1, 0))


def test_an_extra_fire_time_that_is_one_already_fires_once():
    spec = TimetableSpec("0 * * * *", also_at=(START + timedelta(hours=1), START + timedelta(minutes=90)))
    assert walked(spec, START, START + timedelta(hours=2)) == [
        START + timedelta(minutes=minute) for minute in (0, 60, 90, 120)
    ]
    assert count_between(spec, START, START + timedelta(hours=2)) == 4


def test_an_extra_fire_time_outlives_the_expression_but_not_the_end():
    extra = START + 3 * DAY
    spec = TimetableSpec("at(2026-03-27T12:00:00)", also_at=(extra,))
    assert next_after(spec, START + DAY) == extra
    assert (
        next_after(TimetableSpec(spec.expression, also_at=(extra,), ends_at=START + 2 * DAY), START + DAY)
        is None
    )


@pytest.mark.parametrize(("gap", "count"), [("fire", 2), ("skip", 2)])
def test_what_a_gap_swallows_and_a_time_of_its_own_at_the_jump_count_once(gap, count):
    # 02:00 and 02:30 do not exist on this night, 03:00 is the jump itself, 03:30 comes after it.
    spec = TimetableSpec("0,30 2-3 * * *", "Europe/Berlin", gap)
    first, last = datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    assert [f"{at:%H:%M}" for at in walked(spec, first, last)] == ["01:00", "01:30"]
    assert count_between(spec, first, last) == count
