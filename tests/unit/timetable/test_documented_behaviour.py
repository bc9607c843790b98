"""What Debian cron, EventBridge Scheduler and Kubernetes document about clock changes, reproduced by the switches.

Debian cron: cron(8), "Notes": jobs in a skipped interval run at once, a repeated one does not run them twice, for
changes of less than three hours; longer ones count as corrections of the clock. EventBridge Scheduler: user guide,
"Schedule types", daylight saving time: a time that does not exist is skipped, one that repeats runs once, before the
shift. Kubernetes: robfig/cron v3, doc.go ("will not be run") and spec_test.go (both 01:00 of the repeated hour).
The instants are worked out by hand from the offsets in the second column of each comment.
"""

from datetime import UTC, datetime, timedelta

import pytest

from carillon.domain.timetable import Timetable

DEBIAN, EVENTBRIDGE, KUBERNETES = ("fire", "once"), ("skip", "once"), ("skip", "twice")

# (zone, expression, UTC day to look at from its start, span in hours, {switches: expected UTC instants})
CHANGES = [
    # New York 2026-03-08: 02:00 EST (-5) becomes 03:00 EDT (-4) at 07:00 UTC
    ("America/New_York", "30 2 * * *", "2026-03-08", 24, ["08T07:00"], [], []),
    ("America/New_York", "30 2 * * *", "2027-03-14", 24, ["14T07:00"], [], []),
    # New York 2026-11-01: 02:00 EDT (-4) becomes 01:00 EST (-5) at 06:00 UTC
    (
        "America/New_York",
        "30 1 * * *",
        "2026-11-01",
        24,
        ["01T05:30"],
        ["01T05:30"],
        ["01T05:30", "01T06:30"],
    ),
    (
        "America/New_York",
        "30 1 * * *",
        "2027-11-07",
        24,
        ["07T05:30"],
        ["07T05:30"],
        ["07T05:30", "07T06:30"],
    ),
    # Berlin 2026-03-29: 02:00 CET (+1) becomes 03:00 CEST (+2) at 01:00 UTC
    ("Europe/Berlin", "30 2 * * *", "2026-03-29", 23, ["29T01:00"], [], []),
    ("Europe/Berlin", "30 2 * * *", "2027-03-28", 23, ["28T01:00"], [], []),
    # Berlin 2026-10-25: 03:00 CEST (+2) becomes 02:00 CET (+1) at 01:00 UTC
    ("Europe/Berlin", "30 2 * * *", "2026-10-25", 24, ["25T00:30"], ["25T00:30"], ["25T00:30", "25T01:30"]),
    ("Europe/Berlin", "30 2 * * *", "2027-10-31", 24, ["31T00:30"], ["31T00:30"], ["31T00:30", "31T01:30"]),
    # Lord Howe 2026-04-05: 02:00 (+11) becomes 01:30 (+10:30) at 15:00 UTC on the 4th
    (
        "Australia/Lord_Howe",
        "45 1 * * *",
        "2026-04-04",
        24,
        ["04T14:45"],
        ["04T14:45"],
        ["04T14:45", "04T15:15"],
    ),
    (
        "Australia/Lord_Howe",
        "45 1 * * *",
        "2027-04-03",
        24,
        ["03T14:45"],
        ["03T14:45"],
        ["03T14:45", "03T15:15"],
    ),
    # Lord Howe 2026-10-04: 02:00 (+10:30) becomes 02:30 (+11) at 15:30 UTC on the 3rd
    ("Australia/Lord_Howe", "15 2 * * *", "2026-10-03", 24, ["03T15:30"], [], []),
    ("Australia/Lord_Howe", "15 2 * * *", "2027-10-02", 24, ["02T15:30"], [], []),
    # Cairo 2026-04-24: 00:00 (+2) becomes 01:00 (+3) at 22:00 UTC on the 23rd: midnight does not exist
    ("Africa/Cairo", "0 0 * * *", "2026-04-23", 24, ["23T22:00"], [], []),
    ("Africa/Cairo", "0 0 * * *", "2027-04-29", 24, ["29T22:00"], [], []),
    # Cairo 2026-10-30: 00:00 (+3) becomes 23:00 (+2) of the 29th at 21:00 UTC: the day before repeats its last hour
    ("Africa/Cairo", "30 23 * * *", "2026-10-29", 24, ["29T20:30"], ["29T20:30"], ["29T20:30", "29T21:30"]),
    ("Africa/Cairo", "30 23 * * *", "2027-10-28", 24, ["28T20:30"], ["28T20:30"], ["28T20:30", "28T21:30"]),
    # Santiago 2026-04-05: 00:00 (-3) becomes 23:00 (-4) of the 4th at 03:00 UTC
    (
        "America/Santiago",
        "30 23 * * *",
        "2026-04-05",
        24,
        ["05T02:30"],
        ["05T02:30"],
        ["05T02:30", "05T03:30"],
    ),
    (
        "America/Santiago",
        "30 23 * * *",
        "2027-04-04",
        24,
        ["04T02:30"],
        ["04T02:30"],
        ["04T02:30", "04T03:30"],
    ),
    # Santiago 2026-09-06: 00:00 (-4) becomes 01:00 (-3) at 04:00 UTC: midnight does not exist
    ("America/Santiago", "30 0 * * *", "2026-09-06", 23, ["06T04:00"], [], []),
    ("America/Santiago", "30 0 * * *", "2027-09-05", 23, ["05T04:00"], [], []),
]


