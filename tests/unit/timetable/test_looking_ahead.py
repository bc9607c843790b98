"""A look ahead tells beforehand what calendars, jitter, extra fire times and skips make of a timetable."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from carillon.domain.calendars import Calendar, exclusions_of
from carillon.domain.jitter import jittered
from carillon.domain.looking_ahead import look_ahead, look_ahead_of
from carillon.domain.schedule import TimetableSpec
from tests.contract.builders import schedule

FRIDAY = datetime(2026, 12, 18, tzinfo=UTC)
DAILY = TimetableSpec("0 6 * * *")


def shown(entries):
    return [(each.fire.at.day, each.fire.skipped, each.fire.note) for each in entries]


def test_days_that_a_calendar_excludes_stand_between_the_others_with_its_name():
    spec = replace(DAILY, calendars=("weekend",))
    calendars = {"weekend": Calendar(name="weekend", weekdays=(5, 6), updated_at=FRIDAY)}

    entries = look_ahead(spec, FRIDAY, 4, exclusions_of(spec, calendars))

    note = "the calendar weekend excludes this day"
    assert shown(entries) == [(18, False, ""), (19, True, note), (20, True, note), (21, False, "")]
    assert entries[1].starts_at is None


def test_the_jitter_of_a_draft_is_a_bound_and_that_of_a_schedule_is_exact():
    spec = replace(DAILY, jitter_seconds=300)
    [draft] = look_ahead(spec, FRIDAY, 1)
    [saved] = look_ahead_of(schedule(timetable=spec, next_fire_at=FRIDAY), FRIDAY, 1)

    expected = jittered(saved.fire.at, "nightly-etl", 300)
    seconds = (expected - saved.fire.at).seconds
    assert (draft.starts_at, draft.fire.note) == (None, "starts up to 300 s later, by jitter")
    assert (saved.starts_at, saved.fire.note) == (expected, f"starts {seconds} s later, by jitter")


def test_extra_fire_times_stand_in_their_place_and_count():
    extra = FRIDAY + timedelta(hours=20)
    entries = look_ahead(replace(DAILY, also_at=(extra, FRIDAY - timedelta(days=1))), FRIDAY, 2)
    assert [(each.fire.at, each.fire.note) for each in entries] == [
        (FRIDAY + timedelta(hours=6), ""),
        (extra, "an extra fire time of also_at"),
    ]


def test_extra_fire_times_come_after_the_last_regular_one_too():
    extra = FRIDAY + timedelta(days=9)
    entries = look_ahead(TimetableSpec("at(2026-12-18T06:00:00)", also_at=(extra,)), FRIDAY, 5)
    assert [each.fire.at.day for each in entries] == [18, 27]


def test_an_extra_fire_time_that_a_switch_left_out_fires_after_all():
    jump = datetime(2027, 3, 28, 1, tzinfo=UTC)
    spec = TimetableSpec("30 2 * * *", "Europe/Berlin", gap="skip", also_at=(jump,))
    [first, _] = look_ahead(spec, jump - timedelta(hours=2), 2)
    assert (first.fire.at, first.fire.skipped) == (jump, False)


def test_skips_that_were_asked_for_begin_at_the_first_unclaimed_fire_time():
    claimed = FRIDAY + timedelta(hours=6)
    head = schedule(timetable=DAILY, next_fire_at=claimed + timedelta(days=1), skip_next=2)
    why = "an operator has asked to skip it"
    assert shown(look_ahead_of(head, FRIDAY, 4)) == [
        (18, False, ""),
        (19, True, why),
        (20, True, why),
        (21, False, ""),
    ]


def test_nothing_comes_after_the_last_run_that_max_runs_allows():
    head = schedule(timetable=replace(DAILY, max_runs=9), next_fire_at=FRIDAY, fires_left=2)
    assert [each.fire.at.day for each in look_ahead_of(head, FRIDAY, 5)] == [18, 19]


def test_an_excluded_day_uses_up_no_run():
    spec = replace(DAILY, max_runs=9, calendars=("one",))
    exclusions = exclusions_of(
        spec, {"one": Calendar(name="one", dates=(date(2026, 12, 18),), updated_at=FRIDAY)}
    )
    entries = look_ahead_of(
        schedule(timetable=spec, next_fire_at=FRIDAY, fires_left=1), FRIDAY, 5, exclusions
    )
    assert [each.fire.at.day for each in entries if not each.fire.skipped] == [19]
