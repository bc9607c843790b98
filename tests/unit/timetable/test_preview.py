"""A preview tells beforehand what a clock change does; a description says an expression in words."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from carillon.domain.errors import InvalidExpression
from carillon.domain.preview import upcoming
from carillon.domain.timetable import Timetable
from carillon.domain.wording import describe
from tests.unit.timetable.expressions import cases
from tests.unit.timetable.test_against_brute_force import share


def preview(expression, start, count, zone="Europe/Berlin", **switches):
    timetable = Timetable.parse(expression, zone, **switches)
    entries = upcoming(timetable, datetime.fromisoformat(start).replace(tzinfo=UTC), count)
    return [
        (entry.at.strftime("%dT%H:%M"), entry.local.isoformat(), entry.note, entry.skipped)
        for entry in entries
    ]


def test_a_time_in_a_gap_is_shown_at_the_jump_with_the_reason():
    note = "02:30:00 does not exist on this day: fires once at the jump, at 03:00:00"
    assert preview("30 2 * * *", "2026-03-28", 3) == [
        ("28T01:30", "2026-03-28T02:30:00+01:00", "", False),
        ("29T01:00", "2026-03-29T03:00:00+02:00", note, False),
        ("30T00:30", "2026-03-30T02:30:00+02:00", "", False),
    ]


def test_a_skipped_time_in_a_gap_stands_between_the_others_without_an_offset():
    note = "02:30:00 does not exist on this day: skipped"
    assert preview("30 2 * * *", "2026-03-28", 2, gap="skip") == [
        ("28T01:30", "2026-03-28T02:30:00+01:00", "", False),
        ("29T01:00", "2026-03-29T02:30:00", note, True),
        ("30T00:30", "2026-03-30T02:30:00+02:00", "", False),
    ]


def test_a_gap_that_swallows_several_times_and_ends_on_one_of_its_own_is_one_entry():
    note = "02:00:00 and more times do not exist on this day and is left out before this one"
    assert preview("0/30 2,3 * * *", "2026-03-29", 1, gap="skip") == [
        ("29T01:00", "2026-03-29T03:00:00+02:00", note, False)
    ]


def test_a_repeated_time_shows_its_second_occurrence_as_skipped_or_as_the_second():
    once = "02:30:00 comes twice on this day: it fires the first time only"
    second = "02:30:00 comes twice on this day: the second is skipped"
    assert preview("30 2 * * *", "2026-10-25", 1) == [
        ("25T00:30", "2026-10-25T02:30:00+02:00", once, False),
        ("25T01:30", "2026-10-25T02:30:00+01:00", second, True),
    ]
    twice = "02:30:00 comes twice on this day: this is the "
    assert preview("30 2 * * *", "2026-10-25", 2, fold="twice") == [
        ("25T00:30", "2026-10-25T02:30:00+02:00", f"{twice}first", False),
        ("25T01:30", "2026-10-25T02:30:00+01:00", f"{twice}second", False),
    ]


def test_interval_like_and_interval_timetables_carry_no_notes():
    for expression in ("*/30 * * * *", "rate(30 minutes)", "@hourly"):
        for start in ("2026-03-29", "2026-10-25"):
            assert {note for *_, note, _ in preview(expression, start, 8)} == {""}


def test_a_preview_ends_with_the_timetable():
    assert len(preview("at(2026-12-24T18:00:00)", "2026-11-22", 5)) == 1
    assert preview("at(2026-12-24T18:00:00)", "2026-12-25", 5) == []


@share(120)
@given(cases())
def test_the_entries_that_fire_are_the_fire_times_in_order(case):
    expression, zone, moment, gap, fold, anchor = case
    try:
        timetable = Timetable.parse(expression, zone, gap=gap, fold=fold, anchor=anchor)
    except InvalidExpression:
        return
    entries = upcoming(timetable, moment, 4)
    found = []
    while len(found) < 4 and (fire := timetable.after(found[-1] if found else moment)) is not None:
        found.append(fire)
    assert [entry.at for entry in entries if not entry.skipped] == found
    assert [entry.at for entry in entries] == sorted({entry.at for entry in entries})
    assert all(entry.local == entry.at.astimezone(ZoneInfo(zone)) for entry in entries if not entry.skipped)
    skipped = [entry for entry in entries if entry.skipped]
    assert all(entry.note for entry in skipped)
    assert all(timetable.after(entry.at - timedelta(seconds=1)) != entry.at for entry in skipped)


SENTENCES = [
    ("30 2 * * *", "At 02:30 every day, UTC time."),
    ("*/5 * * * *", "Every 5 minutes, UTC time."),
    ("* * * * *", "Every minute, UTC time."),
    ("@hourly", "Every hour, UTC time."),
    ("0 */2 * * *", "Every 2 hours, UTC time, never in an hour that a clock change "),
    ("*/10 * * * * *", "Every 10 seconds, UTC time."),
    ("*/20 * 9-17 * * 1-5", "Every 20 seconds, in the hours 9 to 17, on Monday to Friday, UTC time, never "),
    ("5 * 9 * * *", "At second 5, every minute, in the hour 9 every day, UTC time, never "),
    ("0 9-17 * * 1-5", "On the hour, in the hours 9 to 17 on Monday to Friday, UTC time."),
    ("5 0 1,15,LW * *", "At 00:05 on day 1 and 15 of the month and the last weekday of the month, UTC time."),
    (
        "0 0 L,15W * *",
        "At 00:00 on the last day of the month and the weekday nearest to day 15 of the month, UTC time.",
    ),
    ("0 0 13 * 5", "At 00:00 on day 13 of the month or Friday, UTC time."),
    ("0 0 1/29 * ?", "At 00:00 on day 1 and 30 of the month, UTC time."),
    (
        "0 9 * jan-mar mon#2,5L",
        "At 09:00 on the second Monday of the month and the last Friday of the month ",
    ),
    ("cron(0 18 ? * 2 2027-2029)", "At 18:00 on Monday of 2027 to 2029, UTC time."),
    ("30 5 12 24 12 *", "At 12:05:30 on day 24 of the month in December, UTC time."),
    (
        "*/15 2 * * *",
        "At 02:00, 02:15, 02:30 and 02:45 every day, UTC time, never in an hour that a clock change ",
    ),
    ("rate(1 hour)", "Every hour."),
    ("@every 1h30m", "Every 1 hour and 30 minutes."),
    ("at(2026-01-01T18:00:00)", "Once, at 18:00:00 on 2026-01-01, UTC time."),
]


@pytest.mark.parametrize(("expression", "sentence"), SENTENCES)
def test_a_description_says_the_expression_in_words(expression, sentence):
    assert describe(expression, "UTC").startswith(sentence)


@share(120)
@given(cases())
def test_every_accepted_expression_has_a_sentence(case):
    try:
        sentence = describe(case[0], case[1])
    except InvalidExpression:
        return
    assert sentence.endswith(".")
    assert "  " not in sentence
