"""Works a backfill off, a bounded piece at a time: settles what has ended, and begins runs while there is room.

Done by the tick after its claims, by whoever follows a run's end, and once when the backfill is made. Any number of
them may meet: the row's version lets one through, and the runs that it names are put if absent by whoever comes next.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from carillon.domain.backfill import Backfill, BackfillState, begun, pieces
from carillon.domain.calendars import exclusions_of
from carillon.domain.errors import BackfillNotFound, CarillonError, InvalidInput, LostRace, MalformedRow
from carillon.domain.moments import from_key
from carillon.domain.new_run import queued
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_change import Change, RunChange
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.ports.progress import BackfillStore
from carillon.ports.runs import RunStates, RunStore
from carillon.ports.schedules import ScheduleStore
from carillon.ports.world import Clock, Concurrently, Log
from carillon.services.enqueue import Enqueue

MAX_TRIES: Final = 4
PIECE: Final = 100
MAX_PIECES: Final = 20
"""Pieces that one look goes through, so that it is short even where every fire time is passed over."""

MAX_ACTIVE: Final = 500
"""Backfills that one tick looks at."""


class WorkOff:
    """One look at one backfill, at those of a schedule whose run has ended, or at all."""

    def __init__(
        self,
        backfills: BackfillStore,
        schedules: ScheduleStore,
        runs: RunStore,
        states: RunStates,
        enqueue: Enqueue,
        clock: Clock,
        concurrently: Concurrently,
        log: Log,
    ) -> None:
        self._backfills = backfills
        self._schedules = schedules
        self._runs = runs
        self._states = states
        self._enqueue = enqueue
        self._clock = clock
        self._concurrently = concurrently
        self._log = log

    def all(self) -> int:
        """How many runs the active backfills began; one that cannot be worked off stops no other."""
        try:
            active = self._backfills.active(MAX_ACTIVE)
        except CarillonError as error:
            self._log("backfill_held", str(error))
            return 0
        return sum(self._concurrently(self._guarded, active))

    def after(self, changes: Sequence[Change]) -> int:
        """How many runs were begun because runs of backfills have ended; what fails here is left to the tick."""
        ended = [change.after for change in changes if isinstance(change, RunChange) and change.ends_now]
        schedules = {run.run_id.schedule_id for run in ended if run and run.origin is Origin.BACKFILL}
        return sum(self._guarded(ids) for name in sorted(schedules) for ids in self._active_of(name))

    def __call__(self, schedule_id: str, backfill_id: str) -> int:
        """How many runs it began; none where another look was first. BackfillNotFound, MalformedRow."""
        for _ in range(MAX_TRIES):
            before = self._backfills.get(schedule_id, backfill_id)
            if before.state is not BackfillState.ACTIVE:
                return 0
            after = self._looked_at(before)
            if after != before:
                try:
                    self._backfills.save(before, replace(after, version=before.version + 1))
                except LostRace:
                    continue
            fresh = [key for key in after.open if key not in before.open]
            self._put(after, fresh)
            return len(fresh)
        return 0

    def _active_of(self, schedule_id: str) -> list[tuple[str, str]]:
        try:
            found = self._backfills.active_of(schedule_id)
        except CarillonError as error:
            self._log("backfill_held", str(error), schedule_id=schedule_id)
            return []
        return [(schedule_id, each.backfill_id) for each in found]

    def _guarded(self, ids: tuple[str, str]) -> int:
        try:
            return self(*ids)
        except BackfillNotFound:
            return 0
        except Exception as error:  # noqa: BLE001 - the edge of one backfill: whatever it is, the others go on
            self._log("backfill_held", f"{error!r}", schedule_id=ids[0], backfill_id=ids[1])
            return 0

    def _looked_at(self, before: Backfill) -> Backfill:
        now = self._clock.now()
        backfill = before.settled(self._open_states(before))
        head = self._schedules.head(before.schedule_id)
        if head is None or head.state is ScheduleState.DELETED or head.generation != before.generation:
            return backfill.closed(BackfillState.CANCELLED, now, "the schedule was deleted")
        if head.state is ScheduleState.PAUSED:
            return backfill
        try:
            return self._begun(backfill).finished(now)
        except InvalidInput as error:
            return backfill.closed(BackfillState.BROKEN, now, str(error))

    def _open_states(self, backfill: Backfill) -> dict[str, RunState]:
        """The states of the open runs. A row that is missing is put: whoever named it died before that."""
        ids = [RunId(backfill.schedule_id, key) for key in backfill.open]
        found = {run.run_id.run_key: run.state for run in self._runs.get_many(ids)} if ids else {}
        for run_id in ids:
            if run_id.run_key not in found:
                try:
                    is_missing = self._runs.get(run_id) is None
                except MalformedRow:
                    found[run_id.run_key] = RunState.FAILED
                    continue
                if is_missing:
                    self._put(backfill, [run_id.run_key])
        return found

    def _begun(self, backfill: Backfill) -> Backfill:
        if not backfill.room:
            return backfill
        spec = backfill.timetable
        exclusions = exclusions_of(spec, self._schedules.calendars(spec.calendars))
        for piece, behind in islice(pieces(backfill, PIECE), MAX_PIECES):
            states = self._states.between(backfill.schedule_id, min(piece), max(piece))
            backfill = begun(backfill, piece, behind, states, exclusions)
            if backfill.cursor != behind:
                break
        return backfill

    def _put(self, backfill: Backfill, keys: Sequence[str]) -> None:
        now = self._clock.now()
        self._enqueue.many([_run(backfill, key, now) for key in keys])


def _run(backfill: Backfill, key: str, now: datetime) -> Run:
    fire_at = from_key(key)
    return queued(
        RunId(backfill.schedule_id, key),
        backfill.generation,
        Origin.BACKFILL,
        fire_at=fire_at,
        now=now,
        message=f"begun by backfill {backfill.backfill_id}",
        not_before=now,
    )