def fires(expression, zone, switches, start, hours):
    timetable = Timetable.parse(expression, zone, gap=switches[0], fold=switches[1])
    moment, found = start - timedelta(seconds=1), []
    while (moment := timetable.after(moment)) is not None and moment < start + timedelta(hours=hours):
        found.append(moment.strftime("%dT%H:%M"))
    return found


@pytest.mark.parametrize(
    ("zone", "expression", "day", "hours", "debian", "eventbridge", "kubernetes"), CHANGES
)
def test_a_clock_change_does_what_the_system_whose_switches_are_set_documents(
    zone, expression, day, hours, debian, eventbridge, kubernetes
):
    start = datetime.fromisoformat(day).replace(tzinfo=UTC)
    expected = {DEBIAN: debian, EVENTBRIDGE: eventbridge, KUBERNETES: kubernetes}
    found = {switches: fires(expression, zone, switches, start, hours) for switches in expected}
    assert found == expected


def test_samoa_skips_a_whole_day_which_fires_once_at_the_jump_or_not_at_all():
    """30 December 2011 did not exist in Apia: 00:00 (-10) became 00:00 of the 31st (+14) at 10:00 UTC on the 30th.

    Debian counts a change of more than three hours as a correction and runs nothing late, so there it is (skip, once).
    """
    start = datetime(2011, 12, 29, 0, tzinfo=UTC)
    nine = "0 9 * * *"
    assert fires(nine, "Pacific/Apia", ("fire", "once"), start, 72) == [
        "29T19:00",
        "30T10:00",
        "30T19:00",
        "31T19:00",
    ]
    for switches in (EVENTBRIDGE, KUBERNETES):
        assert fires(nine, "Pacific/Apia", switches, start, 72) == ["29T19:00", "30T19:00", "31T19:00"]


def test_a_job_of_that_skipped_day_alone_fires_at_the_jump():
    start = datetime(2011, 12, 1, tzinfo=UTC)
    assert fires("0 9 30 12 *", "Pacific/Apia", ("fire", "once"), start, 24 * 40) == ["30T10:00"]
    assert fires("0 9 30 12 *", "Pacific/Apia", ("skip", "once"), start, 24 * 40) == []


@pytest.mark.parametrize("switches", [DEBIAN, EVENTBRIDGE, KUBERNETES, ("fire", "twice")])
def test_an_interval_like_job_follows_absolute_time_whatever_the_switches(switches):
    start = datetime(2026, 10, 25, 0, tzinfo=UTC)
    both_passes = ["25T00:00", "25T00:30", "25T01:00", "25T01:30"]
    assert fires("*/30 * * * *", "Europe/Berlin", switches, start, 2) == both_passes
    spring = datetime(2026, 3, 29, 0, tzinfo=UTC)
    assert fires("0 */2 * * *", "Europe/Berlin", switches, spring, 5) == ["29T02:00", "29T04:00"]
    assert fires("*/15 2 * * *", "Europe/Berlin", switches, spring, 20) == []


def test_steps_within_a_fixed_hour_that_does_not_exist_fire_once_together():
    spring = datetime(2026, 3, 29, 0, tzinfo=UTC)
    assert fires("0/15 2 * * *", "Europe/Berlin", DEBIAN, spring, 20) == ["29T01:00"]
    assert fires("15 1-4 * * *", "Europe/Berlin", EVENTBRIDGE, spring, 20) == [
        "29T00:15",
        "29T01:15",
        "29T02:15",
    ]


def test_the_example_of_the_eventbridge_user_guide_skips_spring_and_runs_once_in_autumn():
    """cron(30 2 * * ? *) in America/Los_Angeles: nothing on 8 March 2026; 1:30 in autumn runs before the shift."""
    spring, autumn = datetime(2026, 3, 8, 8, tzinfo=UTC), datetime(2026, 11, 1, 7, tzinfo=UTC)
    zone = "America/Los_Angeles"
    assert fires("cron(30 2 * * ? *)", zone, EVENTBRIDGE, spring, 23) == []
    assert fires("cron(30 1 * * ? *)", zone, EVENTBRIDGE, autumn, 24) == ["01T08:30"]


def test_the_second_of_two_equal_local_times_is_found_from_between_them_even_if_the_next_date_is_far():
    timetable = Timetable.parse("30 2 25 10 *", "Europe/Berlin", fold="twice")
    assert timetable.after(datetime(2026, 10, 25, 0, 45, tzinfo=UTC)) == datetime(
        2026, 10, 25, 1, 30, tzinfo=UTC
    )


def test_a_one_time_expression_in_a_repeated_hour_obeys_the_fold_switch():
    start = datetime(2026, 10, 25, tzinfo=UTC)
    once = "at(2026-10-25T02:30:00)"
    assert fires(once, "Europe/Berlin", ("fire", "once"), start, 9) == ["25T00:30"]
    assert fires(once, "Europe/Berlin", ("fire", "twice"), start, 9) == ["25T00:30", "25T01:30"]
