"""Starts what runs after a run that has ended, and keeps schedules from following each other in a circle."""

from itertools import islice
from typing import Final

from carillon.domain.chain import MAX_CHAIN, following_run
from carillon.domain.errors import FieldError, InvalidInput, MalformedRow, ScheduleFollowed
from carillon.domain.run_change import Change, UnreadableChange
from carillon.domain.schedule import ScheduleState, TimetableSpec
from carillon.domain.workflow.tasks import BELOW
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock, Log
from carillon.services.enqueue import Enqueue

MAX_NAMED: Final = 10
"""Followers that a refusal names."""


class ChainRuns:
    """Driven by the stream, at least once: a follower's run has one id for one run that it follows."""

    def __init__(self, schedules: ScheduleStore, enqueue: Enqueue, clock: Clock, log: Log) -> None:
        self._schedules = schedules
        self._enqueue = enqueue
        self._clock = clock
        self._log = log

    def __call__(self, change: Change) -> None:
        """Puts and sends the runs that follow; retryable errors bring the change back."""
        if isinstance(change, UnreadableChange) or change.after is None or not change.ends_now:
            return
        run = change.after
        if run.origin in BELOW:
            return
        for follower in self._schedules.followers(run.run_id.schedule_id):
            try:
                head = self._schedules.head(follower)
            except MalformedRow as error:
                self._log("chain_unreadable", str(error), schedule_id=follower)
                continue
            row = None if head is None else following_run(head, run, self._clock.now())
            if row is None or head is None:
                continue
            circle = circle_of(self._schedules, follower, head.timetable)
            if circle:
                self._log("chain_circle", " -> ".join(circle), schedule_id=follower)
                continue
            self._enqueue.many([row])


def check_chain(schedules: ScheduleStore, schedule_id: str, spec: TimetableSpec) -> None:
    """InvalidInput when a schedule would follow one that does not exist, or itself by way of others."""
    if spec.after is None:
        return
    head = schedules.head(spec.after.schedule_id)
    message = None
    if spec.after.schedule_id != schedule_id and (head is None or head.state is ScheduleState.DELETED):
        message = f"There is no schedule {spec.after.schedule_id} to run after."
    elif circle := circle_of(schedules, schedule_id, spec):
        message = f"These schedules would follow each other in a circle: {' -> '.join(circle)}."
    if message:
        fault = FieldError("timetable.after.schedule_id", message, "chain")
        raise InvalidInput("The schedule is not valid.", [fault])


def check_unfollowed(schedules: ScheduleStore, schedule_id: str) -> None:
    """ScheduleFollowed when schedules run after this one: without it they would never run, and nobody would notice."""
    once = schedules.followers(schedule_id)
    followers = list(islice((each for each in once if _is_after(schedules, each, schedule_id)), MAX_NAMED))
    if followers:
        raise ScheduleFollowed(
            f"Without the schedule {schedule_id} these would never run: {', '.join(followers)}. Delete them first, or "
            "edit what they run after."
        )


def _is_after(schedules: ScheduleStore, follower: str, schedule_id: str) -> bool:
    try:
        head = schedules.head(follower)
    except MalformedRow:
        return False
    if head is None or head.state is ScheduleState.DELETED or head.timetable.after is None:
        return False
    return head.timetable.after.schedule_id == schedule_id


def circle_of(schedules: ScheduleStore, schedule_id: str, spec: TimetableSpec) -> tuple[str, ...]:
    """The schedules from one to itself in the order in which they would run, or (); a longer chain counts as one."""
    path = [schedule_id]
    after = spec.after
    while after is not None:
        path.append(after.schedule_id)
        if after.schedule_id in path[:-1] or len(path) > MAX_CHAIN:
            return tuple(reversed(path))
        head = schedules.head(after.schedule_id)
        after = None if head is None or head.state is ScheduleState.DELETED else head.timetable.after
    return ()
