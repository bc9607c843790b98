"""The witness: reads every run row as it stands after every write, and every call of a target, and judges them.

What is only known at the end (that nothing is lost, that everything has ended) is asked by `final`.
"""

from collections import Counter, defaultdict
from datetime import timedelta

from carillon.adapters.dynamo.run_item import read_run
from carillon.domain.run import TRANSITIONS, Origin, RunState
from carillon.domain.workflow.tasks import BELOW

EDGES = {(state, after) for (state, _), after in TRANSITIONS.items()}
STARTED = frozenset({RunState.RUNNING, RunState.RETRYING, RunState.WAITING})
LONGEST_WAKE = timedelta(minutes=16)


class Witness:
    """Everything that is promised of one stack's life; `complaints` says what was not kept."""

    def __init__(self, tables, clock, scenario):
        self._tables, self._clock, self._scenario = tables, clock, scenario
        self.runs, self.items = {}, {}
        self.calls, self.alerts, self.changes = [], Counter(), []
        self.forbidden, self.taken_away = {}, {}
        self.complaints, self.checks = [], 0

    def complain(self, what):
        self.complaints.append(f"{self._clock.now():%H:%M:%S} {what}")

    def must(self, holds, what):
        self.checks += 1
        if not holds:
            self.complain(what)

    def wrote(self):
        """Looks at what a write has changed."""
        for key, item in self._tables.runs().items():
            before = self.items.get(key)
            if item != before:
                self.items[key] = item
                self._changed(read_run(before) if before else None, read_run(item))
                self.changes.append((before, item))
        self.must(self.items.keys() == self._tables.runs().keys(), "a run's row has gone")

    def _changed(self, before, after):
        run_id = str(after.run_id)
        self.runs[run_id] = after
        self.must(after.state.is_terminal == (after.wake_at is None), f"{run_id}: wake_at and {after.state}")
        self.must(
            after.state.is_terminal == (after.ended_at is not None), f"{run_id}: ended_at and {after.state}"
        )
        latest = max(after.not_before, self._clock.now()) + LONGEST_WAKE
        self.must(after.wake_at is None or after.wake_at <= latest, f"{run_id} is looked at too late")
        if before is not None:
            self._moved(before, after)
        if after.state is RunState.RUNNING and (before is None or before.state is not RunState.RUNNING):
            self._started(after)

    def _moved(self, before, after):
        run_id = str(after.run_id)
        same = before.state is after.state
        self.must(
            same or (before.state, after.state) in EDGES, f"{run_id} went {before.state} → {after.state}"
        )
        self.must(not (same and before.state.is_terminal), f"{run_id} was {before.state} and written again")
        self.must(after.attempt >= before.attempt, f"{run_id}: its attempts went back")
        self.must(after.generation == before.generation, f"{run_id} changed its generation")
        if before.state is RunState.RUNNING and not same:
            lost = after.claim_id != before.claim_id
            early = before.lease_until is not None and self._clock.now() < before.lease_until
            answered = after.callback is not None and after.callback.answer is not None
            self.must(
                not (lost and early and not answered), f"{run_id} was taken from its worker within its lease"
            )

    def _started(self, run):
        schedule_id = run.run_id.schedule_id
        since = self.forbidden.get((schedule_id, run.generation))
        first = run.attempt == 1 and run.origin is Origin.FIRE
        since = since or self.taken_away.get(str(run.run_id))
        self.must(not (first and since), f"{run.run_id} started after an answer at {since} that forbade it")
        room = self._scenario.room
        if room is not None and run.origin is Origin.FIRE:
            unfinished = [
                key
                for key, other in self.runs.items()
                if other.run_id.schedule_id == schedule_id and other.attempt and other.state in STARTED
            ]
            self.must(len(unfinished) <= room, f"{', '.join(sorted(unfinished))} are unfinished at once")

    def called(self, call):
        """A target was called."""
        self.calls.append((call.run_id, call.attempt))
        row = self.runs[call.run_id]
        self.must(row.state is RunState.RUNNING, f"{call.run_id} was called while {row.state}")
        self.must(
            row.attempt == call.attempt, f"{call.run_id} was called for an attempt that is not its row's"
        )
        same = self.calls.count((call.run_id, call.attempt))
        self.must(same == 1, f"{call.run_id} attempt {call.attempt} was called {same} times")
        # An attempt that could not read its job has called nothing, and does not count.
        calls = sum(run_id == call.run_id for run_id, _ in self.calls)
        self.must(calls <= self._scenario.max_attempts, f"{call.run_id} was called {calls} times in all")

    def final(self, expected):
        """What holds at the end; `expected` names the runs of fire times and the states each may end in."""
        told = self._tables.awake()
        unfinished = {key for key, run in self.runs.items() if not run.state.is_terminal}
        self.must(not unfinished, f"unfinished at the end: {sorted(unfinished)}")
        self.must(told == unfinished, f"the wake index holds {sorted(told)}")
        fired = {key for key, run in self.runs.items() if run.origin in (Origin.FIRE, Origin.BACKFILL)}
        missing = expected.keys() - fired - self._scenario.may_be_missing()
        self.must(
            not missing and fired <= expected.keys(),
            f"fire times {sorted(fired)}, expected {sorted(expected)}",
        )
        for key in fired & expected.keys():
            state = self.runs[key].state
            self.must(state in expected[key], f"{key} ended {state}, expected one of {sorted(expected[key])}")
        calls = Counter(run_id for run_id, _ in self.calls)
        for key, run in self.runs.items():
            self.must(
                calls[key] <= run.attempt, f"{key} was called {calls[key]} times in {run.attempt} attempts"
            )
            if run.state is RunState.SUCCEEDED:
                self.must(calls[key] >= 1, f"{key} succeeded without a call")
            # What happens below a workflow's top is told by the top's own end.
            if (
                run.state in (RunState.FAILED, RunState.TIMED_OUT, RunState.UNKNOWN)
                and run.origin not in BELOW
            ):
                self.must(self.alerts[key] >= 1, f"{key} ended {run.state} and nobody was told")
        self._only_what_was_done_is_taken_back()
        self._slots_are_free()

    def _only_what_was_done_is_taken_back(self):
        for key in self.runs:
            done, is_undo, _ = key.partition(".undo-")
            if is_undo:
                self.must(
                    self.runs[done].state is RunState.SUCCEEDED, f"{done} was not done and is taken back"
                )

    def _slots_are_free(self):
        held = defaultdict(set)
        for schedule_id, keys in self._tables.slots().items():
            held[schedule_id] |= {key for key in keys if f"{schedule_id}@{key}" not in self.runs}
        self.must(not any(held.values()), f"slots are held by runs without a row: {dict(held)}")
