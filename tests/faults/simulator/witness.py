"""The witness: sees every write of a row and every call of a target as it happens, and judges it.

Fire times are told by an oracle of its own: the multiples of a timetable's period. The first wrong thing is kept.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from carillon.domain.run import TRANSITIONS, Origin, RunState
from carillon.domain.run_id import RunId
from carillon.domain.schedule import ScheduleState
from carillon.domain.workflow.step_key import split
from carillon.domain.workflow.tasks import BELOW
from tests.faults.simulator.cast import SKEW_SECONDS, period_of
from tests.faults.simulator.stage import BEGIN
from tests.faults.simulator.witness_of_backfills import BackfillWitness, first_after
from tests.faults.simulator.witness_of_workflows import WorkflowWitness

EDGES = {(state, after) for (state, _), after in TRANSITIONS.items()}
STARTABLE = (RunState.QUEUED, RunState.RETRYING)
BY_WORKER = (RunState.SUCCEEDED, RunState.FAILED, RunState.TIMED_OUT, RunState.RETRYING)
LONGEST_WAKE = timedelta(minutes=16)


class Violation(AssertionError):
    """An invariant does not hold."""


@dataclass
class Promise:
    """What an operator was answered about a schedule, as far as it binds the starts that follow."""

    paused: bool = False
    deleted_generation: int = 0
    timetable: object = None


@dataclass
class Witness(WorkflowWitness, BackfillWitness):
    """What was seen; `checks` counts the judgements made."""

    stage: object
    checks: int = 0
    complaint: str = ""
    calls: Counter = field(default_factory=Counter)
    owners: dict = field(default_factory=dict)
    revisions: dict = field(default_factory=dict)
    promises: dict = field(default_factory=dict)
    stretches: dict = field(default_factory=dict)
    changed_at: dict = field(default_factory=dict)
    paused_last: dict = field(default_factory=dict)
    owed: list = field(default_factory=list)
    heads: dict = field(default_factory=dict)
    runs: dict = field(default_factory=dict)
    passing: list = field(default_factory=list)
    overlap: dict = field(default_factory=dict)
    completing: set = field(default_factory=set)
    signs: dict = field(default_factory=dict)
    backfilled: list = field(default_factory=list)

    def must(self, holds, complaint):
        """Keeps the first complaint."""
        self.checks += 1
        if not holds and not self.complaint:
            who = self.stage.current.name if self.stage.current else "world"
            self.complaint = f"{complaint} [{who}, {self.stage.now:%H:%M:%S.%f}]"

    @property
    def slack(self):
        """How far two clocks can differ."""
        return timedelta(seconds=2 * self.stage.odds.skew_seconds)

    @property
    def clocks_agree(self):
        """Whether the clocks of all actors agree within the promised margin."""
        return self.slack <= timedelta(seconds=SKEW_SECONDS)

    def promise(self, schedule_id):
        """What was promised about a schedule."""
        return self.promises.setdefault(schedule_id, Promise())

    def run_written(self, run_id, old, new):
        """A run's row is about to be put or rewritten."""
        self.must(
            (new.wake_at is None) == new.state.is_terminal,
            f"{run_id} is {new.state} with wake_at {new.wake_at}",
        )
        latest = max(self.stage.now, new.not_before) + LONGEST_WAKE + self.slack
        self.must(new.wake_at is None or new.wake_at <= latest, f"{run_id} wakes too late, at {new.wake_at}")
        if new.skipped_count is not None:
            self.stretches.setdefault(run_id.schedule_id, []).append(new)
        elif new.origin is Origin.FIRE:
            self.must(
                run_id == RunId.of_fire_time(run_id.schedule_id, new.fire_at), f"{run_id} has another's id"
            )
        if old is None:
            self.must(new.state in (RunState.QUEUED, RunState.SKIPPED), f"{run_id} begins {new.state}")
        else:
            self._moved(run_id, old, new)
        if new.state is RunState.SKIPPED and new.origin not in BELOW:
            self._skipped(run_id, new)
        self.runs[run_id] = new
        if old is not None and new.state.is_terminal and new.attempt and new.origin not in BELOW:
            self.workflow_ended(run_id, new)

    def _moved(self, run_id, old, new):
        stays = old.state is new.state and not old.state.is_terminal and old.attempt == new.attempt
        self.must(stays or (old.state, new.state) in EDGES, f"{run_id} went from {old.state} to {new.state}")
        self.must(new.attempt >= old.attempt, f"{run_id} counts its attempts back")
        same = ("generation", "origin", "fire_at", "created_at")
        self.must(all(getattr(old, name) == getattr(new, name) for name in same), f"{run_id} was put twice")
        if new.state is RunState.RUNNING and old.state in STARTABLE:
            self._started(run_id, old, new)
        elif old.state is RunState.RUNNING and new.state is not RunState.RUNNING:
            self._left_running(run_id, old, new)
        elif old.state is RunState.WAITING:
            self._waits(run_id, old, new)
        if new.state is RunState.SUCCEEDED and new.callback is not None:
            word = (run_id, new.attempt) in self.completing
            self.must(word, f"{run_id} succeeded without its target's word")
        if new.state.is_terminal and new.origin is Origin.BACKFILL:
            self.backfilled.append((old, new))

    def _started(self, run_id, old, new):
        self.owners[new.claim_id] = self.stage.current
        self.must(new.attempt == old.attempt + 1, f"{run_id} skips an attempt")
        self.must(self.stage.now >= old.not_before - self.slack / 2, f"{run_id} starts before its time")
        if new.origin in BELOW:
            self.step_started(*split(run_id))
            return
        self._has_room(run_id, new)
        if old.attempt or not self.clocks_agree:
            return
        promise = self.promise(run_id.schedule_id)
        self.must(
            new.generation > promise.deleted_generation, f"{run_id} starts after the delete was answered"
        )
        if new.origin is Origin.FIRE:
            self.must(not promise.paused, f"{run_id} starts after the pause was answered")
            gone = promise.timetable is not None and not _fires(promise.timetable, new.fire_at)
            self.must(not gone, f"{run_id} starts after the edit that took it away was answered")

    def _has_room(self, run_id, new):
        """The overlap policy, which stays the same for a seed's schedule, holds at each start."""
        _, room = self.overlap[run_id.schedule_id]
        if room is None or new.origin is not Origin.FIRE:
            return
        others = [
            str(other)
            for other, run in self.runs.items()
            if other.schedule_id == run_id.schedule_id
            and other != run_id
            and run.origin is Origin.FIRE
            and run.attempt
            and not run.state.is_terminal
        ]
        self.must(len(others) < room, f"{run_id} starts beside {others}, which the overlap policy forbids")

    def _left_running(self, run_id, old, new):
        if old.lease_until is None:
            return  # A workflow: whoever ends its steps moves it on.
        actor = self.stage.current
        if actor is not None and actor.name == "worker":
            self.must(
                self.owners.get(old.claim_id) is actor, f"{run_id} was ended by a worker that does not own it"
            )
            # As the worker saw it: it may have stood still before it wrote.
            self.signs[run_id] = new.events[-1].timestamp
        elif actor is not None and actor.name == "target":
            self._spoken_for(run_id, old)
        else:
            clock = self.stage.now + (actor.skew if actor else timedelta())
            over = old.lease_until is not None and old.lease_until <= clock
            self.must(over, f"{run_id} was taken from its worker before its lease was over")

    def _spoken_for(self, run_id, old):
        """A callback moves the row of the very attempt whose token it has."""
        of = self.stage.current.speaks_for
        self.must(of == (run_id, old.attempt), f"{run_id} attempt {old.attempt} was answered by {of}")

    def _waits(self, run_id, old, new):
        """A waiting run is moved by its target, by whoever stops it, or by the sweep when nothing came in time."""
        actor = self.stage.current
        if actor.name == "target":
            self._spoken_for(run_id, old)
            self.signs[run_id] = actor.began
        elif new.state is RunState.WAITING or new.state is RunState.CANCELLED:
            return
        else:
            known, now = old.callback, self.stage.now + self.slack + timedelta(seconds=1)
            silent = known.heartbeat_seconds is not None and now >= self.signs[run_id] + timedelta(
                seconds=known.heartbeat_seconds
            )
            self.must(
                actor.name == "tick" and (silent or now >= known.due_at),
                f"{run_id} was given up by {actor.name} before its callback was overdue",
            )

    def _skipped(self, run_id, new):
        margin = timedelta(seconds=SKEW_SECONDS) + self.slack
        if new.skipped_count is None:
            self.must(
                self.stage.now >= new.fire_at - margin, f"{run_id} is skipped ({new.reason}) before its time"
            )
        if new.reason == "paused" and new.origin is Origin.FIRE:
            is_paused = self.heads[run_id.schedule_id].state is ScheduleState.PAUSED
            last = self.stage.now if is_paused else self.paused_last.get(run_id.schedule_id, BEGIN)
            self.must(
                new.fire_at <= last + margin, f"{run_id} is skipped as paused although no pause reaches it"
            )

    def called(self, call):
        """A target is called."""
        run_id = RunId.parse(call.run_id)
        self.calls[run_id, call.attempt] += 1
        self.must(
            self.calls[run_id, call.attempt] == 1,
            f"{run_id} called its target twice in attempt {call.attempt}",
        )
        run = self.runs[run_id]
        job = self.revisions[run_id.schedule_id, run.revision].job
        limit = (job.tasks["load"] if job.workflow else job).retry.max_attempts
        total = sum(count for (other, _), count in self.calls.items() if other == run_id) if limit == 1 else 0
        self.must(total <= 1, f"{run_id} has one attempt and called its target {total} times")

    def head_written(self, schedule_id, old, new):
        """A head is about to be rewritten: what its next_fire_at passes must be on record."""
        self.heads[schedule_id] = new
        if new.state is ScheduleState.PAUSED or (old is not None and old.state is ScheduleState.PAUSED):
            self.paused_last[schedule_id] = self.stage.now
        promise = self.promise(schedule_id)
        promise.paused = promise.paused and new.state is ScheduleState.PAUSED
        if old is None or new.timetable != old.timetable or new.generation != old.generation:
            promise.timetable = None
        if old is None:
            self.changed_at[schedule_id] = [_between(self.stage.now, new.updated_at)]
            return
        by_operator = new.head_version != old.head_version
        self.must(new.head_version >= old.head_version, f"{schedule_id} counts its versions back")
        self.must(new.generation >= old.generation, f"{schedule_id} counts its generations back")
        if by_operator:
            self.changed_at[schedule_id].append(_between(self.stage.now, new.updated_at))
        self.passing.append((schedule_id, old, new, by_operator))

    def operation_ends(self):
        """A transaction stands as a whole: now the rows of what its heads passed must be there."""
        while self.passing:
            self._passes(*self.passing.pop())

    def _passes(self, schedule_id, old, new, by_operator):
        if old.next_fire_at is None or old.state is ScheduleState.DELETED:
            return
        end = new.next_fire_at
        if by_operator:
            now = min(self.stage.now, new.updated_at) + timedelta(microseconds=1)
            end = now if end is None else min(end, now)
        fire_at = old.next_fire_at
        while end is not None and fire_at < end:
            self.must(
                self._on_record(schedule_id, fire_at, old.generation),
                f"{schedule_id} loses {fire_at:%H:%M:%S}",
            )
            fire_at += timedelta(seconds=period_of(old.timetable))

    def _on_record(self, schedule_id, fire_at, generation):
        run = self.runs.get(RunId.of_fire_time(schedule_id, fire_at))
        if run is not None:
            return run.generation == generation
        return any(
            row.fire_at <= fire_at <= row.fire_at + (row.skipped_count - 1) * timedelta(seconds=1)
            or row.fire_at <= fire_at
            for row in self.stretches.get(schedule_id, ())
        )

    def time_passes(self, before, now):
        """Fire times come: a schedule that lives owes each a row."""
        for schedule_id, head in self.heads.items():
            if head.state not in (ScheduleState.ACTIVE, ScheduleState.PAUSED):
                continue
            fire_at = first_after(head.timetable, before)
            while fire_at <= now:
                if head.claimed_until is None or fire_at > head.claimed_until:
                    self.owed.append((schedule_id, fire_at, head.generation))
                fire_at += timedelta(seconds=period_of(head.timetable))

    def settles_debts(self):
        """After the faults: every fire time owed is on record, but for those that an operator's write met."""
        near = timedelta(seconds=1) + self.slack
        for schedule_id, fire_at, generation in self.owed:
            head = self.heads[schedule_id]
            is_waiting = head.generation == generation and head.next_fire_at and head.next_fire_at <= fire_at
            if is_waiting or any(
                early - near <= fire_at <= late + near for early, late in self.changed_at[schedule_id]
            ):
                continue
            self.must(
                self._on_record(schedule_id, fire_at, generation),
                f"{schedule_id} never recorded {fire_at:%H:%M:%S}",
            )


def _between(one, other):
    return min(one, other), max(one, other)


def _fires(spec, moment):
    return (moment - BEGIN) % timedelta(seconds=period_of(spec)) == timedelta()
