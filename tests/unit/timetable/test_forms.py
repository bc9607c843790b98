"""What each form means, by example."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from carillon.domain.jitter import jittered
from carillon.domain.timetable import Timetable

START = datetime(2026, 11, 22, 5, 4, 3, tzinfo=UTC)  # a Sunday

EXAMPLES = [
    ("*/5 * * * *", ["22T05:05:00", "22T05:10:00"]),
    ("0 0/5 * * * ?", ["22T05:05:00", "22T05:10:00"]),
    ("*/30 4 5 * * *", ["22T05:04:30", "23T05:04:00"]),
    ("5 5-5 * * *", ["22T05:05:00", "23T05:05:00"]),
    ("0 0 1 jan-JAN *", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
    ("0 9 * * 7", ["22T09:00:00", "29T09:00:00"]),
    ("0 9 * * fri-sun", ["22T09:00:00", "27T09:00:00", "28T09:00:00", "29T09:00:00"]),
    ("0 9 * * sat,0", ["22T09:00:00", "28T09:00:00", "29T09:00:00"]),
    ("0 9 * * 5-7/2", ["22T09:00:00", "27T09:00:00", "29T09:00:00"]),
    ("0 9 13 * 5", ["27T09:00:00", "2026-12-04T09:00:00", "2026-12-11T09:00:00", "2026-12-13T09:00:00"]),
    ("0 9 */2 * 1", ["23T09:00:00", "2026-12-07T09:00:00"]),
    ("0 9 ? * 1", ["23T09:00:00", "30T09:00:00"]),
    ("0 9 13 * ?", ["2026-12-13T09:00:00", "2027-01-13T09:00:00"]),
    ("0 9 L * *", ["30T09:00:00", "2026-12-31T09:00:00"]),
    (
        "0 9 LW 5 *",
        ["2027-05-31T09:00:00", "2028-05-31T09:00:00", "2029-05-31T09:00:00", "2030-05-31T09:00:00"],
    ),
    ("0 9 LW 2 *", ["2027-02-26T09:00:00", "2028-02-29T09:00:00"]),
    ("0 9 1W 5 *", ["2027-05-03T09:00:00", "2028-05-01T09:00:00"]),
    ("0 9 31W 1 *", ["2027-01-29T09:00:00", "2028-01-31T09:00:00"]),
    ("0 9 31W * *", ["2026-12-31T09:00:00", "2027-01-29T09:00:00", "2027-03-31T09:00:00"]),
    ("0 9 15w,L * *", ["30T09:00:00", "2026-12-15T09:00:00", "2026-12-31T09:00:00"]),
    ("0 9 * * 5L", ["27T09:00:00", "2026-12-25T09:00:00"]),
    ("0 9 * * l5", ["27T09:00:00", "2026-12-25T09:00:00"]),
    ("0 9 * * friL", ["27T09:00:00", "2026-12-25T09:00:00"]),
    ("0 9 * * mon#1,3", ["25T09:00:00", "2026-12-02T09:00:00", "2026-12-07T09:00:00"]),
    ("0 0 29 2 *", ["2028-02-29T00:00:00", "2032-02-29T00:00:00"]),
    ("@hourly", ["22T06:00:00", "22T07:00:00"]),
    ("@Daily", ["23T00:00:00", "24T00:00:00"]),
    ("@midnight", ["23T00:00:00", "24T00:00:00"]),
    ("@weekly", ["29T00:00:00", "2026-12-06T00:00:00"]),
    ("@monthly", ["2026-12-01T00:00:00", "2027-01-01T00:00:00"]),
    ("@yearly", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
    ("@ANNUALLY", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
    ("cron(0 18 ? * MON-FRI *)", ["23T18:00:00", "24T18:00:00"]),
    ("cron(0 18 ? * 1 *)", ["22T18:00:00", "29T18:00:00"]),
    ("cron(0 18 ? * 7-1 *)", ["22T18:00:00", "28T18:00:00", "29T18:00:00"]),
    ("cron(0 18 ? * L *)", ["28T18:00:00", "2026-12-05T18:00:00"]),
    ("cron(0 18 ? * 6L *)", ["27T18:00:00", "2026-12-25T18:00:00"]),
    ("cron(0 18 ? * 2#1 *)", ["2026-12-07T18:00:00", "2027-01-04T18:00:00"]),
    ("cron(0 22-1 22 * ? *)", ["22T22:00:00", "22T23:00:00", "2026-12-22T00:00:00"]),
    ("cron(0 0 29 2 ? 2195-2199)", ["2196-02-29T00:00:00", None]),
    ("cron(0 0 1 1 ? 2199)", ["2199-01-01T00:00:00", None]),
    ("cron(0 12 31 12 ?)", ["2026-12-31T12:00:00", "2027-12-31T12:00:00"]),
    ("AT(2026-11-30T18:00:01)", ["30T18:00:01", None]),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES)
def test_an_expression_fires_as_its_form_says(expression, expected):
    timetable, moment = Timetable.parse(expression, "UTC"), START
    for wanted in expected:
        moment = timetable.after(moment)
        if wanted is None:
            assert moment is None
        else:
            full = wanted if wanted.startswith("2") and "-" in wanted else f"2026-11-{wanted}"
            assert moment == datetime.fromisoformat(full).replace(tzinfo=UTC)


def test_intervals_count_from_their_anchor_and_start_with_it():
    anchor = datetime(2026, 11, 22, 12, 0, 7, 999, tzinfo=ZoneInfo("Asia/Tokyo"))
    timetable = Timetable.parse("rate(90 minutes)", "Asia/Tokyo", anchor=anchor)
    first = datetime(2026, 11, 22, 3, 0, 7, tzinfo=UTC)
    assert timetable.after(first - timedelta(days=9)) == first
    assert timetable.after(first) == first + timedelta(minutes=90)
    assert timetable.anchor == first


def test_a_day_of_rate_is_24_hours_so_that_local_time_drifts_at_a_clock_change():
    anchor = datetime(2026, 10, 24, 8, tzinfo=UTC)
    for expression in ("rate(1 day)", "@every 24h", "@every 1d"):
        timetable = Timetable.parse(expression, "Europe/Berlin", anchor=anchor)
        local = timetable.after(datetime(2026, 10, 25, tzinfo=UTC)).astimezone(ZoneInfo("Europe/Berlin"))
        assert (local.day, local.hour) == (25, 9)


def test_white_space_and_anchors_of_cron_make_no_difference_to_equality():
    plain = Timetable.parse("0 9 * * 1-5", "Europe/Berlin")
    assert Timetable.parse("  0 9\t*  * 1-5 ", "Europe/Berlin", anchor=START) == plain
    assert Timetable.parse("0 9 * * 1-5", "Europe/Berlin", fold="twice") != plain


def test_the_calendar_ends_with_2199_and_begins_with_1970_in_every_zone():
    for zone in ("Pacific/Kiritimati", "UTC", "Etc/GMT+12"):
        daily = Timetable.parse("0 0 * * *", zone)
        last = daily.after(datetime(2199, 12, 29, 18, tzinfo=UTC)).astimezone(ZoneInfo(zone))
        assert last.year == 2199
        assert daily.after(datetime(2200, 1, 1, 12, tzinfo=UTC)) is None
        assert daily.after(datetime(9999, 12, 31, tzinfo=UTC)) is None
        assert (
            daily.after(datetime(1, 1, 2, tzinfo=UTC)).astimezone(ZoneInfo(zone)).date().isoformat()
            == "1970-01-01"
        )
    assert Timetable.parse("rate(1 day)", "UTC").after(datetime(2201, 1, 1, tzinfo=UTC)) is None


def test_jitter_is_the_same_each_time_within_bounds_and_spread_over_them():
    fire_at = datetime(2026, 11, 22, 5, tzinfo=UTC)
    delays = [(jittered(fire_at, f"job-{number}", 9) - fire_at).total_seconds() for number in range(400)]
    assert delays == [
        (jittered(fire_at, f"job-{number}", 9) - fire_at).total_seconds() for number in range(400)
    ]
    assert set(delays) == set(range(10))
    days = [fire_at + timedelta(days=day) for day in range(9)]
    assert len({jittered(day, "job", 600) - day for day in days}) > 5
    assert jittered(fire_at, "job", 0) == fire_at
    assert jittered(fire_at, "job", 600) == datetime(2026, 11, 22, 5, 6, 51, tzinfo=UTC)
