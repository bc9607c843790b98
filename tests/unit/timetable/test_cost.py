"""What evaluating a timetable costs, counted in executed lines of Python, croniter's own among them."""

import sys
from datetime import UTC, datetime

import pytest

from carillon.domain import cron_dates, timetable, transitions
from carillon.domain.errors import InvalidExpression
from carillon.domain.timetable import Timetable

MOMENT = datetime(2026, 11, 22, 5, 4, 3, tzinfo=UTC)
PARSE_STEPS = 120_000
# One fire time a year, each in a gap that is skipped: every year up to 2199 is looked at, once.
AFTER_STEPS = 700_000
USUAL_STEPS = 20_000

HOSTILE = [
    "*" * 100_000,
    "0," * 20_000 + "0 * * * *",
    "*/5 * * * " + ",".join("1" for _ in range(50_000)),
    "9" * 5_000 + " * * * *",
    "*/" + "9" * 200 + " * * * *",
    "1-" + "9" * 200 + " * * * *",
    "@every " + "9" * 240 + "s",
    "rate(" + "9" * 240 + " days)",
    "0 0 30 2 *",
    "0 0 31 2,4,6,9,11 *",
    "0 0 30W,31W 2 *",
    "cron(0 0 29 2 ? " + ",".join(str(year) for year in range(1971, 2150, 4)) + ")",
    "cron(0 0 29 2 ? 1970-2199/4)",
    "cron(0 0 31 4 ? *)",
    "0 0 29 2 mon#5",
    "((((((((((" * 20,
    "cron(" * 50,
    "@" * 256,
    "#" * 256,
    "0 0 " + ",".join(f"{day}W" for day in range(1, 32)) + ",LW,L 2 " + ",".join(f"{d}#5" for d in range(7)),
    "0 0 */28 2 1#5",
    "cron(30 2 ? 3 1L *)",
    "* * * * * *",
    " ".join(["0-59/1,0-59/1,0-59/1", "0-23/1,0-23/1", "1-31/1,1-31/1", "1-12/1,1-12/1", "0-7/1,0-7/1"]),
    ",".join("0-59" for _ in range(49)) + " * * * *",
]


def forget():
    """Empty every cache, so that nothing is answered from memory."""
    for cached in (
        timetable._parsed,
        timetable._fire_after,
        cron_dates.next_day,
        cron_dates.canonical,
        cron_dates._searcher,
        transitions.change_within,
    ):
        cached.cache_clear()


def lines_executed(work):
    """How many lines of Python a call executes, in any module."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def swallow(work):
    def attempt():
        try:
            work()
        except InvalidExpression:
            return

    return attempt


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: f"{text[:24]}({len(text)})")
@pytest.mark.parametrize("gap", ["fire", "skip"])
def test_a_hostile_expression_is_refused_or_read_within_a_bounded_number_of_steps(expression, gap):
    forget()
    steps = lines_executed(swallow(lambda: Timetable.parse(expression, "Europe/Berlin", gap=gap)))
    assert 0 < steps < PARSE_STEPS


@pytest.mark.parametrize("expression", HOSTILE, ids=lambda text: f"{text[:24]}({len(text)})")
@pytest.mark.parametrize("gap", ["fire", "skip"])
def test_the_next_fire_time_of_any_accepted_expression_is_found_within_a_bounded_number_of_steps(
    expression, gap
):
    try:
        parsed = Timetable.parse(expression, "Europe/Berlin", gap=gap)
    except InvalidExpression:
        return
    forget()
    assert 0 < lines_executed(lambda: parsed.after(MOMENT)) < AFTER_STEPS


USUAL = [
    "30 2 * * 1-5",
    "*/5 * * * *",
    "0 0 29 2 *",
    "0 0 13 * 5",
    "0 9 1,15W * *",
    "15,45 8-18 * 1-6,9-12 mon-fri",
]


@pytest.mark.parametrize("expression", USUAL)
def test_the_usual_expression_costs_little_even_when_nothing_is_remembered(expression):
    parsed = Timetable.parse(expression, "America/New_York")
    forget()
    assert 0 < lines_executed(lambda: parsed.after(MOMENT)) < USUAL_STEPS


def test_what_is_too_long_is_refused_before_anything_reads_it():
    for size in (257, 100_000):
        assert lines_executed(swallow(lambda size=size: Timetable.parse("*" * size, "UTC"))) < 40


def test_a_thousand_schedules_alike_cost_one_evaluation():
    forget()
    for number in range(1000):
        anchor = datetime(2026, 1, 1 + number % 28, tzinfo=UTC)
        Timetable.parse("30 2 * * 1-5", "Europe/Berlin", anchor=anchor).after(MOMENT)
    assert timetable._parsed.cache_info().misses == 1
    # One evaluation is the parse asking whether it ever fires.
    assert timetable._fire_after.cache_info().misses == 2
    assert cron_dates._searcher.cache_info().misses == 1


def test_different_switches_zones_bases_and_anchors_are_not_confused_by_the_cache():
    autumn = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    daily = "30 2 * * *"
    once, twice, plain = (
        Timetable.parse(daily, "Europe/Berlin"),
        Timetable.parse(daily, "Europe/Berlin", fold="twice"),
        Timetable.parse(daily, "UTC"),
    )
    assert once.after(autumn) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)
    assert twice.after(autumn) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert plain.after(autumn) == datetime(2026, 10, 25, 2, 30, tzinfo=UTC)
    anchors = [datetime(2026, 1, 1, 0, minute, tzinfo=UTC) for minute in (0, 7)]
    found = {Timetable.parse("rate(1 hour)", "UTC", anchor=anchor).after(autumn) for anchor in anchors}
    assert found == {datetime(2026, 10, 25, 1, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 7, tzinfo=UTC)}
