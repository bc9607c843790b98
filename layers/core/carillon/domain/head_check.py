"""Whether a queued run may start, judged by the schedule's head as it is at that very moment.

Asked only at or after the run's time: an earlier verdict could be overtaken by a resume.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from carillon.domain.catch_up import paced, wanted
from carillon.domain.errors import InvalidInput
from carillon.domain.fire_times import JUST, count_between, fires_at
from carillon.domain.plan import last_too_late
from carillon.domain.run import Origin, Run
from carillon.domain.schedule import Schedule, ScheduleState


@dataclass(frozen=True, slots=True)
class Verdict:
    """Go, or the stable word and the sentence for the row that is skipped.

    With `again_at` it is not skipped: too late for its fire time, it is caught up on at that moment.
    """

    go: bool
    reason: str = ""
    message: str = ""
    again_at: datetime | None = None


GO: Final = Verdict(True)


def may_start(head: Schedule | None, run: Run, now: datetime) -> Verdict:
    """The verdict on a first attempt of a top-level run."""
    if head is None or head.state is ScheduleState.DELETED or head.generation != run.generation:
        return Verdict(False, "deleted", "the schedule was deleted before this run started")
    if run.origin is Origin.MANUAL:
        return GO
    if head.state is ScheduleState.PAUSED:
        return Verdict(False, "paused", "the schedule was paused before this run started")
    if run.origin is not Origin.FIRE:
        return GO
    return _on_time(head, run, now)


def _on_time(head: Schedule, run: Run, now: datetime) -> Verdict:
    if head.active_since is not None and run.fire_at <= head.active_since:
        return Verdict(False, "paused", "the fire time lies inside a pause")
    grace = timedelta(seconds=head.policies.misfire.grace_seconds)
    # A run that came in time and waits for its slot is late by the policy's own will.
    is_late = now > run.not_before + grace and not run.slotted
    seconds = round((now - run.not_before).total_seconds())
    late = f"{seconds} s late, more than the grace of {grace.total_seconds():.0f} s"
    try:
        again_at = _turn_of_late(head, run, now) if is_late else None
        if is_late and again_at is None:
            return Verdict(False, "misfired", late)
        if not fires_at(head.timetable, run.fire_at):
            return Verdict(False, "edited", "the schedule was edited and no longer fires at this time")
    except InvalidInput as error:
        return Verdict(False, "broken", f"the timetable cannot be read: {error}")
    return GO if again_at is None else Verdict(False, "", f"{late}; caught up on in its turn", again_at)


def _turn_of_late(head: Schedule, run: Run, now: datetime) -> datetime | None:
    """When a late fire time is caught up on, None where the policy has enough newer ones that are late, too."""
    count = wanted(head.policies.misfire)
    if not count:
        return None
    newer = count_between(head.timetable, run.fire_at + JUST, last_too_late(head, now))
    return paced(head.schedule_id, now, count - 1 - newer) if newer < count else None
