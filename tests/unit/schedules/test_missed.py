"""A stretch of missed fire times: caught up on as the policy says, the rest on record, whole and counted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from carillon.domain.calendars import Calendar, exclusions_of
from carillon.domain.catch_up import MAX_CATCH_UP, SPREAD_SECONDS, paced
from carillon.domain.claim import MAX_RUNS
from carillon.domain.errors import MissingCalendar
from carillon.domain.fire_times import JUST, count_between, fire_times_between, next_after
from carillon.domain.missed import MAX_LISTED, Cause, missed_rows, settle
from carillon.domain.run import Origin, RunState
from carillon.domain.schedule import TimetableSpec

from .test_plan import NOON, a_schedule

LATE = Cause("misfired", "too late")
WEEKEND = Calendar(name="weekend", weekdays=(5, 6), updated_at=NOON)
HOLIDAYS = Calendar(
    name="holidays",
    zone="Asia/Tokyo",
    dates=(date(2026, 11, 20),),
    ranges=((date(2026, 11, 12), date(2026, 11, 13)),),
    updated_at=NOON,
)
CALENDARS = {"weekend": WEEKEND, "holidays": HOLIDAYS}


def excluding(spec, *names):
    spec = replace(spec, calendars=names)
    return spec, exclusions_of(spec, CALENDARS)


def settled(spec, days, *, catch_up=0, names=(), listed=MAX_LISTED):
    """The fire times of some days up to noon, settled."""
    spec, exclusions = excluding(spec, *names)
    first = next_after(spec, NOON - timedelta(days=days))
    return settle(spec, first, NOON, LATE, catch_up=catch_up, exclusions=exclusions, listed=listed)


def test_a_short_stretch_has_a_row_each():
    missed = settled(TimetableSpec("0 * * * *"), 1)
    assert (missed.count, len(missed.skipped), missed.stretches, missed.caught_up) == (24, 24, (), ())


def test_the_newest_are_caught_up_on_and_the_others_listed():
    missed = settled(TimetableSpec("0 * * * *"), 1, catch_up=2)
    assert missed.caught_up == (NOON - timedelta(hours=1), NOON)
    assert len(missed.skipped) == 22


def test_a_long_stretch_is_one_row_beside_the_newest_that_run():
    missed = settled(TimetableSpec("* * * * * *"), 3, catch_up=2)
    (stretch,) = missed.stretches
    assert missed.caught_up == (NOON - timedelta(seconds=1), NOON)
    assert (stretch.count, stretch.last) == (3 * 86_400 - 2, NOON - timedelta(seconds=2))
    assert missed.rows == 3


def test_what_a_calendar_excludes_is_not_caught_up_on_and_has_a_row_that_names_it():
    # Noon is a Sunday: the newest fire time that may run is Friday's.
    missed = settled(TimetableSpec("0 9 * * *"), 4, catch_up=1, names=("weekend",))
    assert missed.caught_up == (datetime(2026, 11, 20, 9, tzinfo=UTC),)
    causes = {f"{skip.fire_at:%a}": skip.cause.message for skip in missed.skipped}
    assert causes == {
        "Thu": "too late",
        "Sat": "excluded by the calendar weekend",
        "Sun": "excluded by the calendar weekend",
    }


def test_a_long_stretch_counts_what_is_excluded_apart():
    missed = settled(TimetableSpec("* * * * * *"), 4, catch_up=1, names=("weekend",))
    friday = datetime(2026, 11, 20, 23, 59, 59, tzinfo=UTC)
    assert missed.caught_up == (friday,)
    counts = {stretch.reason: stretch.count for stretch in missed.stretches}
    assert counts == {"excluded": 86_400 + 43_200 + 1, "misfired": 2 * 86_400 + 43_200 - 2}
    rows = missed_rows(a_schedule("* * * * * *"), missed, NOON)
    assert len({run.run_id for run in rows}) == len(rows)


def test_an_extra_fire_time_runs_on_a_day_that_a_calendar_excludes():
    sunday = NOON - timedelta(hours=1)
    spec = TimetableSpec("0 9 * * *", also_at=(sunday,))
    assert settled(spec, 4, catch_up=1, names=("weekend",)).caught_up == (sunday,)


def test_days_are_those_of_the_calendars_zone_or_else_of_the_schedules():
    moment = datetime(2026, 11, 19, 15, 30, tzinfo=UTC)  # 20 November, 00:30, in Tokyo
    _, exclusions = excluding(TimetableSpec("30 * * * *", "America/New_York"), "weekend", "holidays")
    assert exclusions.calendar_of(moment) == "holidays"
    assert exclusions.calendar_of(datetime(2026, 11, 21, 4, 30, tzinfo=UTC)) is None  # still Friday there
    assert exclusions.calendar_of(datetime(2026, 11, 21, 5, 30, tzinfo=UTC)) == "weekend"


def test_a_calendar_that_is_not_there_is_named():
    with pytest.raises(MissingCalendar, match="moon"):
        exclusions_of(TimetableSpec("@daily", calendars=("weekend", "moon")), CALENDARS)


EXPRESSIONS = [
    "*/7 * * * *",
    "0 * * * *",
    "30 2 * * *",
    "0 9 * * 1-5",
    "@every 13m",
    "15 10 * * 6",
    "0 0 1 * *",
]


@settings(
    max_examples=120, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)
@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(["UTC", "Europe/Berlin", "America/Havana", "Pacific/Apia"]),
    st.integers(1, 40 * 24),
    st.integers(0, MAX_CATCH_UP),
    st.sets(st.sampled_from(["weekend", "holidays"])),
    st.lists(st.integers(-30 * 86_400, 0), max_size=4),
    st.sampled_from([1, MAX_LISTED]),
)
def test_listed_or_summed_up_every_fire_time_is_accounted_for_as_walking_finds_it(
    expression, zone, hours, catch_up, names, extra, listed
):
    spec, exclusions = excluding(
        TimetableSpec(
            expression,
            zone,
            anchor=NOON - timedelta(days=99),
            also_at=tuple(NOON + timedelta(seconds=second) for second in extra),
        ),
        *sorted(names),
    )
    first = next_after(spec, NOON - timedelta(hours=hours))
    assume(first is not None and first <= NOON)
    walked = list(fire_times_between(spec, first, NOON))
    free = [fire_at for fire_at in walked if exclusions.calendar_of(fire_at) is None]
    missed = settle(spec, first, NOON, LATE, catch_up=catch_up, exclusions=exclusions, listed=listed)

    assert missed.count == len(walked)
    assert missed.caught_up == tuple(free[max(0, len(free) - catch_up) :])
    told = {"misfired": 0, "excluded": 0}
    for skip in missed.skipped:
        told[skip.cause.reason] += 1
    for stretch in missed.stretches:
        told[stretch.reason] += stretch.count
    assert told == {"misfired": len(free) - len(missed.caught_up), "excluded": len(walked) - len(free)}
    assert missed.rows <= MAX_RUNS - 5


# ---------------------------------------------------------------- pace


def test_catch_up_rows_are_paced_and_keep_the_id_of_their_fire_time():
    schedule = a_schedule("0 * * * *")
    rows = missed_rows(schedule, settled(schedule.timetable, 5, catch_up=30, listed=1), NOON)
    caught_up = [run for run in rows if run.state is RunState.QUEUED]
    assert {run.origin for run in caught_up} == {Origin.CATCH_UP}
    assert str(caught_up[-1].run_id) == "etl@20261122T120000Z"
    starts = [run.not_before for run in caught_up]
    assert {late - early for early, late in pairwise(starts)} == {timedelta(seconds=6)}
    assert len(starts) == 30
    assert timedelta() <= starts[0] - NOON < timedelta(seconds=SPREAD_SECONDS)


def test_the_last_catch_up_of_one_claim_can_be_sent_with_a_queues_longest_delay():
    latest = max(paced(f"s{number}", NOON, MAX_CATCH_UP - 1) for number in range(1000))
    assert latest - NOON <= timedelta(seconds=900)


def test_a_thousand_schedules_begin_to_catch_up_at_seconds_of_their_own():
    starts = [paced(f"job-{number}", NOON, 0) for number in range(1000)]
    busiest = max(starts.count(second) for second in set(starts))
    assert len(set(starts)) > SPREAD_SECONDS * 0.9
    assert busiest <= 25


@pytest.mark.parametrize(
    ("bounds", "count"),
    [
        ({}, 1201),
        ({"ends_at": NOON - timedelta(minutes=1000)}, 201),
        ({"starts_at": NOON - timedelta(minutes=700)}, 701),
        ({"starts_at": NOON - timedelta(minutes=900), "ends_at": NOON - timedelta(minutes=500)}, 401),
        ({"starts_at": NOON + timedelta(minutes=1)}, 0),
        ({"ends_at": NOON - timedelta(minutes=1201)}, 0),
    ],
)
def test_a_stretch_is_counted_between_the_bounds_of_the_timetable(bounds, count):
    spec = TimetableSpec("* * * * *", **bounds)
    first = NOON - timedelta(minutes=1200)
    assert count_between(spec, first, NOON) == count
    assert len(list(fire_times_between(spec, next_after(spec, first - JUST), NOON))) == count
