"""What the search for clock changes relies on, checked against every zone of the pinned tzdata."""

import zoneinfo
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo
from zoneinfo._zoneinfo import ZoneInfo as PythonZone

import pytest

from carillon.domain.smallest_gap import zone_changes
from carillon.domain.timetable import Timetable
from carillon.domain.transitions import EPOCH, LAST_INSTANT, STRIDE, change_within, changes_from, moment_of
from tests.unit.timetable.expressions import LIVELY
from tests.unit.timetable.oracle import changes_of

ZONES = sorted(zoneinfo.available_timezones())


def listed_changes(zone):
    """The instants since 1970 that the zone's own file lists with a new offset, read by Python's own reader."""
    read = PythonZone.no_cache(zone)
    offsets = [info.utcoff for info in read._ttinfos]
    pairs = zip(read._trans_utc, read._trans_utc[1:], offsets, offsets[1:], strict=False)
    return [late for _, late, before, after in pairs if before != after and 0 < late < LAST_INSTANT - STRIDE]


def test_no_zone_changes_its_clocks_twice_within_two_strides():
    for zone in ZONES:
        listed = listed_changes(zone)
        gaps = [late - early for early, late in pairwise(listed)]
        assert min(gaps, default=10**9) > 2 * STRIDE, zone


@pytest.mark.parametrize("zone", LIVELY)
def test_every_change_that_the_zone_file_lists_is_found(zone):
    listed = listed_changes(zone)
    found = {change.at for change in changes_from(zone, 0, (listed[-1] if listed else 0) + STRIDE)}
    assert set(listed) <= found


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Africa/Casablanca", "Asia/Gaza"])
def test_changes_long_after_the_listed_ones_are_found_too(zone):
    start = int((datetime(2150, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
    found = [moment_of(change.at) for change in changes_from(zone, start, start + 364 * 86_400)]
    assert found == changes_of(ZoneInfo(zone), 2150)


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Africa/Casablanca", "Asia/Gaza", "Africa/Cairo", "America/Nuuk"]
)
def test_after_2100_a_zone_does_nothing_that_it_has_not_done_in_the_years_before(zone):
    assert zone_changes(zone, 2101).kinds <= zone_changes(zone, 2088).kinds
    assert zone_changes(zone, 2150).kinds <= zone_changes(zone, 2088).kinds


def repeated_times_across_a_stride():
    """One change per zone whose repeated local time lies in the stride after the one that holds the change."""
    for zone in ZONES:
        for at in listed_changes(zone):
            change = change_within(zone, (at - 1) // STRIDE)
            last_repeated = at if change is None else change.at - change.shift - 1
            if last_repeated > at and last_repeated // STRIDE != (at - 1) // STRIDE:
                yield zone, change
                break


def test_a_repeated_time_is_recognised_when_the_change_lies_in_the_stride_before():
    found = list(repeated_times_across_a_stride())
    assert len(found) > 5
    for zone, change in found:
        # The last minute of the repetition lies in the next stride.
        local = moment_of(change.at + change.before - 60).replace(tzinfo=None)
        expression = f"{local.minute} {local.hour} {local.day} {local.month} *"
        first = moment_of(change.at - 60).replace(second=0)
        second = first + timedelta(seconds=-change.shift)
        between = moment_of(change.at + 1)
        once, twice = (Timetable.parse(expression, zone, fold=fold) for fold in ("once", "twice"))
        assert once.after(first - timedelta(minutes=2)) == first
        assert twice.after(between) == second
        assert once.after(between) > second + timedelta(days=300)
