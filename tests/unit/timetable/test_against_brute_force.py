"""Every form of timetable agrees with a brute-force scan that shares no code with it."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings

from carillon.domain.errors import InvalidExpression
from carillon.domain.timetable import Timetable
from tests.unit.timetable import oracle
from tests.unit.timetable.expressions import FOLDS, GAPS, cases

EXAMPLES = int(os.environ.get("CARILLON_EXAMPLES", "0"))


def share(examples):
    """A fixed share of examples, the same each time; CARILLON_EXAMPLES asks for that many random ones instead."""
    return settings(
        max_examples=EXAMPLES or examples,
        derandomize=not EXAMPLES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


def expect_refusal_is_right(expression, zone, gap, refusal):
    """A refused expression names no date, or only local times that its zone jumps over."""
    if expression.startswith("at("):
        local = datetime.fromisoformat(expression[3:-1])
        outside = not 1970 <= local.year <= 2199
        assert outside or oracle.instants(local, ZoneInfo(zone), "skip", "twice", absolute=False) == []
        return
    assert "never fires" in refusal.what
    start = datetime(1969, 12, 30, tzinfo=UTC)
    assert oracle.next_of_cron(oracle.read(expression), ZoneInfo(zone), gap, "once", start) is None


@share(600)
@given(cases())
def test_the_next_fire_time_is_what_a_scan_finds_under_all_four_switch_pairs(case):
    expression, zone, moment, _, _, anchor = case
    for gap in GAPS:
        for fold in FOLDS:
            try:
                timetable = Timetable.parse(expression, zone, gap=gap, fold=fold, anchor=anchor)
            except InvalidExpression as refusal:
                expect_refusal_is_right(expression, zone, gap, refusal)
                continue
            found = timetable.after(moment)
            assert found == oracle.next_fire(expression, zone, moment, gap, fold, anchor)
            assert found is None or (found > moment and found.microsecond == 0 and found.tzinfo is UTC)


@share(150)
@given(cases())
def test_a_fire_time_follows_a_moment_just_before_it_and_the_next_one_is_later(case):
    expression, zone, moment, gap, fold, anchor = case
    try:
        timetable = Timetable.parse(expression, zone, gap=gap, fold=fold, anchor=anchor)
    except InvalidExpression:
        return
    found = timetable.after(moment)
    for _ in range(3):
        if found is None:
            break
        assert timetable.after(found - timedelta(microseconds=1)) == found
        following = timetable.after(found)
        assert following is None or following > found
        found = following
