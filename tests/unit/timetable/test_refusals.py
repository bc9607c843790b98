"""What is refused says what is wrong, in which column, and what would be right."""

from datetime import UTC, datetime

import pytest

from carillon.domain.errors import InvalidExpression
from carillon.domain.timetable import Timetable

REFUSED = [
    ("61 * * * *", 1, "61 is outside the minute field", "use 0 to 59"),
    ("0 24 * * *", 3, "24 is outside the hour field", "use 0 to 23"),
    ("0 0 0 * *", 5, "0 is outside the day-of-month field", "use 1 to 31"),
    ("0 0 1 13 *", 7, "13 is outside the month field", "use 1 to 12"),
    ("0 0 * * 8", 9, "8 is outside the day-of-week field", "use 0 to 7"),
    ("60 0 0 * * *", 1, "60 is outside the second field", "use 0 to 59"),
    ("0 22-2 * * *", 3, "The range 22-2 in the hour field runs backwards", "write 22-23,0-2"),
    ("0 0 * * 6-2", 9, "The range 6-2 in the day-of-week field runs backwards", "write 6,0-2"),
    ("0 0 * * FRI-MON", 9, "runs backwards", "write 5-6,0-1"),
    ("0 0 31-1 * *", 5, "runs backwards", "write 31,1 if"),
    ("*/0 * * * *", 3, "A step of 0 does not fit the minute field", "use 1 to 60"),
    ("*/90 * * * *", 3, "A step of 90 does not fit", "@every"),
    ("*/x * * * *", 3, "x is not a step", "a whole number from 1 to 60"),
    ("1/2/3 * * * *", 1, "1/2/3 cannot be read", "or with a step"),
    ("1--2 * * * *", 1, "1--2 cannot be read", "a range"),
    ("-5 * * * *", 1, "An empty value cannot be read", "use * or 0 to 59"),
    ("0,,5 * * * *", 3, "An empty value cannot be read", "use * or 0 to 59"),
    ("5, * * * *", 3, "An empty value cannot be read", "use * or 0 to 59"),
    ("R * * * *", 1, "random or hashed", "jitter_seconds"),
    ("0 H(0-5) * * *", 3, "random or hashed", "jitter_seconds"),
    ("0 0 * * H/2", 9, "random or hashed", "jitter_seconds"),
    ("0 0 1 FOO *", 7, "FOO cannot be read in the month field", "a name such as JAN"),
    ("0 0 * * MONDAY", 9, "MONDAY cannot be read", "a name such as SUN"),
    ("0 ? * * *", 3, "? cannot be read in the hour field", "use * or 0 to 23"),
    ("0 0 ?,1 * *", 5, "? stands alone", "write only ?"),
    ("0 0 32W * *", 5, "32 is outside the day-of-month field", "use 1 to 31"),
    ("0 0 L-3 * *", 5, "L cannot be read", "use * or 1 to 31"),
    ("0 0 * * L", 9, "L alone does not say which weekday", "5L"),
    ("0 0 * * 1#6", 11, "A month has no weekday number 6", "use 1 to 5"),
    ("0 0 * * 1#", 11, "A month has no weekday number (nothing)", "use 1 to 5"),
    ("0 0 * * 9#1", 9, "9 is outside", "use 0 to 7"),
    ("0 0 30 2 *", 1, "never fires", "check the day"),
    ("0 0 31 2,4,6,9,11 *", 1, "never fires", "check the day"),
    ("0 0 31W 2,4 *", 1, "never fires", "check the day"),
    ("* * * *", 8, "five or six fields, not 4", "write day-of-week"),
    ("* * * * * * *", 13, "five or six fields, not 7", "cron(minute hour"),
    ("hello", 6, "five or six fields, not 1", "write hour"),
    ("", 1, "empty", "0 9 * * 1-5"),
    ("   ", 1, "empty", "0 9 * * 1-5"),
    ("0 0 * * \u0661", 9, "not plain ASCII", "type it again"),
    ("0\u00a00 * * *", 2, "not plain ASCII", "type it again"),
    ("0 0 *\n* *", 6, "not plain ASCII", "type it again"),
    ("0 0 * * \x00", 9, "not plain ASCII", "type it again"),
    ("@reboot", 1, "@reboot is not a known name", "@hourly"),
    ("@daily x", 8, "Nothing may follow @daily", "leave out"),
    ("@every", 7, "is not a duration", "@every 1h30m"),
    ("@every 1.5h", 8, "1.5h is not a duration", "@every 1h30m"),
    ("@every 30m1h", 8, "30m1h is not a duration", "in that order"),
    ("@every 500ms", 8, "500ms is not a duration", "whole"),
    ("@every 0s", 8, "An interval of zero", "one second or more"),
    ("@every 99999999999h", 8, "longer than a century", "36500 days"),
    ("rate(5 seconds)", 8, "seconds is not a unit", "@every 30s"),
    ("rate(0 minutes)", 6, "An interval of zero", "one second or more"),
    ("rate(-1 minutes)", 6, "A rate is a whole number and a unit", "rate(5 minutes)"),
    ("rate(5)", 6, "A rate is a whole number and a unit", "rate(5 minutes)"),
    ("rate(9999999999 days)", 6, "longer than a century", "36500 days"),
    ("at(2026-02-30T00:00:00)", 4, "does not exist on the calendar", "check the day"),
    ("at(2026-01-01)", 4, "at() holds one local time", "at(2026-01-31T18:00:00)"),
    ("at(2026-01-01T00:00:00Z)", 4, "at() holds one local time", "without a zone"),
    ("at(2200-01-01T00:00:00)", 4, "2200 is outside the calendar", "1970 to 2199"),
    ("at(2026-03-29T02:30:00)", 4, "does not exist in Europe/Berlin", "2026-03-29T03:00:00"),
    ("  at( 2026-03-29T02:30:00 )", 7, "does not exist in Europe/Berlin", "2026-03-29T03:00:00"),
    ("cron(0 0 * * * *)", 10, "Exactly one of day-of-month and day-of-week is ?", "write ?"),
    ("cron(0 0 ? * ? *)", 14, "Exactly one of day-of-month and day-of-week is ?", "write ?"),
    ("cron(0 0 ? * 0 *)", 14, "0 is outside the day-of-week field", "use 1 to 7"),
    ("cron(0 0 1 * ? 1969)", 16, "1969 is outside the year field", "use 1970 to 2199"),
    ("cron(0 0 1 * ? 2200)", 16, "2200 is outside the year field", "use 1970 to 2199"),
    ("cron(0 0 1 * ? 2030-2027)", 16, "runs backwards", "smaller value first"),
    ("cron(0 0 30 2 ? *)", 1, "never fires", "check the day"),
    ("cron(0 0 29 2 ? 2027)", 1, "never fires", "check the day"),
    ("cron(0 0 1 *)", 6, "cron() has six fields", "cron(minute hour"),
    (" cron(0 61 1 * ? *)", 9, "61 is outside the hour field", "use 0 to 23"),
    ("cron(0 0 1 * ? *", 16, "closing parenthesis", "end the expression"),
    ("rate(5 minutes) UTC", 17, "Nothing may follow the closing parenthesis", "leave out what follows"),
    (
        "  at(2030-01-01T00:00:00)Z",
        26,
        "Nothing may follow the closing parenthesis",
        "leave out what follows",
    ),
]


