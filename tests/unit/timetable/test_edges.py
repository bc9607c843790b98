"""The places where an off-by-one or a forgotten case would hide, each by an example of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.timetable import Timetable


def dates(expression, start, count):
    timetable, moment, found = (
        Timetable.parse(expression, "UTC"),
        datetime.fromisoformat(start).replace(tzinfo=UTC),
        [],
    )
    for _ in range(count):
        moment = timetable.after(moment)
        found.append(f"{moment:%Y-%m-%d}")
    return found


@pytest.mark.parametrize(
    ("expression", "start", "expected"),
    [
        # 1 August 2026 is a Saturday, 1 November 2026 a Sunday.
        ("0 0 1W * *", "2026-07-02", ["2026-08-03", "2026-09-01", "2026-10-01", "2026-11-02"]),
        # 31 October 2026 is a Saturday, 31 January 2027 a Sunday.
        ("0 0 31W * *", "2026-10-01", ["2026-10-30", "2026-12-31", "2027-01-29"]),
        # 28 February 2027 is a Sunday and the last of its month.
        ("0 0 28W 2 *", "2027-01-01", ["2027-02-26", "2028-02-28"]),
        ("0 0 29W 2 *", "2026-01-01", ["2028-02-29", "2032-02-27"]),
        ("0 0 * * FRI-SUN", "2026-11-22", ["2026-11-27", "2026-11-28", "2026-11-29"]),
        ("0 0 * * sat-sun/1", "2026-11-22", ["2026-11-28", "2026-11-29"]),
        ("0 0 * * SUN-TUE", "2026-11-22", ["2026-11-23", "2026-11-24", "2026-11-29"]),
        ("0 0 */2,15W * 1", "2026-11-22", ["2026-11-23", "2026-12-07"]),
        # 24 November 2026 is a Tuesday and the last one of its month, by one day.
        ("0 0 */31,24W 11 2L", "2026-11-01", ["2026-11-24"]),
        ("0 0 29 2 */7", "2026-11-22", ["2032-02-29", "2060-02-29"]),
        ("0 0 L 2 1#5", "2026-11-22", ["2027-02-28", "2028-02-29"]),
    ],
)
def test_days_that_are_easily_missed(expression, start, expected):
    assert dates(expression, start, len(expected)) == expected


def test_a_moment_between_two_seconds_is_followed_by_the_next_whole_one():
    timetable = Timetable.parse("* * * * * *", "UTC")
    moment = datetime(2026, 11, 22, 5, 4, 3, 1, tzinfo=UTC)
    assert timetable.after(moment) == datetime(2026, 11, 22, 5, 4, 4, tzinfo=UTC)
    assert timetable.after(moment.replace(microsecond=0)) == datetime(2026, 11, 22, 5, 4, 4, tzinfo=UTC)


def test_moments_before_1970_and_in_any_zone_are_understood():
    timetable = Timetable.parse("0 0 * * *", "UTC")
    assert timetable.after(datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC)) == datetime(
        1970, 1, 1, tzinfo=UTC
    )
    tokyo = timetable.after(datetime.fromisoformat("2026-11-22T09:00:00+09:00"))
    assert tokyo == datetime(2026, 11, 23, tzinfo=UTC)


def test_monrovia_jumps_by_an_odd_number_of_seconds():
    """Liberia went from 44 minutes and 30 seconds behind UTC to UTC on 7 January 1972: 00:00 became 00:44:30."""
    timetable = Timetable.parse("15 0 7 1 *", "Africa/Monrovia")
    assert timetable.after(datetime(1972, 1, 1, tzinfo=UTC)) == datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC)


def test_a_gap_at_the_turn_of_the_year_moves_a_job_into_the_next_one():
    """The Line Islands left out 31 December 1994: 00:00 (-10) of it became 00:00 (+14) of 1 January."""
    zone = "Pacific/Kiritimati"
    timetable = Timetable.parse("cron(0 9 31 12 ? 1994)", zone)
    fired = timetable.after(datetime(1994, 12, 1, tzinfo=UTC))
    assert fired == datetime(1994, 12, 31, 10, 0, tzinfo=UTC)
    assert timetable.after(fired + timedelta(seconds=1)) is None
