"""What the runs of one UTC hour came to, in counts that a repeated stream record cannot raise twice.

An end is counted in the hour it was written. A row remembers the marks of the ends it counted last; the stream repeats
at most its latest batch, so a bounded number of marks tells every repeat.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import sha256
from typing import Final
from zlib import crc32

from carillon.domain.moments import to_ms
from carillon.domain.overlap import QUEUE_FULL, REPLACED, SKIPPED
from carillon.domain.run import Origin, Run, RunState
from carillon.domain.run_change import Change, RunChange
from carillon.domain.run_document import between_ms, first_start
from carillon.domain.workflow.tasks import BELOW

MARK_BYTES: Final = 4
KEPT_MARKS: Final = 128
"""More than a batch of the stream holds, so that a whole batch can be told again; 512 bytes of a row."""

OVERVIEW_LANES: Final = 4
"""How many rows an hour's overview is spread over, so that stream shards seldom meet at one."""

_ENDS: Final[Mapping[RunState, str]] = {
    RunState.SUCCEEDED: "succeeded",
    RunState.FAILED: "failed",
    RunState.TIMED_OUT: "timed_out",
    RunState.UNKNOWN: "unknown",
    RunState.CANCELLED: "cancelled",
    RunState.COMPENSATED: "compensated",
    RunState.COMPENSATION_FAILED: "compensation_failed",
}
_SKIPS: Final[Mapping[str, str]] = {
    "misfired": "misfired",
    "excluded": "excluded",
    SKIPPED: "overlap_skipped",
    QUEUE_FULL: "overlap_skipped",
    REPLACED: "overlap_skipped",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Top-level runs by what became of them, and the totals that averages are made of.

    `fired` started an attempt; `retried` are the attempts beyond the first. `missed` are fire times without a row of
    their own, told by a summary row; `skipped` are those with any other reason. `lateness_ms` is over the `timed`
    runs of fire times, `duration_ms` over those fired.
    """

    fired: int = 0
    succeeded: int = 0
    failed: int = 0
    timed_out: int = 0
    unknown: int = 0
    cancelled: int = 0
    compensated: int = 0
    compensation_failed: int = 0
    misfired: int = 0
    overlap_skipped: int = 0
    excluded: int = 0
    skipped: int = 0
    missed: int = 0
    retried: int = 0
    timed: int = 0
    lateness_ms: int = 0
    duration_ms: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(self)}
        )


@dataclass(frozen=True, slots=True)
class LastRun:
    """The run that ended last, as a row remembers it."""

    run_id: str
    state: RunState
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """One end of a run: its mark, what it adds, and the run itself."""

    mark: bytes
    counts: Counts
    run: LastRun


@dataclass(frozen=True, slots=True)
class HourKey:
    """Whose hour: a schedule's id or a lane of the overview, and the hour's beginning."""

    owner: str
    hour: datetime


@dataclass(frozen=True, slots=True)
class HourStats:
    """One stats row; `marks` are of the ends counted last, newest last. Version 0 is a row not yet written."""

    key: HourKey
    counts: Counts = Counts()
    last_run: LastRun | None = None
    marks: tuple[bytes, ...] = ()
    version: int = 0

    def counting(self, ends: Iterable[End]) -> "HourStats":
        """The row with the ends that it does not hold yet; the same row when it holds them all."""
        known, counts, last, fresh = set(self.marks), self.counts, self.last_run, list[bytes]()
        for end in ends:
            if end.mark in known:
                continue
            known.add(end.mark)
            fresh.append(end.mark)
            counts += end.counts
            last = end.run if last is None or last.ended_at <= end.run.ended_at else last
        if not fresh:
            return self
        marks = (*self.marks, *fresh)[-KEPT_MARKS:]
        return HourStats(self.key, counts, last, marks, self.version + 1)


def by_hour(changes: Sequence[Change]) -> dict[HourKey, list[End]]:
    """The ends among some changes of runs, for each row that has to count them."""
    found: dict[HourKey, list[End]] = {}
    for change in changes:
        end = _end_of(change)
        if end is None or not isinstance(change, RunChange) or change.after is None:
            continue
        schedule_id, hour = change.after.run_id.schedule_id, hour_of(end.run.ended_at)
        for owner in (schedule_id, overview_lane(schedule_id)):
            found.setdefault(HourKey(owner, hour), []).append(end)
    return found


def ended_runs(changes: Iterable[Change]) -> list[Run]:
    """The runs that ended by some changes, those of workflows' parts left out."""
    ends = [change for change in changes if _end_of(change) is not None]
    return [change.after for change in ends if isinstance(change, RunChange) and change.after is not None]


def hour_of(moment: datetime) -> datetime:
    """The beginning of a moment's hour."""
    return moment.replace(minute=0, second=0, microsecond=0)


def overview_lane(schedule_id: str) -> str:
    """The owner of the overview rows that count this schedule's runs; no schedule can have such an id."""
    return overview_owner(crc32(schedule_id.encode()) % OVERVIEW_LANES)


def overview_owner(lane: int) -> str:
    """The owner of one lane's rows."""
    return f"overview#{lane}"


def _end_of(change: Change) -> End | None:
    if not isinstance(change, RunChange) or not change.ends_now or change.after is None:
        return None
    run = change.after
    if run.origin in BELOW or run.ended_at is None:
        return None
    text = f"{run.run_id}:{run.state}:{to_ms(run.ended_at)}"
    mark = sha256(text.encode()).digest()[:MARK_BYTES]
    return End(mark, counts_of(run), LastRun(str(run.run_id), run.state, run.ended_at))


def counts_of(run: Run) -> Counts:
    """What an ended run adds to its hour. A second end, after an operator's doing, adds only its state."""
    if run.state is RunState.SKIPPED:
        if run.skipped_count is not None:
            return Counts(missed=run.skipped_count)
        return Counts(**{_SKIPS.get(run.reason or "", "skipped"): 1})
    ended = Counts(**{_ENDS[run.state]: 1})
    if run.attempt == 0 or _has_ended_before(run):
        return ended
    started_at = first_start(run)
    started = replace(
        ended,
        fired=1,
        retried=max(run.attempt - 1, 0),
        duration_ms=between_ms(started_at, run.ended_at) or 0,
    )
    lateness = between_ms(run.fire_at, started_at) if run.origin is Origin.FIRE else None
    return started if lateness is None else replace(started, timed=1, lateness_ms=max(lateness, 0))


def _has_ended_before(run: Run) -> bool:
    return any(event.status.is_terminal for event in run.events[:-1])