@pytest.mark.parametrize(("expression", "column", "what", "remedy"), REFUSED)
def test_a_refusal_names_the_fault_its_column_and_the_remedy(expression, column, what, remedy):
    with pytest.raises(InvalidExpression) as refusal:
        Timetable.parse(expression, "Europe/Berlin")
    assert (refusal.value.column, what in refusal.value.what) == (column, True)
    assert remedy in refusal.value.remedy
    assert f"(column {column})" in str(refusal.value)


@pytest.mark.parametrize(
    "zone", ["Europe/Berln", "", "europe/berlin/", "../etc/passwd", "Europe", "CEST+1", "Z" * 99, "Köln"]
)
def test_an_unknown_zone_is_refused(zone):
    with pytest.raises(InvalidExpression, match="no time zone named"):
        Timetable.parse("0 0 * * *", zone)


def test_unknown_switches_are_refused():
    with pytest.raises(InvalidExpression, match="gap switch"):
        Timetable.parse("0 0 * * *", "UTC", gap="run")
    with pytest.raises(InvalidExpression, match="fold switch"):
        Timetable.parse("0 0 * * *", "UTC", fold="thrice")


def test_an_expression_whose_every_time_is_jumped_over_is_refused_only_when_gaps_are_skipped():
    expression = "cron(30 2 29 3 ? 2026)"
    assert Timetable.parse(expression, "Europe/Berlin").after(datetime(2026, 1, 1, tzinfo=UTC)) is not None
    with pytest.raises(InvalidExpression, match="jump over every time"):
        Timetable.parse(expression, "Europe/Berlin", gap="skip")


@pytest.mark.parametrize("anchor", [datetime(1969, 12, 31, tzinfo=UTC), datetime(2200, 1, 3, tzinfo=UTC)])
def test_an_anchor_outside_the_calendar_is_refused(anchor):
    with pytest.raises(InvalidExpression, match="is outside the calendar") as refusal:
        Timetable.parse("@every 1h", "UTC", anchor=anchor)
    assert refusal.value.remedy == "use 1970 to 2199"


def test_an_interval_is_offered_only_for_a_step_that_is_one():
    for expression, remedy in {
        "*/0 * * * *": "use 1 to 60",
        "0 0 */32 * *": "use 1 to 31",
    }.items():
        with pytest.raises(InvalidExpression) as refusal:
            Timetable.parse(expression, "UTC")
        assert refusal.value.remedy == remedy


def test_moments_and_anchors_without_a_zone_are_programming_errors():
    naive = datetime(2026, 1, 1)
    with pytest.raises(ValueError, match="aware"):
        Timetable.parse("@daily", "UTC").after(naive)
    with pytest.raises(ValueError, match="aware"):
        Timetable.parse("@every 1h", "UTC", anchor=naive)
