"""The smallest gap is a true lower bound on the distance of fire times, clock changes included."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carillon.domain.errors import InvalidExpression
from carillon.domain.smallest_gap import smallest_gap
from carillon.domain.timetable import Timetable
from tests.unit.timetable.expressions import cases, changes
from tests.unit.timetable.test_against_brute_force import share

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# (expression, gap, fold, smallest gap in Europe/Berlin)
KNOWN = [
    ("*/5 * * * *", "fire", "once", timedelta(minutes=5)),
    ("*/7 * * * *", "fire", "once", timedelta(minutes=4)),
    ("*/10 * * * * *", "fire", "once", timedelta(seconds=10)),
    ("55 59 * * * *", "fire", "once", HOUR),
    ("0 9 * * *", "fire", "once", 23 * HOUR),
    ("30 2 * * *", "fire", "once", 23.5 * HOUR),
    ("30 2 * * *", "skip", "once", 24 * HOUR),
    ("30 2 * * *", "fire", "twice", HOUR),
    ("5 2,3 * * *", "fire", "once", timedelta(minutes=5)),
    ("0 2,3 * * *", "fire", "once", HOUR),
    ("0 9 * * 1", "fire", "twice", 7 * DAY - HOUR),
    ("0 9 1 * *", "fire", "once", 28 * DAY - HOUR),
    ("0 9 1,15 * *", "fire", "once", 14 * DAY - HOUR),
    ("0 9 L * *", "fire", "once", 28 * DAY - HOUR),
    ("0 9 1,L * *", "fire", "once", DAY - HOUR),
    ("0 9 15W * *", "fire", "once", 24 * DAY - HOUR),
    ("0 9 * * 1#1", "fire", "once", 28 * DAY - HOUR),
    ("0 9 13 * 5", "fire", "once", DAY - HOUR),
    ("rate(5 minutes)", "fire", "once", timedelta(minutes=5)),
    ("at(2026-10-25T02:30:00)", "fire", "once", timedelta.max),
    ("at(2026-10-25T02:30:00)", "fire", "twice", HOUR),
]


@pytest.mark.parametrize(("expression", "gap", "fold", "expected"), KNOWN)
def test_the_smallest_gap_of_a_known_expression(expression, gap, fold, expected):
    timetable = Timetable.parse(expression, "Europe/Berlin", gap=gap, fold=fold)
    assert smallest_gap(timetable, NOW) == expected


def test_a_zone_without_clock_changes_takes_nothing_off():
    assert smallest_gap(Timetable.parse("0 9 * * *", "UTC"), NOW) == DAY
    assert smallest_gap(Timetable.parse("0 9 * * *", "Asia/Tokyo"), NOW) == DAY
    # Samoa stopped changing its clocks in 2021; before 2012 it lost a day.
    assert smallest_gap(Timetable.parse("0 9 * * *", "Pacific/Apia"), NOW) == DAY
    assert smallest_gap(Timetable.parse("0 9 * * *", "Pacific/Apia"), NOW.replace(year=2010)) < DAY


@share(200)
@given(cases(), st.data())
def test_no_two_fire_times_near_a_clock_change_are_closer_than_the_bound(case, data):
    expression, zone, moment, gap, fold, anchor = case
    try:
        timetable = Timetable.parse(expression, zone, gap=gap, fold=fold, anchor=anchor)
    except InvalidExpression:
        return
    bound = smallest_gap(timetable, moment)
    assert bound >= timedelta(seconds=1)
    near = [change for change in changes(zone, moment.year) if change >= moment]
    starts = [moment, *(change - data.draw(st.sampled_from([HOUR, 9 * HOUR, 30 * HOUR])) for change in near)]
    for start in starts:
        fire = timetable.after(max(start, moment))
        for _ in range(8):
            following = None if fire is None else timetable.after(fire)
            if fire is None or following is None:
                break
            assert following - fire >= bound
            fire = following
