"""What a schedule will do next, with everything that changes a fire time told: clocks, calendars, jitter, bounds.

It stands on `preview.upcoming`, which knows the clock changes; what is left out by a calendar stands between the others
as a skipped entry, as a local time does that a gap swallows.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from carillon.domain.calendars import Calendars, Exclusions, exclusions_of
from carillon.domain.fire_times import JUST, timetable_of
from carillon.domain.jitter import jittered
from carillon.domain.preview import FireTime, upcoming
from carillon.domain.schedule import TimetableSpec

MOST_LOOKED_AT: Final = 1000
"""Fire times that one preview looks at, so that a calendar which leaves out nearly all of them costs no more."""


def explain_upcoming(
    spec: TimetableSpec, calendars: Calendars, schedule_id: str, moment: datetime, count: int
) -> tuple[FireTime, ...]:
    """The next `count` fire times that run, those left out between them; MissingCalendar, InvalidExpression.

    Fewer when the timetable or its bounds end, or when MOST_LOOKED_AT have been looked at.
    """
    exclusions = exclusions_of(spec, calendars)
    if spec.starts_at is not None and moment < spec.starts_at:
        moment = spec.starts_at - JUST
    told: dict[datetime, FireTime] = {}
    looked_at, running = 0, 0
    while running < count and looked_at < MOST_LOOKED_AT:
        batch = _merged(spec, moment, count - running)
        told.update((entry.at, _explained(entry, spec, exclusions, schedule_id)) for entry in batch)
        fires = [entry.at for entry in batch if not entry.skipped]
        if not fires:
            break
        looked_at, moment = looked_at + len(batch), fires[-1]
        running = sum(not entry.skipped for entry in told.values())
    return tuple(told[at] for at in sorted(told))


def _merged(spec: TimetableSpec, moment: datetime, count: int) -> list[FireTime]:
    """The next entries with at most `count` fire times, within the bounds and with those of also_at among them."""
    entries = {entry.at: entry for entry in upcoming(timetable_of(spec), moment, count)}
    zone = ZoneInfo(spec.zone)
    for extra in spec.also_at:
        if extra > moment and (extra not in entries or entries[extra].skipped):
            entries[extra] = FireTime(extra, extra.astimezone(zone), "an extra fire time of also_at")
    ordered = [entries[at] for at in sorted(entries) if spec.ends_at is None or at <= spec.ends_at]
    fires = [entry.at for entry in ordered if not entry.skipped]
    if len(fires) <= count:
        return ordered
    return [entry for entry in ordered if entry.at < fires[count]]


def _explained(entry: FireTime, spec: TimetableSpec, exclusions: Exclusions, schedule_id: str) -> FireTime:
    if entry.skipped:
        return entry
    calendar = exclusions.calendar_of(entry.at)
    if calendar is not None:
        return replace(entry, note=_joined(entry.note, f"excluded by the calendar {calendar}"), skipped=True)
    delay = jittered(entry.at, schedule_id, spec.jitter_seconds) - entry.at
    if delay:
        return replace(entry, note=_joined(entry.note, f"starts {delay.total_seconds():g} s later by jitter"))
    return entry


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
